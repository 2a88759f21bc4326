"""Which event ids were counted already.

Ids are remembered by 8-byte digest, in the hour in which they arrived (the worker's clock, not the event's time: a
resent file of last week is caught too), for ``hours`` hours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, compress

import numpy as np

from kpis.arrays import Mask
from kpis.measures import Stream
from kpis.times import HOUR_MS
from streams.events.decode import Batch
from streams.state.sorted_ids import LABELS, Ids, SortedIds

_DIGEST = 8


class Deduplicator:
    """The remembered ids of one partition."""

    def __init__(self, hours: int) -> None:
        self._hours = hours
        self._known = {s: SortedIds() for s in Stream}
        self._held: dict[Stream, set[int]] = {s: set() for s in Stream}
        self._new: dict[tuple[Stream, int], list[bytes]] = {}

    def accept(self, stream: Stream, digests: Sequence[bytes], now_ms: int) -> Mask:
        """Which ids are new, the first of equal ones; the new ones are remembered."""
        hour = now_ms // HOUR_MS
        new = self._remember(stream, hour, digests)
        if new.any():
            self._new.setdefault((stream, hour), []).extend(compress(digests, new.tolist()))
        return new

    def first(self, batch: Batch, replays: Mapping[int, bytes], dedupe: Collection[Stream], now_ms: int) -> Mask | None:
        """Which events of a batch are no repeats, which are remembered; None when none can be one.

        Args: as :func:`ids_of` takes them; ``now_ms`` is the worker's clock.
        """
        keep: Mask | None = None
        if batch.stream in dedupe:
            keep = self.accept(batch.stream, batch.digests, now_ms)
        if replays:
            keep = np.ones(len(batch.times), np.bool_) if keep is None else keep
            keep[list(replays)] &= self.accept(batch.stream, [*replays.values()], now_ms)
        return keep

    def known(self, stream: Stream, ids: Iterable[tuple[bytes, ...]]) -> Iterator[bytes]:
        """Which ids were admitted before; nothing is remembered."""
        digests = [*chain.from_iterable(ids)]
        return compress(digests, self._known[stream].holds(_ids(digests)).tolist())

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


def ids_of(batch: Batch, replays: Mapping[int, bytes], dedupe: Collection[Stream]) -> list[tuple[bytes, ...]]:
    """What each event of a batch counts once by; empty when none of them is compared with others.

    Args:
        batch: decoded.
        replays: digests of the records that were sent again, by their place in the batch.
        dedupe: streams whose event ids count once.
    """
    if batch.stream not in dedupe and not replays:
        return []
    ids: list[tuple[bytes, ...]] = [*zip(batch.digests)] if batch.stream in dedupe else [()] * len(batch.times)
    for place, digest in replays.items():
        ids[place] += (digest,)
    return ids


def _ids(digests: Collection[bytes]) -> Ids:
    joined = b"".join(digests)
    if len(joined) != _DIGEST * len(digests):
        raise ValueError(f"{len(digests)} digests have {len(joined)} bytes, not {_DIGEST} each")
    return np.frombuffer(joined, np.uint64)


def _label(hour: int) -> int:
    # Hours with the same label are seven years apart, and an hour is remembered for 40 days at most.
    return hour % LABELS
