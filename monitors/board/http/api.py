"""The JSON API: what is read; every answer a type of :mod:`monitors.board.shapes`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from kpis.catalogue import CORE, Catalogue
from kpis.measures import Row
from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Recoverable
from kpis.series import of_shown, split
from monitors.alerts.interventions import Deed
from monitors.board.asks import Problem
from monitors.board.board import Board, encoded
from monitors.board.campaign_page.campaign_story import story
from monitors.board.campaign_page.detail import detail, history_of
from monitors.board.campaign_page.detail_shapes import MemberNow
from monitors.board.campaign_page.members import Roll, members, roll_of
from monitors.board.campaign_page.trend_shapes import CampaignTrends, TrendRange
from monitors.board.campaign_page.trends import trend_query, trends
from monitors.board.experiment_rows import experiments_now
from monitors.board.http.hub import Hub, message
from monitors.board.overview.alert_log import alerts_now
from monitors.board.scope_board import scope_detail, scopes_now
from monitors.board.shapes import CampaignNow, Changes
from monitors.read.breakdowns import Windows
from monitors.read.queries import Query

_READS = 4
"""Campaign pages that read Redis at a time: the monitor's own reads come first."""
_REST = 20
"""For how many times as long as reading them took members are not read again."""
_LEAST_S, _MOST_S = 5.0, 60.0
"""For so many seconds a campaign's trends are not read again at the least, and at the most."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reads:
    """What is read of Redis when somebody looks; each raises Recoverable when it cannot.

    Attributes:
        history: the quarter hours of a query.
        breakdowns: the windows of a campaign's breakdowns.
        sums: what came of each of some queries.
        catalogue: what the rows are of that are read now.
        told: the last messages, oldest first; None where none are kept.
        deeds: what people did of late, oldest first; None where none is kept.
    """

    history: Callable[[Query], Awaitable[Mapping[int, Row]]]
    breakdowns: Callable[[str], Awaitable[Mapping[str, Windows]]]
    sums: Callable[[Iterable[Query]], Awaitable[Mapping[Query, Row]]]
    catalogue: Callable[[], Catalogue] = lambda: CORE
    told: Callable[[], Awaitable[list[bytes]]] | None = None
    deeds: Callable[[], Awaitable[list[Deed]]] | None = None


class Api:
    """The handlers.

    Args:
        board: what is shown.
        hub: who listens.
        redis: reads what is not held.
        can_act: whether whoever reads may acknowledge and mute.
    """

    def __init__(self, board: Board, hub: Hub, redis: Reads, *, can_act: bool = False) -> None:
        self._board = board
        self._hub = hub
        self._redis = redis
        self._can_act = can_act
        self._reads = asyncio.Semaphore(_READS)
        self._members = _Members(board, redis)
        self._trends = _Trends(board, redis)

    async def campaigns(self, _: web.Request) -> web.Response:
        """The board."""
        return answer(self._board.campaigns())

    async def campaign(self, request: web.Request) -> web.Response:
        """One campaign, named in the path or by ``?id=``."""
        name = request.match_info.get("id", request.query.get("id", ""))
        row = self._board.feed.rows.get(name)
        if row is None:
            return _unknown(name)
        read_as = self._redis.catalogue()
        query = history_of(self._board, row, self._board.summary.now_ms)
        async with self._reads:
            quarters = await _or_none(self._redis.history(query)) if query is not None else None
            breakdowns = {} if row.members else await _or_none(self._redis.breakdowns(split(of_shown(row.id))[0]))
        its = await self._members.of(row) if query is not None else ()
        if not read_as is self._redis.catalogue() is self._board.every.catalogue:
            # The catalogue is being changed: what was read has other columns than what is shown.
            quarters, breakdowns, its = None, None, ()
        told = await _or_none(self._redis.told()) if self._redis.told else []
        found = story(self._board, row, quarters, told)
        return answer(detail(self._board, row, quarters or {}, breakdowns, its, story=found, can_act=self._can_act))

    async def trends(self, request: web.Request) -> web.Response:
        """One campaign's KPIs over time, named by ``?id=``; ``?range=`` says how far back."""
        row = self._board.feed.rows.get(request.query.get("id", ""))
        if row is None:
            return _unknown(request.query.get("id", ""))
        try:
            asked = TrendRange(request.query["range"]) if "range" in request.query else None
        except ValueError:
            return answer(Problem(f"range is one of {', '.join(TrendRange)}"), 400)
        return answer(await self._trends.of(row, asked))

    async def scopes(self, _: web.Request) -> web.Response:
        """What the portfolio, accounts, channels, ... have together."""
        return answer(scopes_now(self._board))

    async def scope(self, request: web.Request) -> web.Response:
        """One of them, named by ``?id=``."""
        name = request.query.get("id", "")
        found = scope_detail(self._board, name)
        return answer(found) if found else answer(Problem(f"there is no scope {name[:200]!r}"), 404)

    async def changes(self, _: web.Request) -> web.Response:
        """Recent status changes."""
        return answer(Changes(self._board.view.changes.newest()))

    async def alerts(self, request: web.Request) -> web.Response:
        """What was told and what people did about it, of all or of the campaign ``?campaign=``."""
        told = await _or_none(self._redis.told()) if self._redis.told else []
        done = await _or_none(self._redis.deeds()) if self._redis.deeds else []
        now_ms, one = self._board.summary.now_ms, request.query.get("campaign", "")
        known = told if done is not None else None
        found = alerts_now(self._board.view, now_ms, known, done or (), can_act=self._can_act, campaign=one)
        return answer(found)

    async def experiments(self, _: web.Request) -> web.Response:
        """All experiments."""
        return answer(experiments_now(self._board.view))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: ``update`` with what is new, or ``reset`` when the client must load the board again."""
        if self._hub.is_full:
            full = answer(Problem("too many clients listen"), 503)
            full.headers[hdrs.RETRY_AFTER] = "10"
            return full
        sent = request.headers.get("Last-Event-ID") or request.query.get("since", "")
        missed = self._board.missed(sent)
        at = self._board.feed.id
        first = message("reset", b"{}", at) if missed is None else message("update", encoded(missed), at)
        return await self._hub.listen(request, first)


class _Members:
    """What the members of a parent add to it, as it was read a moment ago: of a thousand campaigns that takes a while.

    Args:
        board: what is shown.
        redis: reads what is not held.
    """

    def __init__(self, board: Board, redis: Reads) -> None:
        self._board = board
        self._redis = redis
        self._one_at_a_time = asyncio.Lock()
        self._held: dict[str, tuple[float, Roll, tuple[MemberNow, ...]]] = {}

    async def of(self, row: CampaignNow) -> tuple[MemberNow, ...]:
        """Those of a row; none of a campaign, and while Redis is away."""
        async with self._one_at_a_time:
            roll, began_s = roll_of(self._board, row), monotonic()
            if roll is None:
                return ()
            until_s, held, found = self._held.get(row.id, (began_s, None, ()))
            if held is not None and held.parent == roll.parent and began_s < until_s:
                return found
            sums = await _or_none(self._redis.sums(roll.queries))
            if sums is None:
                return ()
            self._held = {name: one for name, one in self._held.items() if name in self._board.feed.rows}
            found, took_s = members(self._board, roll, sums), monotonic() - began_s
            self._held[row.id] = (began_s + _REST * took_s, roll, found)
            return found


class _Trends:
    """Campaigns' KPIs over time, as they were read a moment ago, and one at a time: however many look.

    Args:
        board: what is shown.
        redis: reads what is not held.
    """

    def __init__(self, board: Board, redis: Reads) -> None:
        self._board = board
        self._redis = redis
        self._one_at_a_time = asyncio.Lock()
        self._held: dict[tuple[str, TrendRange], tuple[float, str, CampaignTrends]] = {}

    async def of(self, row: CampaignNow, asked: TrendRange | None) -> CampaignTrends:
        """Those of a row."""
        async with self._one_at_a_time:
            now_s, read_as = monotonic(), self._redis.catalogue()
            wanted = trend_query(self._board, row, asked)
            place = row.id, wanted.range
            # Another goals file or catalogue has other lines; what is judged anew has not.
            mark = f"{self._board.mark} {sorted((goal.id, goal.target) for goal in row.goals)}"
            self._held = {name: one for name, one in self._held.items() if one[0] > now_s}
            if place in self._held and self._held[place][1] == mark:
                return self._held[place][2]
            quarters = await _or_none(self._redis.history(wanted.query)) if wanted.query is not None else None
            if read_as is not self._redis.catalogue():
                # The catalogue is being changed: what was read has other columns.
                quarters = None
            found, rest_s = trends(self._board, row, wanted, quarters, read_as), _REST * (monotonic() - now_s)
            if quarters is not None:
                self._held[place] = (now_s + min(max(rest_s, _LEAST_S), _MOST_S), mark, found)
            return found


def _unknown(name: str) -> web.Response:
    return answer(Problem(f"there is no campaign {name[:200]!r} on the board"), 404)


async def _or_none(read: Awaitable[T]) -> T | None:
    """What was read; None while Redis is away: what is in memory is still worth seeing, and the summary says so."""
    try:
        return await read
    except Recoverable:
        return None


def answer(value: msgspec.Struct, status: int = 200) -> web.Response:
    """A JSON answer, compressed where the client takes that."""
    response = web.Response(
        body=encoded(value), status=status, content_type="application/json", headers={hdrs.CACHE_CONTROL: "no-store"}
    )
    response.enable_compression()
    return response
