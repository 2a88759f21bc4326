"""The board over real HTTP: events that resume, readers that are too slow, files that are cached, policies."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from kpis.measures import Row
from kpis.runtime.clock import Clock
from kpis.runtime.errors import Unreachable
from monitors.board.board import Board, BoardPolicy
from monitors.board.http import hub
from monitors.board.http.api import Reads
from monitors.board.http.hub import Hub
from monitors.board.http.routes import HEADERS, BoardParts
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.goals.parents.scope import Scope
from monitors.goals.values import Campaign, Flight
from monitors.pacing.verdict import Status
from monitors.read.breakdowns import Windows
from monitors.read.queries import Query
from monitors.view import View
from monitors.web import make_app
from tests.kit.monitor_fakes import DAY, MIDNIGHT, row, until
from tests.unit.monitors.board.test_board import SPEND, judged, view

GOALLESS = {"a": 1, "odd/../id?&": 2}


@dataclass
class Served:
    """A board that is served, and the view it looks at."""

    url: str
    session: aiohttp.ClientSession
    view: View
    board: Board
    sums: dict[str, Row] = field(default_factory=dict)
    quarters: dict[int, Row] = field(default_factory=dict)
    looks: list[Query] = field(default_factory=list)

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Status and JSON."""
        async with self.session.get(self.url + path, headers=headers) as response:
            return response.status, await response.json()


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    async def history(query: Query) -> dict[int, Row]:
        made.looks.append(query)
        if not made.quarters:
            raise Unreachable("Redis", "nowhere", "a test")
        return made.quarters

    async def breakdowns(_: str) -> dict[str, Windows]:
        raise Unreachable("Redis", "nowhere", "a test")

    async def sums(queries: Iterable[Query]) -> dict[Query, Row]:
        if not made.sums:
            raise Unreachable("Redis", "nowhere", "a test")
        return {query: made.sums[query.series] for query in queries}

    board = Board("run", BoardPolicy())
    async with aiohttp.ClientSession() as session:
        made = Served("", session, view(judged("late", Status.CRITICAL), spends=GOALLESS), board)
        parts = BoardParts(board, Reads(history, breakdowns, sums), Clock())
        app = make_app(lambda: made.view, Exporter(ExportPolicy()), 5, parts)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            await until(lambda: bool(board.feed.rows))
            yield made
        finally:
            await runner.cleanup()


def running(test: Callable[[Served], Awaitable[None]]) -> Callable[[], None]:
    """Run a test coroutine on a board that is served."""

    async def run() -> None:
        async with served() as made, asyncio.timeout(60):
            await test(made)

    def called() -> None:
        asyncio.run(run())

    called.__doc__, called.__name__ = test.__doc__, getattr(test, "__name__", "test")
    return called


async def event(stream: aiohttp.ClientResponse) -> dict[str, str]:
    """The next event: its fields."""
    fields: dict[str, str] = {}
    while (line := (await stream.content.readline()).decode().rstrip("\n")) or "event" not in fields:
        name, _, value = line.partition(": ")
        fields[name] = value
    return fields


@running
async def test_events_go_on_from_the_last_id(made: Served) -> None:
    _, first = await made.get("/api/campaigns")
    made.view = view(judged("late", Status.WARNING), spends=GOALLESS)
    await until(lambda: made.board.feed.id != first["id"])
    async with made.session.get(f"{made.url}/api/events", headers={"Last-Event-ID": first["id"]}) as stream:
        assert stream.content_type == "text/event-stream"
        missed = await event(stream)
        assert (missed["event"], missed["id"]) == ("update", made.board.feed.id)
        assert '"id":"late"' in missed["data"]
        assert '"id":"a"' not in missed["data"], "only what changed"
        made.view = view(judged("late", Status.WARNING), spends={"a": 2})
        while '"gone":["odd/../id?&"]' not in (await event(stream))["data"]:
            pass


@running
async def test_an_unknown_id_means_load_again(made: Served) -> None:
    async with made.session.get(f"{made.url}/api/events?since=other-7") as stream:
        assert (await event(stream))["event"] == "reset"


def test_a_reader_that_does_not_read_is_cut_off_and_the_others_are_not() -> None:
    async def run() -> None:
        shared = Hub()
        app = web.Application()

        async def listen(request: web.Request) -> web.StreamResponse:
            return await shared.listen(request, b"data: first\n\n")

        app.router.add_get("/", listen)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        loop = asyncio.get_running_loop()
        with socket.socket() as slow:
            slow.setblocking(False)
            await loop.sock_connect(slow, (host, port))
            await loop.sock_sendall(slow, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: shared.clients == 1)
            async with aiohttp.ClientSession() as session, session.get(f"http://{host}:{port}/") as quick:
                big = b"data: " + b"x" * (1 << 18) + b"\n\n"
                sent = 0
                while shared.clients == 2:
                    assert sent < 400, "the slow one is never cut off"
                    shared.publish(big)
                    sent += 1
                    await quick.content.readexactly(len(big))
                assert shared.clients == 1
                shared.publish(b"data: last\n\n")
                while await quick.content.readline() != b"data: last\n":
                    pass
        shared.close()
        await runner.cleanup()

    asyncio.run(asyncio.wait_for(run(), 60))


