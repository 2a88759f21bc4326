"""Which event ids were counted already.

Ids are remembered by 8-byte digest, in the hour in which they arrived (the worker's clock, not the event's time: a
resent file of last week is caught too), for ``hours`` hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streams.layout import HOUR_MS
from streams.measures import Stream


class Seen:
    """The remembered ids of one partition."""

    def __init__(self, hours: int) -> None:
        self._hours = hours
        self._known: dict[Stream, set[bytes]] = {s: set() for s in Stream}
        self._by_hour: dict[tuple[Stream, int], list[bytes]] = {}
        self._new: dict[tuple[Stream, int], list[bytes]] = {}

    def admit(self, stream: Stream, digests: Sequence[bytes], now_ms: int) -> list[bool]:
        """Whether each id is new; the new ones are remembered."""
        known = self._known[stream]
        fresh: list[bytes] = []
        verdicts: list[bool] = []
        for d in digests:
            new = d not in known
            verdicts.append(new)
            if new:
                known.add(d)
                fresh.append(d)
        if fresh:
            hour = (stream, now_ms // HOUR_MS)
            self._by_hour.setdefault(hour, []).extend(fresh)
            self._new.setdefault(hour, []).extend(fresh)
        return verdicts

    def forget(self, now_ms: int) -> None:
        """Drop the hours that are past remembering."""
        oldest = now_ms // HOUR_MS - self._hours
        for hour in [h for h in self._by_hour if h[1] < oldest]:
            self._known[hour[0]].difference_update(self._by_hour.pop(hour))

    def take_new(self) -> dict[tuple[Stream, int], list[bytes]]:
        """What was remembered since the last call: (stream, hour) to digests."""
        new, self._new = self._new, {}
        return new

    def restore(self, stream: Stream, hour: int, digests: Iterable[bytes]) -> None:
        """Put back one hour that was read from Redis."""
        kept = list(digests)
        self._known[stream].update(kept)
        self._by_hour.setdefault((stream, hour), []).extend(kept)

    def hours(self, now_ms: int) -> range:
        """The hours that may still hold remembered ids."""
        hour = now_ms // HOUR_MS
        return range(hour - self._hours, hour + 1)
