"""What changed in a partition since it was last read, by what its flushes say of themselves. Pure.

A flush is named by the owner's epoch and a sequence number. One owner writes a sequence number once, so documents
that were read at a flush are those of that flush for ever; and when the flushes after it, one by one, are still in the
stream of changes, the documents they name are all that can have changed. In every other case all are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kpis.contract import layout

_CHANGED = layout.CHANGED.encode()
_DIGITS = 20

Entry = tuple[bytes, Mapping[bytes, bytes]]
"""Id and fields of an entry of the stream of changes."""


class Why(StrEnum):
    """What is to be read of a partition's documents, and why."""

    SAME = "same"
    """Nothing: no flush came since."""
    CHANGED = "changed"
    """Those that the flushes since name."""
    FIRST = "first"
    """All: nothing was read before, or no worker has flushed yet."""
    TAKEN = "taken"
    """All: another owner took the partition, maybe because Redis lost writes."""
    WENT_BACK = "went_back"
    """All: Redis holds an older flush than was read before."""
    MISSED = "missed"
    """All: not every flush since is in the stream of changes any more."""
    TOO_MANY = "too_many"
    """All: a flush changed more than it may name."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A flush: the owner's ``epoch``, and its sequence number; later ones are greater."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"


@dataclass(frozen=True, slots=True)
class Changed:
    """What is to be read: ``series`` if ``why`` is ``CHANGED``."""

    why: Why
    series: frozenset[bytes] = frozenset()

    @property
    def reads_all(self) -> bool:
        """Whether everything must be read."""
        return self.why not in {Why.SAME, Why.CHANGED}


def mark_of(meta: Mapping[bytes, bytes]) -> Mark | None:
    """The last flush, from the meta hash; None when it names none."""
    epoch, seq = meta.get(layout.EPOCH.encode(), b""), meta.get(layout.SEQ.encode(), b"")
    return Mark(int(epoch), int(seq)) if _is_number(epoch) and _is_number(seq) else None


def _is_number(raw: bytes) -> bool:
    return raw.isdigit() and len(raw) < _DIGITS


def since(read: Mark | None, now: Mark | None, entries: Iterable[Entry]) -> Changed:
    """What changed.

    Args:
        read: the flush that the documents held are of; None when none are held.
        now: the last flush.
        entries: what the stream of changes holds after ``read``, up to ``now`` or later.
    """
    if read is None or now is None:
        return Changed(Why.FIRST)
    if now.epoch != read.epoch:
        return Changed(Why.TAKEN)
    if now.seq < read.seq:
        return Changed(Why.WENT_BACK)
    if now.seq == read.seq:
        return Changed(Why.SAME)
    found = dict(entries)
    if len(found) < now.seq - read.seq:
        return Changed(Why.MISSED)
    ids = [str(Mark(now.epoch, seq)).encode() for seq in range(read.seq + 1, now.seq + 1)]
    return _named([found[i] for i in ids]) if found.keys() >= set(ids) else Changed(Why.MISSED)


def _named(flushes: Sequence[Mapping[bytes, bytes]]) -> Changed:
    lists = [fields[_CHANGED] for fields in flushes if _CHANGED in fields]
    if len(lists) < len(flushes):
        return Changed(Why.TOO_MANY)
    return Changed(Why.CHANGED, frozenset(series for names in lists for series in names.split(b"\n") if series))