@running
async def test_more_listeners_than_there_is_room_for_are_told_when_to_come_back(made: Served) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub, "MAX_CLIENTS", 0)
        async with made.session.get(f"{made.url}/api/events") as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "10")


@running
async def test_every_answer_carries_the_policies(made: Served) -> None:
    for path in (
        "/",
        "/campaign?id=late",
        "/campaign?id=none",
        "/api/campaigns",
        "/static/list.js",
        "/metrics",
        "/none",
    ):
        async with made.session.get(made.url + path) as response:
            assert {name: response.headers.get(name) for name in HEADERS} == HEADERS, path
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


@running
async def test_a_static_file_that_is_known_is_not_sent_again(made: Served) -> None:
    async with made.session.get(f"{made.url}/static/board.css") as first:
        tag = first.headers["ETag"]
        assert await first.text()
    async with made.session.get(f"{made.url}/static/board.css", headers={"If-None-Match": tag}) as again:
        assert (again.status, await again.read()) == (304, b"")


@running
async def test_a_campaign_is_found_by_any_id_and_one_that_is_not_there_is_a_json_error(made: Served) -> None:
    for path in ("/api/campaigns/odd%2F..%2Fid%3F%26", "/api/campaign?id=odd%2F..%2Fid%3F%26"):
        async with made.session.get(URL(made.url + path, encoded=True)) as response:
            assert (response.status, (await response.json())["campaign"]["id"]) == (200, "odd/../id?&")
    status, problem = await made.get("/api/campaigns/none")
    assert (status, list(problem)) == (404, ["error"])


@running
async def test_while_history_cannot_be_read_the_rest_of_a_campaign_is_shown(made: Served) -> None:
    status, found = await made.get("/api/campaigns/late")
    assert (status, found["lines"], found["campaign"]["status"]) == (200, [], "critical")


TOGETHER = Campaign(
    "account=A/b", "Account A/b", Flight(MIDNIGHT, MIDNIGHT + DAY, "UTC"), (SPEND,), "A/b", scope=Scope.ACCOUNT,
    members=("late", "%2E"),
)  # fmt: skip


@running
async def test_an_accounts_page_is_answered_whatever_its_name_and_says_what_each_campaign_adds(made: Served) -> None:
    one = judged("late", Status.WARNING)
    made.view = replace(view(one, replace(one, campaign=TOGETHER), spends=GOALLESS), campaigns=(one.campaign,))
    await until(lambda: "account=A/b" in made.board.feed.rows)
    for path in ("/api/campaigns/account%3DA%2Fb", "/api/campaign?id=account%3DA%2Fb"):
        status, found = await made.get(path)
        assert (status, found["campaign"]["scope"], found["campaign"]["members"]) == (200, "account", 2)
        assert found["members"] == [], "Redis is away"
    made.sums = {"late": row(spend=300_000_000), "%2E": row(spend=100_000_000)}
    _, found = await made.get("/api/campaign?id=account%3DA%2Fb")
    assert [(m["id"], m["name"], m["status"]) for m in found["members"]] == [
        ("late", "Late", "warning"),
        (".", ".", None),
    ]
    assert [m["goals"][0]["share"] for m in found["members"]] == [0.75, 0.25]
    assert [m["goals"][0]["target_share"] for m in found["members"]] == [1.0, None]
    made.sums = {}
    _, again = await made.get("/api/campaign?id=late")
    assert again["members"] == []


@running
async def test_trends_are_read_once_for_all_who_look_and_never_while_redis_is_away(made: Served) -> None:
    _, away = await made.get("/api/campaign/trends?id=late")
    assert (away["says"], away["series"]) == ("History cannot be read now.", [])
    made.quarters = {MIDNIGHT: row(1000, 20)}
    before = len(made.looks)
    answers = await asyncio.gather(*(made.get("/api/campaign/trends?id=late") for _ in range(5)))
    assert len(made.looks) == before + 1, "what could not be read is not remembered, what was read is"
    assert {status for status, _ in answers} == {200}
    assert answers[0][1]["series"][0]["values"][0] == 0.02
    made.view, at = view(judged("late", Status.WARNING, 499_000_000), spends=GOALLESS), made.board.feed.id
    await until(lambda: made.board.feed.id != at)
    await made.get("/api/campaign/trends?id=late")
    assert len(made.looks) == before + 1, "another look of the monitor is no reason to read again"
    await made.get("/api/campaign/trends?id=late&range=all")
    assert len(made.looks) == before + 2


@running
async def test_files_of_others_are_served_as_our_own_and_nothing_else_of_their_folder(made: Served) -> None:
    for name, kind in (("uPlot.iife.min.js", "text/javascript"), ("uPlot.min.css", "text/css")):
        async with made.session.get(f"{made.url}/static/vendor/{name}") as reply:
            assert (reply.status, reply.content_type) == (200, kind)
            assert reply.headers["Content-Security-Policy"]
    async with made.session.get(f"{made.url}/static/vendor/VENDORED.md") as reply:
        assert reply.status == 404
