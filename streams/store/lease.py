"""The right to write a partition, and what Redis says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kpis.contract import layout
from kpis.runtime.errors import Fenced, LostWrites


@dataclass(frozen=True, slots=True)
class Waiting:
    """Dead letters that wait: how many (``letters``), and how many bytes they are (``size``)."""

    letters: int
    size: int

    def __add__(self, other: Waiting) -> Waiting:
        """Both together."""
        return Waiting(self.letters + other.letters, self.size + other.size)


@dataclass(slots=True)
class Lease:
    """The right to write a partition.

    Attributes:
        partition: which.
        epoch: this owner's epoch.
        seq: the sequence number of its last write.
        meta: the partition's meta hash as it was taken.
    """

    partition: int
    epoch: int
    seq: int
    meta: dict[str, str]

    @property
    def waiting(self) -> Waiting:
        """The dead letters that waited when the partition was taken."""
        return Waiting(int(self.meta.get(layout.LETTERS, 0)), int(self.meta.get(layout.LETTERS_BYTES, 0)))


def checked(lease: Lease, answer: Sequence[bytes]) -> str:
    """What a script answered: ``written`` or ``repeated``.

    Raises:
        Fenced, LostWrites: see :meth:`streams.store.store.Store.write`.
    """
    outcome = answer[0].decode()
    if outcome == "fenced":
        raise Fenced(lease.partition, lease.epoch, int(answer[1]))
    if outcome == "lost":
        raise LostWrites(lease.partition, lease.seq, int(answer[1]) if answer[1] else None)
    return outcome
