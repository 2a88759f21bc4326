"""Several calls on their way at a time, where each answer takes long to be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def in_turns(call: Callable[[int], Awaitable[T]], calls: int, at_once: int) -> list[T]:
    """Make the calls ``0`` to ``calls - 1`` and answer their results, in that order.

    The first is alone, so is the last, made after all others have answered. Of those between them ``at_once`` are on
    their way at a time. After one that fails no further one is made; those on their way are waited for.

    Raises:
        Exception: what the first call that failed raised.
    """
    made = [await call(0)]
    between = iter(range(1, calls - 1))
    found: dict[int, T] = {}
    failed: list[BaseException] = []

    async def take_turns() -> None:
        for number in between:
            if failed:
                return
            try:
                found[number] = await call(number)
            except BaseException as e:
                failed.append(e)
                raise

    await asyncio.gather(*(take_turns() for _ in range(at_once)), return_exceptions=True)
    if failed:
        raise failed[0]
    made += [found[number] for number in sorted(found)]
    if calls > 1:
        made.append(await call(calls - 1))
    return made
