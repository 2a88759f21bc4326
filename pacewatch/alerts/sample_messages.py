"""A sample of each kind of message, to see that it arrives and how it looks. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from kpis.times import DAY_MS, HOUR_MS
from kpis.units import Unit
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in import CheckIn, Standing
from monitors.alerts.lifecycle import Change
from monitors.pacing.verdict import Direction, Reason, Status

CAMPAIGN = "pacewatch-test"
NAME = "Pacewatch test, please ignore"


def samples(currency: str, now_ms: int, unique: str) -> Iterator[Outgoing]:
    """A warning, the same as it becomes critical, its end, and a check-in.

    Args:
        currency: of all money.
        now_ms: the deployment's clock.
        unique: what their ids begin with.
    """
    warning = _warning(currency, now_ms, unique)
    yield warning
    yield msgspec.structs.replace(
        warning,
        id=f"{unique}-2",
        change=Change.WORSENED,
        before=Status.WARNING,
        after=Status.CRITICAL,
        projected=7_000_000_000,
        interval=(6_600_000_000, 7_400_000_000),
    )
    yield msgspec.structs.replace(
        warning,
        id=f"{unique}-3",
        change=Change.RESOLVED,
        before=Status.CRITICAL,
        after=Status.ON_PACE,
        reason=Reason.WITHIN,
        direction=None,
        projected=10_010_000_000,
        interval=(9_700_000_000, 10_300_000_000),
    )
    yield _check_in(warning, now_ms, f"{unique}-4")


def _warning(currency: str, now_ms: int, unique: str) -> Alert:
    return Alert(
        id=f"{unique}-1",
        goal=f"{CAMPAIGN}|spend",
        at_ms=now_ms,
        campaign=CAMPAIGN,
        name=NAME,
        account="",
        label="spend",
        unit=Unit.MICROS,
        currency=currency,
        change=Change.FIRED,
        before=Status.ON_PACE,
        after=Status.WARNING,
        reason=Reason.PROJECTED,
        direction=Direction.UNDER,
        actual=4_200_000_000,
        expected=5_000_000_000,
        target=10_000_000_000,
        ratio=0.84,
        projected=8_400_000_000,
        required_per_day=1_160_000_000,
        bound=None,
        warning=(0.9, 1.1),
        critical=(0.75, 1.25),
        as_of_ms=now_ms,
        timezone="UTC",
        interval=(8_000_000_000, 8_800_000_000),
        since_ms=now_ms - 2 * HOUR_MS,
    )


def _check_in(of: Alert, now_ms: int, unique: str) -> CheckIn:
    standing = Standing(
        label=of.label, unit=of.unit, status=Status.ON_PACE, reason=Reason.WITHIN, direction=None,
        actual=5_010_000_000, expected=5_000_000_000, target=of.target, ratio=1.002, projected=10_010_000_000,
    )  # fmt: skip
    return CheckIn(
        id=unique,
        goal=f"{CAMPAIGN}|check-in",
        at_ms=now_ms,
        campaign=CAMPAIGN,
        name=NAME,
        account="",
        fraction=0.5,
        milestone_ms=now_ms - DAY_MS // 24,
        as_of_ms=now_ms,
        currency=of.currency,
        timezone="UTC",
        standings=(standing,),
    )
