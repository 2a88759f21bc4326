"""Waiting for a key."""

from __future__ import annotations

import asyncio

import pytest

from pacewatch.top.command import next_key


def test_a_key_is_given_and_none_when_it_is_time_to_look_again() -> None:
    async def run() -> tuple[str | None, str | None]:
        keys: asyncio.Queue[str] = asyncio.Queue()
        keys.put_nowait("q")
        now = asyncio.get_running_loop().time()
        return await next_key(keys, now + 60), await next_key(keys, now)

    assert asyncio.run(run()) == ("q", None)


def test_an_interrupt_during_a_drawing_that_took_too_long_is_not_swallowed() -> None:
    """Ctrl-C cancels the task while it does not wait; the next look is overdue by then."""

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await next_key(asyncio.Queue(), asyncio.get_running_loop().time() - 1)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
