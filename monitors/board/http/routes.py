"""The board on the monitor's web application: routes, headers, static files, and the task that keeps it up to date."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from aiohttp import hdrs, web

from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Recoverable
from monitors.board.board import Board, encoded
from monitors.board.http import openapi, pages, scope_pages
from monitors.board.http.actions import Actions
from monitors.board.http.api import Api, Reads
from monitors.board.http.hub import Hub, message
from monitors.board.overview.today import Today
from monitors.board.scope_board import scope_detail, scopes_now
from monitors.view import View

TICK_S = 0.1
"""How often the board looks for a new view; there is one after each read of the monitor."""
BEAT_S = 1.0
"""How often clients hear something even when no row changed: the age of the numbers did."""
_REST = 9
"""For how many times as long as reading some of today's spend took none is read."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class BoardParts:
    """What the board is made of: its state, what it reads of Redis, the deployment's clock, and what people may do."""

    board: Board
    redis: Reads
    clock: Clock
    actions: Actions | None = None


def add_board(app: web.Application, view: Callable[[], View], parts: BoardParts) -> None:
    """Add the board to an application."""
    hub = Hub()
    can_act = parts.actions is not None and parts.actions.are_open
    _add_pages(app, parts.board, can_act=can_act)
    _add_api(app, Api(parts.board, hub, parts.redis, can_act=can_act))
    if parts.actions is not None:
        app.router.add_post("/api/alerts/acknowledge", parts.actions.acknowledge)
        app.router.add_post("/api/alerts/unacknowledge", parts.actions.unacknowledge)
        app.router.add_post("/api/alerts/mute", parts.actions.mute)
        app.router.add_post("/api/alerts/unmute", parts.actions.unmute)
    _add_static(app)

    async def running(_: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_keep_up(view, parts, hub)), asyncio.create_task(_add_up(view, parts))]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def farewell(_: web.Application) -> None:
        hub.close()

    app.cleanup_ctx.append(running)
    app.on_shutdown.append(farewell)
    app.on_response_prepare.append(_secure)


def _add_pages(app: web.Application, board: Board, *, can_act: bool) -> None:
    async def index(_: web.Request) -> web.Response:
        return _html(pages.board_page(board, can_act=can_act))

    async def campaign(request: web.Request) -> web.Response:
        row = board.feed.rows.get(request.query.get("id", ""))
        return _html(pages.campaign_page(board, row), 200 if row else 404)

    async def docs(_: web.Request) -> web.Response:
        return _html(pages.docs_page())

    async def experiments(_: web.Request) -> web.Response:
        return _html(pages.experiments_page(board))

    async def scopes(_: web.Request) -> web.Response:
        return _html(scope_pages.scopes_page(board, scopes_now(board)))

    async def scope(request: web.Request) -> web.Response:
        found = scope_detail(board, request.query.get("id", ""))
        return _html(scope_pages.scope_page(board, found), 200 if found else 404)

    app.router.add_get("/", index)
    app.router.add_get("/experiments", experiments)
    app.router.add_get("/campaign", campaign)
    app.router.add_get("/scopes", scopes)
    app.router.add_get("/scope", scope)
    app.router.add_get("/api/docs", docs)


def _add_api(app: web.Application, api: Api) -> None:
    async def described(_: web.Request) -> web.Response:
        return web.Response(body=openapi.document(), content_type="application/json")

    app.router.add_get("/api/openapi.json", described)
    app.router.add_get("/api/campaigns", api.campaigns)
    app.router.add_get("/api/campaigns/{id:.+}", api.campaign)
    app.router.add_get("/api/campaign", api.campaign)
    app.router.add_get("/api/campaign/trends", api.trends)
    app.router.add_get("/api/scopes", api.scopes)
    app.router.add_get("/api/scope", api.scope)
    app.router.add_get("/api/changes", api.changes)
    app.router.add_get("/api/alerts", api.alerts)
    app.router.add_get("/api/experiments", api.experiments)
    app.router.add_get("/api/events", api.events)


async def _keep_up(view: Callable[[], View], parts: BoardParts, hub: Hub) -> None:
    """Bring the board up to date, whenever there is a new view; apart from reading and judging, which never wait."""
    board, last, beat_s = parts.board, None, 0.0
    while True:
        now_s = monotonic()
        if (current := view()) is not last or now_s >= beat_s:
            last = current
            update = board.update(current, parts.clock.now_ms(), now_s)
            if update.campaigns or update.gone or update.changes or now_s >= beat_s:
                beat_s = now_s + BEAT_S
                hub.publish(message("update", encoded(update), board.feed.id))
        await asyncio.sleep(TICK_S)


async def _add_up(view: Callable[[], View], parts: BoardParts) -> None:
    """Keep up what all spent today: a little at a time, and never more than a tenth of it all."""
    today = Today(parts.redis.sums)
    while True:
        began_s, is_more = monotonic(), False
        # Redis is away, or holds nothing yet: the rest of the board says so.
        with suppress(Recoverable):
            is_more = await today.read(view(), parts.clock.now_ms())
        parts.board.today = today.found
        await asyncio.sleep(max(TICK_S if is_more else BEAT_S, _REST * (monotonic() - began_s)))


async def _secure(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _html(text: str, status: int = 200) -> web.Response:
    response = web.Response(
        text=text, status=status, content_type="text/html", headers={hdrs.CACHE_CONTROL: "no-store"}
    )
    response.enable_compression()
    return response


def _add_static(app: web.Application) -> None:
    """Serve the package's own files, each with an ETag: an update of Pacewatch shows at the next load."""
    static = files("monitors.board").joinpath("static")
    for path, folder in (("/static", static), ("/static/vendor", static.joinpath("vendor"))):
        for file in folder.iterdir():
            kind = _TYPES.get(file.name.rpartition(".")[2])
            if kind is not None:
                app.router.add_get(f"{path}/{file.name}", _static(file.read_bytes(), kind))


def _static(body: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    tag = sha256(body).hexdigest()[:16]

    async def serve(request: web.Request) -> web.Response:
        held = {one.value for one in request.if_none_match or ()}
        is_known = tag in held
        response = web.Response(status=304) if is_known else web.Response(body=body, content_type=kind, charset="utf-8")
        response.etag = tag
        response.headers[hdrs.CACHE_CONTROL] = "no-cache"
        if not is_known:
            response.enable_compression()
        return response

    return serve
