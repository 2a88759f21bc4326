"""A Slack Web API on loopback that keeps channels, threads and metadata, and fails as it is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aiohttp import web

from kpis.runtime.clock import wall_ms

TOKEN = "xoxb-1234567890-s3cr3t-token"  # noqa: S105  of tests
CHANNEL = "C0LAUNCH1"


class Fault(StrEnum):
    """What goes wrong with one call."""

    LOST = "lost"
    """It is done, and the answer never comes."""
    REFUSED = "refused"
    """The connection ends before anything is done."""
    BROKEN = "broken"
    """500."""
    PLAIN = "plain"
    """200 and a page of some proxy."""
    LIMITED = "limited"
    """429 with Retry-After: 17."""


@dataclass
class Posted:
    """A message as it is now."""

    channel: str
    ts: str
    body: dict[str, Any]
    edits: int = 0
    thread: str = ""

    @property
    def text(self) -> str:
        """Its first line."""
        return str(self.body["text"])


@dataclass
class FakeSlackApi:
    """The API. ``faults`` are taken in turn by calls of the methods they name; an ``error`` is answered to a method.

    Attributes:
        url: its base.
        messages: those that are there.
        calls: methods, in the order they came.
        seen: all that was sent, to be searched.
        channels: names by id.
        files, shared: pictures as they came, and where they were put.
        after: is awaited when a call is done, before it is answered.
    """

    url: str = ""
    messages: list[Posted] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=lambda: {CHANNEL: "launch", "C0ACME001": "acme"})
    after: Callable[[str], Awaitable[None]] | None = None
    page: int = 200
    files: list[bytes] = field(default_factory=list)
    shared: list[dict[str, Any]] = field(default_factory=list)
    clock_s: float = 1_795_348_800.0

    @property
    def cards(self) -> list[Posted]:
        """Messages that answer to none."""
        return [one for one in self.messages if not one.thread]

    def thread(self, card: Posted) -> list[Posted]:
        """The answers to a message."""
        return [one for one in self.messages if one.thread == card.ts and one.channel == card.channel]

    async def handle(self, request: web.Request) -> web.StreamResponse:  # noqa: PLR0911
        """One call."""
        method = request.match_info["method"]
        if method == "upload":
            self.files.append(await request.read())
            return web.Response(text="OK")
        body = await _body(request)
        self.calls.append(method)
        self.seen.append(body)
        fault = next((f for m, f in self.faults if m == method), None)
        if fault is not None:
            self.faults.remove((method, fault))
        if fault is Fault.LIMITED:
            return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "17"})
        if fault is Fault.BROKEN:
            return web.Response(status=500, text="oops")
        if fault is Fault.PLAIN:
            return web.Response(text="<html>proxy</html>")
        if fault is Fault.REFUSED:
            return _hang_up(request)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        said = {"ok": False, "error": self.errors[method]} if method in self.errors else self._do(method, body)
        if self.after is not None:
            await self.after(method)
        return _hang_up(request) if fault is Fault.LOST else web.json_response(said)

    def _do(self, method: str, body: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0911
        match method:
            case "chat.postMessage":
                return self._post(body)
            case "chat.update":
                return self._update(body)
            case "conversations.history" | "conversations.replies":
                return self._list(method, body)
            case "auth.test":
                return {"ok": True, "user": "pacewatch", "team": "Acme"}
            case "files.getUploadURLExternal":
                return {"ok": True, "file_id": f"F{len(self.files)}", "upload_url": f"{self.url}upload"}
            case "files.completeUploadExternal":
                self.shared.append(body)
                return {"ok": True, "files": [{"id": "F0", "title": "pace.png"}]}
            case "conversations.list":
                return {"ok": True, "channels": [{"id": i, "name": name} for i, name in self.channels.items()]}
        return {"ok": False, "error": "unknown_method"}

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        channel = self._channel(body["channel"])
        if not channel:
            return {"ok": False, "error": "channel_not_found"}
        self.clock_s += 1
        made = Posted(channel, f"{self.clock_s:.6f}", body, thread=body.get("thread_ts", ""))
        self.messages.append(made)
        return {"ok": True, "channel": channel, "ts": made.ts}

    def _update(self, body: dict[str, Any]) -> dict[str, Any]:
        for one in self.messages:
            if (one.channel, one.ts) == (body["channel"], body["ts"]):
                one.body = body
                one.edits += 1
                return {"ok": True, "channel": one.channel, "ts": one.ts}
        return {"ok": False, "error": "message_not_found"}

    def _list(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """Newest first, a page at a time; metadata only where it is asked for."""
        if body["channel"] not in self.channels:
            return {"ok": False, "error": "channel_not_found"}
        thread = body.get("ts", "") if method == "conversations.replies" else ""
        found = [
            one
            for one in reversed(self.messages)
            if one.channel == body["channel"] and one.thread == thread and float(one.ts) > float(body["oldest"])
        ]
        first = int(body.get("cursor") or 0)
        shown = [
            {"ts": one.ts, "text": one.text}
            | ({"metadata": one.body["metadata"]} if body.get("include_all_metadata") == "true" else {})
            for one in found[first : first + self.page]
        ]
        after = first + self.page
        return {
            "ok": True,
            "messages": shown,
            "response_metadata": {"next_cursor": str(after) if after < len(found) else ""},
        }

    def _channel(self, named: str) -> str:
        if named in self.channels:
            return named
        return next((i for i, name in self.channels.items() if named == f"#{name}"), "")


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        body: dict[str, Any] = await request.json()
        return body
    return dict(request.query) | {name: str(value) for name, value in (await request.post()).items()}


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


@asynccontextmanager
async def fake_slack_api(port: int = 0) -> AsyncIterator[FakeSlackApi]:
    """Serve it on loopback; its clock is that of the wall."""
    api = FakeSlackApi()
    api.clock_s = wall_ms() / 1000
    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/api/{method}", api.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    try:
        yield api
    finally:
        await runner.cleanup()


def pressed(action: str, card: str, user: str = "ana") -> str:
    """What Slack sends when a button is pressed."""
    return json.dumps(
        {
            "type": "block_actions",
            "user": {"id": "U0123ABC", "username": user, "name": user, "team_id": "T1"},
            "api_app_id": "A1",
            "token": "old-verification-token",
            "actions": [{"action_id": action, "block_id": "b", "value": card, "type": "button", "action_ts": "1.2"}],
        }
    )
