"""What the monitor serves: metrics, health, readiness, runbooks and the launch board."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from aiohttp import web
from aiohttp.typedefs import Middleware

from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.http.access import Access, AccessPolicy
from kpis.runtime.http.guard import guard
from monitors.alerts.notifiers.slack.presses import PRESSES_PATH, Presses
from monitors.board.asks import Problem
from monitors.board.http.api import answer as as_json
from monitors.board.http.routes import BoardParts, add_board
from monitors.board.overview.freshness import FreshnessPolicy, health_of
from monitors.board.overview.notices import streams
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
    policy = FreshnessPolicy() if board is None else board.board.policy.freshness
    _add_probes(app, view, replace(policy, unread_s=ready_s), Clock() if board is None else board.clock)
    app.router.add_get("/metrics", page.answer)
    app.router.add_get(PATH, _read_runbook)
    if presses is not None:
        app.router.add_post(PRESSES_PATH, presses.answer)
        app.on_cleanup.append(presses.close)
    return app


def _add_probes(app: web.Application, view: Callable[[], View], policy: FreshnessPolicy, clock: Clock) -> None:
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        # What the board's head says, of this moment: the board itself may be half a second behind.
        known, now_ms = view(), clock.now_ms()
        late = streams(known.snapshot, policy.max_lag_ms) if known.snapshot else ()
        health = health_of(known, now_ms, monotonic(), policy, late)
        said = {"status": "ready" if health.is_ready else "not ready", "state": health.state, "reason": health.says}
        return web.json_response(said, status=200 if health.is_ready else 503)

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)


async def _read_runbook(request: web.Request) -> web.Response:
    found = runbook(request.match_info["page"])
    return web.Response(text=found or "There is no runbook of that name.\n", status=404 if found is None else 200)


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
