"""The rules for what all campaigns bring together: how much is missing, by what each of them brings by habit. Pure.

A campaign that was silent already when anything came last is not counted on: its own watch tells of it. Nor is one in
the evening that stops in evenings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log, log1p

from kpis.times import HOUR_MS
from monitors.habits.heard import FADE
from monitors.habits.rhythm import Rhythm, expected_at_least
from monitors.pacing.hush import FLOWING, NOTHING_KNOWN, Hush, quiet
from monitors.pacing.outcomes import FALSE_A_DAY, FALSE_RARE_A_DAY, GAPS, LEAST_KNOWN, RARE_A_DAY, WARY, WELL_KNOWN
from monitors.pacing.silence import LEAST_QUIET_MS, serving_hush, stops_in_evenings
from monitors.pacing.verdict import Reason, Status
from monitors.read.past import HOURS


@dataclass(frozen=True, slots=True)
class Due:
    """How many outcomes should have come since any came, by the rate of each campaign.

    Attributes:
        amount: so many.
        before: the same, without those of the last that they come of: these may be yet to come.
        gaps: the most that passed between two outcomes, and the second most; they fade.
    """

    amount: float = 0.0
    before: float = 0.0
    gaps: tuple[float, float] = (0.0, 0.0)

    def after(self, gain: float, *, came: bool, learns: bool) -> Due:
        """After a look.

        Args:
            gain: what should come of what came since the last look.
            came: whether an outcome came since.
            learns: whether what passed without one is a habit: not while it is known that something was wrong.
        """
        if not came:
            return Due(self.amount + gain, self.amount, self.gaps) if gain else self
        if not learns:
            return Due(gaps=self.gaps)
        most, second = (gap * FADE for gap in self.gaps)
        passed = self.before
        return Due(gaps=(most, max(second, passed)) if passed <= most else (passed, most))


@dataclass(frozen=True, slots=True)
class Brought:
    """What one campaign adds to what is expected of all.

    Attributes:
        rhythm: how it flows by habit.
        timezone: whose days that is by.
    """

    rhythm: Rhythm
    timezone: str


def serving_of_all(
    parts: Sequence[Brought], whole: Rhythm, since_ms: int, at_ms: int, *, step_ms: float, zone: str, first_day_ms: int
) -> tuple[Hush, float]:
    """Whether nothing is served of any campaign, and how much of that all but the busiest should have had.

    Args:
        parts: the campaigns that are counted on.
        whole: how all of them flow together.
        since_ms: when anything came last.
        at_ms: the watermark.
        step_ms: how long it takes by habit until something comes.
        zone: whose days ``whole`` is by.
        first_day_ms: how long it must be quiet while the hours of the day are not known.
    """
    if at_ms - since_ms <= LEAST_QUIET_MS // 4:
        return FLOWING, 0.0
    parts = [p for p in parts if not stops_in_evenings(p.rhythm, since_ms, at_ms, p.timezone)]
    missing = [expected_at_least(part.rhythm, since_ms, at_ms, part.timezone) for part in parts]
    whole = replace(whole, a_day=sum(part.rhythm.a_day for part in parts))
    found = serving_hush(
        whole,
        since_ms,
        at_ms,
        sum(missing),
        step_ms=step_ms,
        zone=zone,
        first_day_ms=first_day_ms,
    )
    return found, sum(missing) - max(missing, default=0.0)


def outcome_of_all(due: Due, known: float, hours: int, since_ms: int, at_ms: int) -> Hush:
    """Whether nothing comes of what goes on, in any campaign.

    Args:
        due: how many should have come.
        known: how many came in the week, of the campaigns that are counted on.
        hours: how many hours of it are known.
        since_ms: when any came last.
        at_ms: the watermark.
    """
    if known < LEAST_KNOWN:
        return NOTHING_KNOWN
    # As of one campaign: the chance to see none, with rates that are known from so many only (gamma-Poisson).
    surprise = (known + 0.5) * log1p(due.before / known)
    a_day = known / max(hours / HOURS, 0.25)
    proof = log(a_day / (FALSE_A_DAY if a_day >= RARE_A_DAY else FALSE_RARE_A_DAY))
    proof = max(proof * (1 if known >= WELL_KNOWN else WARY), GAPS * due.gaps[1])
    if surprise >= proof and at_ms - since_ms >= (LEAST_QUIET_MS if hours >= HOURS else HOUR_MS // 4):
        return Hush(Status.CRITICAL, Reason.SILENT, since_ms, due.before)
    return quiet(since_ms, due.before) if surprise >= proof / 2 else FLOWING
