"""Opening the board in a browser, which is there or not."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from pacewatch.demo.browser import can_show, show
from pacewatch.embedded.children import Nursery

URL = "http://127.0.0.1:9600/"


def opened() -> str:
    """What is said of it."""

    async def main() -> str:
        async with Nursery() as nursery:
            return await show(nursery, URL)

    return asyncio.run(main())


def test_without_a_display_none_is_started_and_the_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    assert not can_show({}, "linux")
    assert can_show({}, "darwin")
    if sys.platform == "linux":
        assert opened() == f"no browser could be opened: go to {URL}"


def test_the_browser_that_is_set_is_given_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script, seen = tmp_path / "browser", tmp_path / "seen"
    script.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(script))
    assert opened() == ""
    assert seen.read_text().strip() == URL


def test_a_browser_that_fails_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "browser"
    script.write_text("#!/bin/sh\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(script))
    assert opened() in {"", f"no browser could be opened: go to {URL}"}
