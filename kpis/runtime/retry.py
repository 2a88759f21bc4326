"""Trying again: how long to wait, and the one loop that does it. The loop is tenacity's."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double.

    Attributes:
        first_s: before the second try, seconds.
        longest_s: no wait is longer.
    """

    first_s: float
    longest_s: float

    def before(self, tries: int) -> float:
        """Seconds to wait after so many failed tries, at least one.

        With no first delay the second try comes at once, the third after half a second.
        """
        if not self.first_s:
            return 0.0 if tries <= 1 else min(self.longest_s, _doubled(0.25, tries))
        return min(self.longest_s, _doubled(self.first_s, tries))

    def spread(self, tries: int, chance: float) -> float:
        """The same, spread out by chance, so that many who failed together do not come back together.

        Args:
            tries: that failed, at least one.
            chance: from 0 (half as long) to 1 (as long).
        """
        return self.before(tries) * (0.5 + chance / 2)


async def retry(
    attempt: Callable[[], Awaitable[T]],
    on: tuple[type[BaseException], ...],
    backoff: Backoff,
    say: Callable[[BaseException, float], None],
) -> T:
    """Try until it works.

    Args:
        attempt: what is tried.
        on: errors that waiting may help against; any other one is raised.
        backoff: how long to wait.
        say: told of each failure, and how many seconds are waited.
    """

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        if error is not None:
            say(error, backoff.before(state.attempt_number))

    retrying = AsyncRetrying(
        retry=retry_if_exception_type(on),
        wait=lambda state: backoff.before(state.attempt_number),
        before_sleep=tell,
        reraise=True,
    )

    async def tried() -> T:
        # Only what is a coroutine function itself is awaited.
        return await attempt()

    return await retrying(tried)


def _doubled(first_s: float, tries: int) -> float:
    return math.ldexp(first_s, min(tries - 1, 60))
