"""Server-sent events: one encoding for all clients, each with a short queue; who does not keep up is cut off.

A client that was cut off comes back by itself (that is what EventSource does) and gets what it missed by its last id.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import hdrs, web

QUEUE = 16
"""Messages a client may be behind."""
MAX_CLIENTS = 200
RETRY_MS = 2_000


class Hub:
    """Who listens."""

    def __init__(self) -> None:
        self._clients: dict[asyncio.Task[Any], asyncio.Queue[bytes]] = {}

    @property
    def clients(self) -> int:
        """How many listen."""
        return len(self._clients)

    @property
    def is_full(self) -> bool:
        """Whether no further client may listen."""
        return self.clients >= MAX_CLIENTS

    def publish(self, message: bytes) -> None:
        """Hand a message to every client; one whose queue is full is cut off."""
        for task, queue in list(self._clients.items()):
            try:
                queue.put_nowait(message)
            except asyncio.QueueFull:
                self._clients.pop(task)
                task.cancel()

    async def listen(self, request: web.Request, first: bytes) -> web.StreamResponse:
        """Send ``first`` and then what is published, until the client goes or is cut off."""
        response = web.StreamResponse(
            headers={hdrs.CONTENT_TYPE: "text/event-stream", hdrs.CACHE_CONTROL: "no-store", "X-Accel-Buffering": "no"}
        )
        queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        queue.put_nowait(b"retry: %d\n\n" % RETRY_MS + first)
        task = asyncio.current_task()
        assert task is not None
        # Before anything is awaited: nothing that is published after ``first`` was made is missed.
        self._clients[task] = queue
        try:
            await response.prepare(request)
            while True:
                await response.write(await queue.get())
        except ConnectionError:
            return response
        finally:
            self._clients.pop(task, None)

    def close(self) -> None:
        """Cut everyone off."""
        for task in list(self._clients):
            task.cancel()


def message(event: str, data: bytes, event_id: str) -> bytes:
    """One event; JSON holds no line feeds, so it is one data line."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (event_id.encode(), event.encode(), data)
