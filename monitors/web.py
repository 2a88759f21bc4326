"""What the monitor serves: metrics, health, readiness and an index."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from aiohttp import web

from monitors.exporter import Exporter
from monitors.page import MetricsPage
from monitors.view import View
from streams.clock import monotonic


def make_app(view: Callable[[], View], exporter: Exporter, ready_s: float) -> web.Application:
    """The web application.

    Args:
        view: answers the current view.
        exporter: makes the metrics.
        ready_s: how many real seconds ago the last read may be.
    """

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_request: web.Request) -> web.Response:
        reason = not_ready(view(), monotonic(), ready_s)
        if reason is None:
            return web.json_response({"status": "ready"})
        return web.json_response({"status": "not ready", "reason": reason}, status=503)

    async def index(_request: web.Request) -> web.Response:
        return web.Response(text=render_index(view()), content_type="text/html")

    page = MetricsPage(view, exporter)
    app = web.Application()
    app.on_cleanup.append(page.close)
    app.router.add_get("/", index)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", page.answer)
    return app


def not_ready(view: View, now_s: float, ready_s: float) -> str | None:
    """Why the monitor is not ready; None when it is.

    Args:
        view: the current one.
        now_s: :func:`streams.clock.monotonic`.
        ready_s: how long ago the last read may be.
    """
    if view.problem:
        return view.problem
    if view.read_at_s is None or now_s - view.read_at_s > ready_s:
        return "the last read of Redis is too long ago"
    return None


def render_index(view: View) -> str:
    """A page with the links and the goals' status."""
    rows = "".join(
        f"<tr><td>{escape(j.campaign.name)}<td>{escape(j.goal.id)}<td>{j.verdict.status}<td>{j.verdict.reason}"
        for j in view.judged
    )
    goals = f"<table><tr><th>Campaign<th>Goal<th>Status<th>Reason{rows}</table>" if rows else "<p>No goals.</p>"
    links = " · ".join(f'<a href="{path}">{path}</a>' for path in ("/metrics", "/healthz", "/readyz"))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Pacewatch monitor</title>'
        f"<h1>Pacewatch monitor</h1><p>{links}</p>{goals}</html>"
    )
