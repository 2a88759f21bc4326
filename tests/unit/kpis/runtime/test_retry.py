"""Trying again: what is raised, what is said, and how long is waited."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.runtime.retry import Backoff, retry

AT_ONCE = Backoff(0.0, 0.0)


def test_it_is_tried_until_it_works_and_each_failure_is_said() -> None:
    """A lambda that returns an awaitable is awaited like any other."""
    left, said = [OSError("one"), OSError("two")], list[tuple[str, float]]()

    async def attempt() -> int:
        if left:
            raise left.pop(0)
        return 7

    trying = retry(lambda: attempt(), (OSError,), AT_ONCE, lambda e, s: said.append((str(e), s)))  # noqa: PLW0108
    found = asyncio.run(trying)
    assert found == 7
    assert said == [("one", 0.0), ("two", 0.0)]


def test_an_error_that_waiting_does_not_help_against_is_raised_as_it_is() -> None:
    async def attempt() -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        asyncio.run(retry(attempt, (OSError,), AT_ONCE, lambda _, __: None))


def test_cancelling_ends_the_waiting() -> None:
    async def run() -> None:
        waiting = asyncio.Event()

        async def attempt() -> None:
            raise OSError

        trying = asyncio.create_task(retry(attempt, (OSError,), Backoff(3600, 3600), lambda _, __: waiting.set()))
        await waiting.wait()
        trying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trying

    asyncio.run(run())


@given(st.floats(0, 100), st.floats(0, 100), st.integers(1, 10_000))
def test_delays_grow_and_never_beyond_their_bound(first: float, longest: float, tries: int) -> None:
    backoff = Backoff(first, longest)
    assert 0 <= backoff.before(tries) <= longest
    assert backoff.before(tries) <= backoff.before(tries + 1)
