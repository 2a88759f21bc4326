"""Which event ids were counted already.

Ids are remembered by 8-byte digest, in the hour in which they arrived (the worker's clock, not the event's time: a
resent file of last week is caught too), for ``hours`` hours.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress

import numpy as np

from streams.idtable import LABELS, Ids, IdTable, Mask
from streams.layout import HOUR_MS
from streams.measures import Stream

_DIGEST = 8


class Seen:
    """The remembered ids of one partition."""

    def __init__(self, hours: int) -> None:
        self._hours = hours
        self._known = {s: IdTable() for s in Stream}
        self._held: dict[Stream, set[int]] = {s: set() for s in Stream}
        self._new: dict[tuple[Stream, int], list[bytes]] = {}

    def admit(self, stream: Stream, digests: Sequence[bytes], now_ms: int) -> Mask:
        """Which ids are new, the first of equal ones; the new ones are remembered."""
        hour = now_ms // HOUR_MS
        new = self._remember(stream, hour, digests)
        if new.any():
            self._new.setdefault((stream, hour), []).extend(compress(digests, new.tolist()))
        return new

    def knows(self, stream: Stream, digests: Sequence[bytes]) -> Mask:
        """Which ids were admitted before; nothing is remembered."""
        return self._known[stream].holds(_ids(digests))

    def forget(self, now_ms: int) -> None:
        """Drop the hours that are past remembering."""
        oldest = now_ms // HOUR_MS - self._hours
        for stream, held in self._held.items():
            past = {h for h in held if h < oldest}
            if past:
                self._known[stream].drop({_label(h) for h in past})
                held.difference_update(past)

    def take_new(self) -> dict[tuple[Stream, int], list[bytes]]:
        """What was remembered since the last call: (stream, hour) to digests."""
        new, self._new = self._new, {}
        return new

    def restore(self, stream: Stream, hour: int, digests: Collection[bytes]) -> None:
        """Put back one hour that was read from Redis.

        Raises:
            ValueError: the digests are not of 8 bytes.
        """
        self._remember(stream, hour, digests)

    def hours(self, now_ms: int) -> range:
        """The hours that may still hold remembered ids."""
        hour = now_ms // HOUR_MS
        return range(hour - self._hours, hour + 1)

    def _remember(self, stream: Stream, hour: int, digests: Collection[bytes]) -> Mask:
        new = self._known[stream].add(_ids(digests), _label(hour))
        if new.any():
            self._held[stream].add(hour)
        return new


def _ids(digests: Collection[bytes]) -> Ids:
    joined = b"".join(digests)
    if len(joined) != _DIGEST * len(digests):
        raise ValueError(f"{len(digests)} digests have {len(joined)} bytes, not {_DIGEST} each")
    return np.frombuffer(joined, np.uint64)


def _label(hour: int) -> int:
    # Hours with the same label are seven years apart, and an hour is remembered for 40 days at most.
    return hour % LABELS
