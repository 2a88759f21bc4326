"""What the monitor serves: metrics, health, readiness, runbooks and the launch board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from kpis.runtime.clock import monotonic
from kpis.runtime.http.access import Access, AccessPolicy
from kpis.runtime.http.guard import guard
from monitors.alerts.notifiers.slack.presses import PRESSES_PATH, Presses
from monitors.board.asks import Problem
from monitors.board.http.api import answer as as_json
from monitors.board.http.routes import BoardParts, add_board
from monitors.export.exporter import Exporter
from monitors.export.handler import MetricsHandler
from monitors.runbooks import PATH, runbook
from monitors.view import View


def make_app(
    view: Callable[[], View],
    exporter: Exporter,
    ready_s: float,
    board: BoardParts | None = None,
    guards: Sequence[Middleware] = (),
    *,
    presses: Presses | None = None,
) -> web.Application:
    """The web application.

    Args:
        view: answers the current view.
        exporter: makes the metrics.
        ready_s: how many real seconds ago the last read may be.
        board: the launch board at ``/``; None for none.
        guards: what stands before every handler.
        presses: takes buttons that are pressed in Slack; None for none.
    """

    page = MetricsHandler(view, exporter)
    app = web.Application(middlewares=guards)
    app.on_cleanup.append(page.close)
    if board is not None:
        add_board(app, view, board)
    _add_probes(app, view, ready_s)
    app.router.add_get("/metrics", page.answer)
    app.router.add_get(PATH, _read_runbook)
    if presses is not None:
        app.router.add_post(PRESSES_PATH, presses.answer)
        app.on_cleanup.append(presses.close)
    return app


def _add_probes(app: web.Application, view: Callable[[], View], ready_s: float) -> None:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        reason = not_ready(view(), monotonic(), ready_s)
        if reason is None:
            return web.json_response({"status": "ready"})
        return web.json_response({"status": "not ready", "reason": reason}, status=503)

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)


async def _read_runbook(request: web.Request) -> web.Response:
    found = runbook(request.match_info["page"])
    return web.Response(text=found or "There is no runbook of that name.\n", status=404 if found is None else 200)


def not_ready(view: View, now_s: float, ready_s: float) -> str | None:
    """Why the monitor is not ready; None when it is.

    Args:
        view: the current one.
        now_s: :func:`kpis.runtime.clock.monotonic`.
        ready_s: how long ago the last read may be.
    """
    if view.problem:
        return view.problem
    if view.read_at_s is None or now_s - view.read_at_s > ready_s:
        return "the last read of Redis is too long ago"
    return None


def guarded(policy: AccessPolicy, refused: Counter[Access]) -> Middleware:
    """What stands before every handler: refuses in JSON, as the API answers, and counts by reason.

    Args:
        policy: who may read.
        refused: counts requests that were refused.
    """

    def count(access: Access) -> None:
        refused[access] += 1

    # Who presses a button in Slack shows Slack's signature.
    return guard(policy, count, lambda said: as_json(Problem(said), 401), {PRESSES_PATH})
