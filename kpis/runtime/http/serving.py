"""Serving HTTP: the one way in which worker and monitor do it, so that nobody who connects keeps others out.

aiohttp does the work. It hangs up on whoever has not sent a whole request head in time (``keepalive_timeout``, which
it also counts from the connection on). Added here are a bound on connections, of which the one that has been silent
longest makes room for a new one, and a deadline for clients that do not read their answer. The private attributes of
aiohttp that this needs are named in :class:`BoundedServer` only.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_protocol import RequestHandler


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients are allowed; times in seconds.

    Attributes:
        connections: at most so many at once.
        head_s: from the connection, or the last answer, to a whole request head.
        answer_s: for reading an answer that is made; streams of events, which are made while they are read, have none.
        linger_s: for a body that nobody asked for.
        handshake_s: for the TLS handshake.
    """

    connections: int = 128
    head_s: float = 15.0
    answer_s: float = 30.0
    linger_s: float = 2.0
    handshake_s: float = 5.0


class BoundedServer(web.Server):
    """aiohttp's server, with so many connections at most. Proved on aiohttp 3.14.

    Attributes:
        limits: set before the first connection.
    """

    limits: Limits

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """One more; beyond the bound the one that waits longest is hung up on, of those without a request if any."""
        if len(self._connections) >= self.limits.connections:
            idle = (h for h in self._connections if not h._request_in_progress)
            oldest = next(idle, next(iter(self._connections)))
            self._abort(oldest)
        super().connection_made(handler, transport)

    def hang_up_on_those_that_do_not_read(self, since: dict[RequestHandler, tuple[int, float]], now_s: float) -> None:
        """Hang up where an answer has been waiting to be read for too long.

        Args:
            since: what was found before: to each connection the number of its request, and when its answer was made.
            now_s: the event loop's time.
        """
        writing = {h: h._request_count for h in self._connections if h._request_in_progress and not h._current_request}
        for handler in since.keys() - writing.keys():
            del since[handler]
        for handler, number in writing.items():
            if handler not in since or since[handler][0] != number:
                since[handler] = number, now_s
            elif now_s - since[handler][1] > self.limits.answer_s:
                self._abort(handler)

    def _abort(self, handler: RequestHandler) -> None:
        transport = self._connections.get(handler)
        if transport is not None:
            self._connections.pop(handler)
            transport.abort()


class Served:
    """An application that is served until :meth:`close`.

    Args:
        runner: has the application set up.
        limits: what clients are allowed.
    """

    def __init__(self, runner: web.AppRunner, limits: Limits) -> None:
        self._runner = runner
        self._limits = limits
        self._listening: asyncio.Server | None = None
        self._sweeping: asyncio.Task[None] | None = None

    @property
    def addresses(self) -> list[Any]:
        """Where it listens: host and port first."""
        return [s.getsockname() for s in self._listening.sockets] if self._listening is not None else []

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Listen.

        Raises:
            OSError: the address cannot be listened on.
        """
        server: Any = self._runner.server
        server.__class__ = BoundedServer
        server.limits = self._limits
        wait_s = self._limits.handshake_s if tls is not None else None
        self._listening = await asyncio.get_running_loop().create_server(
            server, host, port, backlog=128, ssl=tls, ssl_handshake_timeout=wait_s
        )
        self._sweeping = asyncio.create_task(self._sweep(server))

    async def close(self) -> None:
        """Listen no more, and end what is served."""
        if self._listening is not None:
            self._listening.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
        await self._runner.cleanup()

    async def _sweep(self, server: BoundedServer) -> None:
        since: dict[RequestHandler, tuple[int, float]] = {}
        while True:
            await asyncio.sleep(min(5.0, self._limits.answer_s / 2))
            server.hang_up_on_those_that_do_not_read(since, asyncio.get_running_loop().time())


async def serve(app: web.Application, host: str, port: int, tls: ssl.SSLContext | None, limits: Limits) -> Served:
    """Serve an application in the running loop.

    Args:
        app: what.
        host, port: where; port 0 takes a free one.
        tls: certificate and key; None for plain HTTP.
        limits: what clients are allowed.

    Raises:
        OSError: the address cannot be listened on.
    """
    runner = web.AppRunner(
        app, access_log=None, shutdown_timeout=1.0, keepalive_timeout=limits.head_s, lingering_time=limits.linger_s
    )
    await runner.setup()
    served = Served(runner, limits)
    try:
        await served.listen(host, port, tls)
    except OSError:
        await served.close()
        raise
    return served


class ServedByThread:
    """An application served in a thread with an event loop of its own, for who has no loop to spare.

    Args:
        app, host, port, tls, limits: see :func:`serve`.

    Raises:
        OSError: the address cannot be listened on.
    """

    def __init__(
        self, app: web.Application, host: str, port: int, *, tls: ssl.SSLContext | None, limits: Limits
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()
        try:
            self._served = self._do(serve(app, host, port, tls, limits))
        except OSError:
            self._end()
            raise
        self.port = int(self._served.addresses[0][1])

    def close(self) -> None:
        """Listen no more, and end the thread."""
        self._do(self._served.close())
        self._end()

    def _do(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
