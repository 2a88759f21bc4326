"""The worker's own ``/metrics`` and ``/healthz``, served by a thread: its event loop has better things to do."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import choose_encoder

from kpis.runtime.http.access import HEALTH, AccessPolicy
from kpis.runtime.http.guard import guard
from kpis.runtime.http.serving import Limits, ServedByThread

LIMITS = Limits(connections=128)
log = logging.getLogger(__name__)


class MetricsServer(ServedByThread):
    """Serves a registry until ``close``.

    Args:
        address: host and port; port 0 takes a free one, see ``port``.
        registry: what.
        policy: who may read it.
        refused: counts requests that were refused, by reason.
        tls: certificate and key; None for plain HTTP.
        why_not_alive: what a probe learns: None for all is well.
        limits: what clients are allowed.

    Raises:
        OSError: the address cannot be listened on.
    """

    def __init__(
        self,
        address: tuple[str, int],
        registry: CollectorRegistry,
        policy: AccessPolicy,
        refused: Counter,
        *,
        tls: ssl.SSLContext | None = None,
        why_not_alive: Callable[[], str | None] = lambda: None,
        limits: Limits = LIMITS,
    ) -> None:
        app = web.Application(
            middlewares=[
                guard(policy, lambda access: refused.labels(access).inc(), lambda said: _text(f"{said}\n", 401))
            ]
        )
        app.router.add_get(HEALTH, _health(why_not_alive))
        app.router.add_get("/{path:.*}", _metrics(registry))
        super().__init__(app, *address, tls=tls, limits=limits)


def _metrics(registry: CollectorRegistry) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        encode, content_type = choose_encoder(",".join(request.headers.getall(hdrs.ACCEPT, [])))
        try:
            body = encode(registry)
        except Exception:
            log.exception("the metrics cannot be made")
            raise
        response = web.Response(body=body, headers={hdrs.CONTENT_TYPE: content_type})
        response.enable_compression()
        return response

    return answer


def _health(why_not_alive: Callable[[], str | None]) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        why_not = why_not_alive()
        return _text(f"{why_not or 'alive'}\n", 503 if why_not else 200)

    return answer


def _text(text: str, status: int) -> web.Response:
    return web.Response(text=text, status=status, headers={hdrs.CACHE_CONTROL: "no-store"})
