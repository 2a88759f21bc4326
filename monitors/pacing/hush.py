"""What a watch found, and what is no alarm yet."""

from __future__ import annotations

from typing import NamedTuple

from monitors.pacing.verdict import Reason, Status

SUSPICIOUS = 3.0
"""So many events missing is what chance does once in twenty: no alarm yet, but no time to judge what hangs on them."""


class Hush(NamedTuple):
    """What a watch found.

    Attributes:
        status: how it stands.
        reason: why.
        since_ms: since when nothing came, or when what is wrong began.
        expected: how many events should have come since, at the least.
        actual: how many came.
        recovered: whether an alert that was told may end; until then it stands.
    """

    status: Status
    reason: Reason
    since_ms: int | None = None
    expected: float = 0.0
    actual: int = 0
    recovered: bool = True


FLOWING = Hush(Status.ON_PACE, Reason.FLOWING)
NOTHING_KNOWN = Hush(Status.NO_DATA, Reason.TOO_EARLY)


def quiet(since_ms: int, missing: float = 0.0) -> Hush:
    """Nothing came for a while: no alarm yet, and no end of one."""
    return Hush(Status.ON_PACE, Reason.QUIET, since_ms, missing, recovered=False)
