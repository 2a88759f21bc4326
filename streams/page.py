"""The worker's own ``/metrics``, served by threads: its event loop has better things to do."""

from __future__ import annotations

import io
import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, Counter, make_wsgi_app

from streams.access import HEALTH, AccessPolicy
from streams.errors import one_line

_SILENT_S = 10.0
_MOST_CLIENTS = 32
"""Each has a thread: more than these would take from the worker what it needs, and are hung up on."""
_TEXT = (("Content-Type", "text/plain; charset=utf-8"), ("Cache-Control", "no-store"))
log = logging.getLogger(__name__)
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128
    """Its default of five makes clients that come together wait a second for each try."""

    def __init__(self, address: tuple[str, int], handler: type[WSGIRequestHandler]) -> None:
        self._room = threading.BoundedSemaphore(_MOST_CLIENTS)
        host, port = address
        self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread, if there is room for one more."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """In its thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, *_: object) -> None:
        """A client that went away, or that speaks another protocol, is its own problem."""
        error = sys.exc_info()[1]
        log.debug("a request for metrics failed: %s", one_line(error) if error else "")


class _Handler(WSGIRequestHandler):
    timeout = _SILENT_S
    """A client that connects and says nothing, or stops amid its TLS handshake, holds its thread this long."""

    def log_message(self, *_: object) -> None:
        """Scrapes are not news."""

    def get_stderr(self) -> Any:
        """Where wsgiref prints a traceback when a client goes amid its answer: nowhere. See :func:`guarded`."""
        return io.StringIO()


class MetricsServer:
    """Serves a registry until :meth:`close`.

    Args:
        address: host and port; port 0 takes a free one, see ``port``.
        registry: what.
        policy: who may read it.
        refused: counts requests that were refused, by reason.
        tls: certificate and key; None for plain HTTP.

    Raises:
        OSError: the address cannot be listened on.
    """

    def __init__(
        self,
        address: tuple[str, int],
        registry: CollectorRegistry,
        policy: AccessPolicy,
        refused: Counter,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        app = guarded(make_wsgi_app(registry), policy, refused)
        self._server = make_server(*address, app, _Server, _Handler)
        if tls is not None:
            # The handshake is the thread's: in accept it would let one silent client keep all others out.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def guarded(app: Wsgi, policy: AccessPolicy, refused: Counter) -> Wsgi:
    """The application, for requests that show what ``policy`` asks for, and 401 for others; a probe is let in."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == HEALTH:
            start("200 OK", [*_TEXT])
            return [b"alive\n"]
        access = policy.decide(environ.get("HTTP_AUTHORIZATION"))
        if access.is_granted:
            try:
                return app(environ, start)
            except Exception:
                log.exception("the metrics cannot be made")
                raise
        refused.labels(access).inc()
        start("401 Unauthorized", [*_TEXT, *(("WWW-Authenticate", value) for value in policy.challenges)])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else f"credentials are needed ({access})\n".encode()]

    return answer
