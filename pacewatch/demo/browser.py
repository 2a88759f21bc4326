"""Opening the board in a browser: a courtesy that never fails the demo."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping

from pacewatch.embedded.children import Nursery

_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"
_PATIENCE_S = 5.0
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def can_show(env: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether there is anything to show a browser on; one that runs in the terminal would take that from the demo."""
    return platform != "linux" or any(env.get(name) for name in _DISPLAYS)


async def show(nursery: Nursery, url: str) -> str:
    """Open a page; gives what to say when that did not work, else nothing.

    It is asked for in a process of its own, which has no terminal to write to.
    """
    sorry = f"no browser could be opened: go to {url}"
    if not can_show(os.environ):
        return sorry
    try:
        child = await nursery.start("browser", [sys.executable, "-c", _OPEN, url])
    except OSError:
        return sorry
    try:
        code = await asyncio.wait_for(child.wait(), _PATIENCE_S)
    except TimeoutError:
        # A browser in the foreground: it is open, and ends when a person closes it.
        return ""
    return sorry if code else ""
