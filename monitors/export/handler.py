"""``/metrics``: made in a thread of its own, so that reading, judging and leading go on meanwhile."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import hdrs, web
from prometheus_client.exposition import gzip_accepted

from monitors.export.exporter import Exporter
from monitors.export.exposition import Format, negotiate
from monitors.view import View

_LEVEL = 1
"""Metrics shrink to a seventh at the least effort, and to no less than an eighth at nine times as much."""


class MetricsHandler:
    """Answers scrapes. Those of the same view get the same bytes, made once.

    Args:
        view: answers the current view.
        exporter: makes the metrics.
    """

    def __init__(self, view: Callable[[], View], exporter: Exporter) -> None:
        self._view = view
        self._exporter = exporter
        # One thread: what is remembered between scrapes needs no lock.
        self._thread = ThreadPoolExecutor(1, "metrics")
        self._made: dict[tuple[Format, bool], bytes] = {}
        self._made_of: View | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """The metrics, in the format and encoding that the client asks for."""
        text_format = negotiate(",".join(request.headers.getall(hdrs.ACCEPT, [])))
        is_zipped = gzip_accepted(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, [])))
        loop = asyncio.get_running_loop()
        body = await loop.run_in_executor(self._thread, self._make, text_format, is_zipped)
        headers = {hdrs.CONTENT_TYPE: text_format.value, hdrs.VARY: f"{hdrs.ACCEPT}, {hdrs.ACCEPT_ENCODING}"}
        if is_zipped:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=body, headers=headers)

    async def close(self, _: web.Application) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _make(self, text_format: Format, is_zipped: bool) -> bytes:
        view = self._view()
        if view is not self._made_of:
            self._made, self._made_of = {}, view
        wanted = (text_format, is_zipped)
        if wanted not in self._made:
            text = self._exporter.text(view, text_format).encode()
            self._made[wanted] = gzip.compress(text, _LEVEL, mtime=0) if is_zipped else text
        return self._made[wanted]
