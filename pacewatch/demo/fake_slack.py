"""A stand-in for Slack on loopback: takes what the monitor sends and keeps it to be shown."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import msgspec
from aiohttp import web

from pacewatch.embedded.servers import HOST

_PATH = "/services/T0/B0/demo"
_KEPT = 200
_LIMIT = 1_000_000


class FakeSlack:
    """An incoming webhook; an async context manager.

    Args:
        hear: is called with the text of each message.

    Attributes:
        messages: the texts of the last messages, oldest first.
    """

    def __init__(self, hear: Callable[[str], None]) -> None:
        self.messages: list[str] = []
        self._hear = hear
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The webhook's address."""
        return f"http://{HOST}:{self._port}{_PATH}"

    async def __aenter__(self) -> FakeSlack:
        """Listen on a free loopback port."""
        app = web.Application(client_max_size=_LIMIT)
        app.router.add_post(_PATH, self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        try:
            body = msgspec.json.decode(await request.read(), type=dict[str, object])
        except msgspec.DecodeError:
            return web.Response(status=400, text="invalid_payload")
        text = str(body.get("text", ""))
        self.messages = [*self.messages[1 - _KEPT :], text]
        self._hear(text)
        return web.Response(text="ok")
