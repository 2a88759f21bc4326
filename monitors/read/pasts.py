"""The pasts of all campaigns with goals: read once, then brought up to date each hour from what is read anyway."""

from __future__ import annotations

from collections.abc import Iterable

from kpis.times import DAY_MS, HOUR_MS
from monitors.read.history import History
from monitors.read.past import HOURS, KEPT_HOURS, Past, joined, nothing_yet
from monitors.read.queries import Query, ToDate

AT_ONCE = 50
"""Pasts brought up to date at one look, when an hour is over: all at once would hold up everything else for seconds."""

_Whose = tuple[str, tuple[str, ...]]


class Pasts:
    """Holds them.

    Args:
        history: where they are read.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._left = AT_ONCE
        self._held: dict[_Whose, Past] = {}
        self._of = history.format.now

    async def load(self, partitions: int, queries: Iterable[Query], now_ms: int) -> None:
        """Read those that are not held, and let go of all others.

        Args:
            partitions: how many there are.
            queries: of what pasts are wanted; their times do not matter.
            now_ms: the clock.

        Raises:
            Unreachable: Redis does not answer.
        """
        wanted, self._left = {_whose(query) for query in queries}, AT_ONCE
        if self._of is not self._history.format.now:
            # What is held has other columns than what is read now.
            self._of, self._held = self._history.format.now, {}
        self._held = {name: past for name, past in self._held.items() if name in wanted}
        today = now_ms - now_ms % DAY_MS
        since = today - KEPT_HOURS // HOURS * DAY_MS
        unread = [Query(name, since, now_ms + 1, members) for name, members in sorted(wanted - self._held.keys())]
        # Some at a time: as quarter hours two weeks of a campaign are four times as large as what is kept.
        for step in range(0, len(unread), AT_ONCE):
            for query, quarters in (await self._history.days(partitions, unread[step : step + AT_ONCE])).items():
                self._held[_whose(query)] = joined(nothing_yet(since, self._of.width), since, quarters, now_ms)

    def at(self, query: Query, found: ToDate, at_ms: int) -> Past:
        """The past of what a query is of, at a watermark.

        Where what is held ends before what was just read begins, as after days without Redis, the hours between are not
        known: this look has what was read, and the next :meth:`load` reads all of it anew.

        Args:
            query: one of what was loaded.
            found: what was just read of it.
            at_ms: the watermark.
        """
        whose = _whose(query)
        past = self._held.get(whose)
        end = at_ms - at_ms % HOUR_MS
        if past is None or past.end_ms < min(found.recent_ms, end):
            self._held.pop(whose, None)
            return joined(nothing_yet(at_ms, found.recent.shape[1]), found.recent_ms, found.recent, end)
        if past.end_ms != end and self._is_due(end - past.end_ms):
            past = joined(past, found.recent_ms, found.recent, end)
            self._held[whose] = past
        return past

    def _is_due(self, late_ms: int) -> bool:
        """Whether a past that ended an hour ago is brought up to date at this look, or at one of the next."""
        self._left -= 1
        return late_ms != HOUR_MS or self._left >= 0


def _whose(query: Query) -> _Whose:
    """A parent whose members are others has another past."""
    return query.series, query.members
