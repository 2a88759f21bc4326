"""``pacewatch top``: the launch board in a terminal, read from the monitor's API every second."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import aiohttp
import msgspec
from rich.console import Console
from rich.live import Live

from kpis.runtime.errors import Misconfigured, Unreachable, one_line
from kpis.runtime.printable import blanked
from monitors.board.shapes import Campaigns
from pacewatch.terminal import columns
from pacewatch.top.screen import Choice, screen

EVERY_S = 1.0
_LIMIT = 64 << 20
_ROOM = 6
"""Lines of the screen that are not campaigns."""
_UNBOUNDED = 100_000
"""As many columns as no table has."""
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])")
"""An arrow or another key of several bytes: it means nothing here. Escape alone is a key."""
_END = "\x04"
"""Ctrl-D, and what stands for a terminal that is gone."""


@dataclass(frozen=True, slots=True)
class BoardSource:
    """The monitor, and what it asks for.

    Attributes:
        url: of its board.
        authorization: the value of the header, a secret; None where nothing is asked for.
    """

    url: str
    authorization: str | None = field(default=None, repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """Of every request."""
        return {"Authorization": self.authorization} if self.authorization else {}


async def once(source: BoardSource, choice: Choice) -> None:
    """Print the board once, all of it; in a pipe lines are whole.

    Raises:
        Unreachable: the monitor does not answer.
    """
    async with aiohttp.ClientSession(headers=source.headers) as session:
        board = await load(session, source.url)
    width = columns()
    Console(width=width or _UNBOUNDED).print(screen(board, choice, most=None, width=width))


async def watch(source: BoardSource, choice: Choice) -> None:
    """Show the board until ``q``; a monitor that goes away is said, and waited for.

    Raises:
        Unreachable: the monitor does not answer at the start.
    """
    keys: asyncio.Queue[str] = asyncio.Queue()
    async with aiohttp.ClientSession(headers=source.headers) as session:
        board, problem = await load(session, source.url), ""
        with Live(console=Console(), screen=True, auto_refresh=False) as live, _keyboard(keys):
            due = asyncio.get_running_loop().time() + EVERY_S
            while True:
                size = live.console.size
                shown = screen(board, choice, most=size.height - _ROOM, problem=problem, width=size.width)
                live.update(shown, refresh=True)
                key = await next_key(keys, due)
                if key is None:
                    due = asyncio.get_running_loop().time() + EVERY_S
                    try:
                        board, problem = await load(session, source.url), ""
                    except Unreachable as e:
                        problem = f"{e}; these numbers are old"
                    continue
                if key == _END or (key == "q" and not choice.typing):
                    return
                choice = choice.pressed(key)


async def next_key(keys: asyncio.Queue[str], due_s: float) -> str | None:
    """The next key; None when there is none until then.

    Args:
        keys: that were pressed.
        due_s: the event loop's time.
    """
    try:
        async with asyncio.timeout_at(due_s):
            return await keys.get()
    except TimeoutError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # Ctrl-C during the drawing, which took until now: a timeout that begins after it swallows it.
            raise asyncio.CancelledError from None
        return None


async def load(session: aiohttp.ClientSession, url: str) -> Campaigns:
    """The board.

    Raises:
        Unreachable: the monitor does not answer, or not with a board.
        Misconfigured: it asks for other credentials, or is not trusted.
    """
    at = url.rstrip("/") + "/api/campaigns"
    try:
        async with session.get(at, timeout=aiohttp.ClientTimeout(10), allow_redirects=False) as response:
            if response.status == 401:
                raise _locked_out(url, has_shown="Authorization" in session.headers)
            if response.status != 200:
                raise Unreachable("the monitor", url, f"it answers with status {response.status}")
            body = bytearray()
            async for part in response.content.iter_chunked(1 << 16):
                body += part
                if len(body) > _LIMIT:
                    raise Unreachable("the monitor", url, "its answer is too long")
        return msgspec.json.decode(body, type=Campaigns)
    except aiohttp.ClientConnectorCertificateError as e:
        why = getattr(e.certificate_error, "verify_message", "") or type(e.certificate_error).__name__
        remedy = "it names a PEM file of the authority to trust"
        raise Misconfigured("SSL_CERT_FILE", f"the certificate of {url} is not trusted: {why}", remedy) from None
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as e:
        raise Unreachable("the monitor", url, blanked(one_line(e))) from e


def _locked_out(url: str, *, has_shown: bool) -> Misconfigured:
    """What a monitor that asks for a token or a password says of ours, or of none."""
    if has_shown:
        return Misconfigured("PACEWATCH_HTTP_TOKEN, PACEWATCH_HTTP_PASSWORD", f"{url} refuses what is set here")
    remedy = (
        "set it as the monitor has it, or PACEWATCH_HTTP_USER and PACEWATCH_HTTP_PASSWORD, or a file of each (_FILE)"
    )
    return Misconfigured("PACEWATCH_HTTP_TOKEN", f"{url} asks for a token or a password, and none is set here", remedy)


@contextmanager
def _keyboard(keys: asyncio.Queue[str]) -> Iterator[None]:
    """Single keys, without waiting for a line; the terminal is as before afterwards, whatever happens."""
    stdin = sys.stdin.fileno()
    if not os.isatty(stdin):
        yield
        return
    loop = asyncio.get_running_loop()

    def read() -> None:
        data = os.read(stdin, 64)
        for key in _SEQUENCE.sub(b"", data).decode("utf-8", "replace") if data else _END:
            keys.put_nowait(key)

    before = termios.tcgetattr(stdin)
    tty.setcbreak(stdin)
    loop.add_reader(stdin, read)
    try:
        yield
    finally:
        loop.remove_reader(stdin)
        termios.tcsetattr(stdin, termios.TCSADRAIN, before)
