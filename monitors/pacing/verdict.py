"""Verdicts: what a goal's numbers mean now, and why. The rules are in :mod:`monitors.pacing.judge`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from kpis.measures import Row, zeros
from kpis.times import DAY_MS, MINUTE_MS
from monitors.goals.subject import Subject
from monitors.goals.values import Band
from monitors.habits.heard import Heard
from monitors.pacing.onset import Onset
from monitors.read.past import Past, together


class Status(StrEnum):
    """How a goal stands."""

    ON_PACE = "on_pace"
    """Inside the warning band."""
    WARNING = "warning"
    """Outside the warning band."""
    CRITICAL = "critical"
    """Outside the critical band."""
    HOLD = "hold"
    """The data is too old to judge: whatever was last judged stands."""
    NO_DATA = "no_data"
    """There is nothing to judge yet, or no more."""

    @property
    def is_judgement(self) -> bool:
        """Whether it says anything about the goal."""
        return self is not Status.HOLD and self is not Status.NO_DATA

    @property
    def is_miss(self) -> bool:
        """Whether people are to do something."""
        return self in {Status.WARNING, Status.CRITICAL}


class Direction(StrEnum):
    """On which side of the expectation the actual value lies."""

    UNDER = "under"
    OVER = "over"


class Reason(StrEnum):
    """Why a verdict is what it is."""

    WITHIN = "within"
    """Actual is inside the warning band."""
    OUTSIDE = "outside"
    """Actual is outside the band."""
    NOT_PROVEN = "not_proven"
    """Actual is outside the band, but by no more than chance explains with so few events."""
    NO_EVENTS = "no_events"
    """Money was spent that should have brought events, and there are none."""
    FLIGHT_ENDED = "flight_ended"
    """The flight is over: this is the final judgement."""
    FLIGHT_CLOSED = "flight_closed"
    """The flight ended too long ago to tell anyone."""
    NOT_STARTED = "not_started"
    """The flight has not begun."""
    TOO_EARLY = "too_early"
    """So little is expected by now that any result would be chance."""
    TOO_FEW = "too_few"
    """There are too few events for any result to prove something."""
    NO_CLOCK = "no_clock"
    """No partition has seen an event yet."""
    NO_WINDOW = "no_window"
    """The worker does not keep this goal's window."""
    NO_VALUE = "no_value"
    """The ratio has no value: there is nothing to divide by."""
    HISTORY_GONE = "history_gone"
    """The flight began before the history that is kept: its sum is not known."""
    PARTLY_COUNTED = "partly_counted"
    """A measure that it needs is counted only since a moment within its time, or is not counted any more."""
    STALE_DATA = "stale_data"
    """The watermark is too far behind now."""
    PROJECTED = "projected"
    """The flight will end outside the band, as far as its past can say."""
    CHANGED = "changed"
    """The last hours are not as usual, and the flight would end outside the band if that lasted."""
    EXCEEDED = "exceeded"
    """More has come already than the whole flight should bring."""
    ARMED = "armed"
    """The flight has begun and its deadline for a first event has not passed."""
    FLOWING = "flowing"
    """Events come as they should."""
    QUIET = "quiet"
    """Nothing came for a while, which may still be chance: goals that hang on it wait."""
    NOT_SERVING = "not_serving"
    """Nothing is served any more, though it should be at this time of the day."""
    NOTHING_SERVED = "nothing_served"
    """The flight began, and nothing was served yet."""
    DAILY_BUDGET = "daily_budget"
    """It stops every evening until midnight, as campaigns do whose budget of the day is used up."""
    SURGE = "surge"
    """Far more is served than in any hour of the last week."""
    SILENT = "silent"
    """What it hangs on goes on, and nothing comes of it: tracking is broken, or the stream stands still."""
    EXPLAINED = "explained"
    """Something else is wrong that explains it, and is told."""
    NOTHING_DUE = "nothing_due"
    """The curve expects nothing of this day, week or month."""
    IMMATERIAL = "immaterial"
    """It will miss its target by less than is worth a message."""
    AWAITS_STREAM = "awaits_stream"
    """A stream that it needs stands still or is late: it is judged when that has caught up."""
    PIPELINE_LATE = "pipeline_late"
    """What comes is not counted: the numbers of campaigns whose flights run are too old, and grow older."""
    NOTHING_COMES = "nothing_comes"
    """No stream brings anything of any campaign, though events should have come by now."""
    STREAM_SILENT = "stream_silent"
    """One stream brings nothing of all campaigns, or of most of them, while others go on."""
    NO_FLIGHT = "no_flight"
    """No flight runs: nothing is expected."""
    DECIDED = "decided"
    """One variant of an experiment is proven better than all others."""
    ALIKE = "alike"
    """The variants of an experiment are proven to differ by less than is worth telling."""
    UNDECIDED = "undecided"
    """What the variants of an experiment differ by may be chance."""
    ENDED_UNDECIDED = "ended_undecided"
    """An experiment is over, and what its variants differ by may be chance."""
    WORSE = "worse"
    """A variant of an experiment is proven worse than another."""
    UNEVEN = "uneven"
    """The variants of an experiment are not tried equally often, though they should be."""
    GOAL_GONE = "goal_gone"
    """The goal is in the goals file no more."""


@dataclass(frozen=True, slots=True)
class VerdictPolicy:
    """When to judge, and when not.

    Attributes:
        max_lag_ms: how far the watermark may be behind now.
        min_fraction: the part of a total that must be expected before it is judged: at 2 % (half an hour of a day)
            ad servers have left their ramp-up behind.
        min_expected: how many events must be expected before a count is judged: of 20, chance alone makes 45 %
            more or less (two standard deviations of a Poisson count, 2 / sqrt(20)); below, nothing is critical.
        z: confidence of the interval for proportions; 1.96 is 95 %.
        margin: hysteresis: how much nearer to 1 the bands are when a miss is to end, so that a value that sits on
            a threshold does not alternate.
        final_ms: how long after a flight its final judgement is told; late corrections of spend come within a day.
        z_interval: of the interval that is shown around a projection; 1.645 is 90 %.
        z_proof: of the interval that a told projection must lie out of: a flight is looked at all the time, and some
            ten looks of it are independent, so that one in a few hundred flights is told by chance.
        launch_ms: by when a campaign that serves has served something; ad servers take up to a quarter of an hour.
    """

    max_lag_ms: int = 60_000
    min_fraction: float = 0.02
    min_expected: int = 20
    z: float = 1.96
    margin: float = 0.02
    final_ms: int = DAY_MS
    z_interval: float = 1.645
    z_proof: float = 3.5
    launch_ms: int = 25 * MINUTE_MS


class Observed(msgspec.Struct, frozen=True):
    """What is known about a campaign.

    Attributes:
        to_date: measures since the flight began.
        window: measures in the goal's window; None when the campaign or the window is unknown.
        as_of_ms: the watermark of both; None when there is none.
        history_from_ms: the oldest time that history reaches back to.
        has_window: whether the worker keeps the goal's window at all.
        proven: of a ratio, what the evidence of all looks proves; None to go by this look alone.
        onset: of a proportion, where what misses lately began; None where that is not known.
        past: the whole hours before; None to go by this look alone.
        open_quarters: the quarter hours since, the last one up to now.
        heard: when each measure last grew; None to go by the quarter hours.
        late_ms: how late the streams that are needed are by habit.
        whole_ms: from when on all that it is made of is counted; 0 where it always was, None where nobody counts it.
    """

    to_date: Row
    window: Row | None
    as_of_ms: int | None
    history_from_ms: int
    has_window: bool = True
    proven: Status | None = None
    onset: Onset | None = None
    past: Past | None = None
    open_quarters: tuple[Row, ...] = ()
    heard: Heard | None = None
    late_ms: int = 0
    whole_ms: int | None = 0

    @property
    def open_hour(self) -> Row:
        """Measures since the last whole hour."""
        return together(self.open_quarters) if self.open_quarters else zeros(len(self.to_date))


class Verdict(msgspec.Struct, frozen=True):
    """The judgement of one goal. Amounts of totals are integers (micros for money), of ratios floats in units.

    It is no dataclass, since thousands are made each second: see :func:`msgspec.structs.replace`.

    Attributes:
        status: how it stands.
        recovered: how it would stand with the bands narrowed by the policy's margin; a miss ends only by this.
        reason: why.
        direction: the side of the expectation that actual lies on; None without a value.
        actual: what is, of a ratio in its window, or since ``since_ms`` where that is given; None without a value.
        expected: what should be by now: of a total its part by the curve, of a ratio its bound.
        target: of a total the whole, of a ratio its bound.
        ratio: actual / expected.
        projected: of a total, at the end of the flight.
        required_per_day: of a total, for each remaining day.
        warning: band of ``ratio``.
        critical: band of ``ratio``.
        as_of_ms: the watermark it was judged at.
        interval: of a total, where the flight ends in nine of ten cases.
        since_ms: since when it is so, where that is known.
        waits_for: the stream that it waits for; empty when it waits for none.
        proven: the status that is proven, where what is seen of the value looks worse; None where that is all of it.
        says: it in words, where those are no function of the fields before.
    """

    status: Status
    recovered: Status
    reason: Reason
    direction: Direction | None
    actual: int | float | None
    expected: int | float | None
    target: int | float
    ratio: float | None
    projected: int | None
    required_per_day: int | None
    warning: Band
    critical: Band
    as_of_ms: int | None
    interval: tuple[int, int] | None = None
    since_ms: int | None = None
    waits_for: str = ""
    proven: Status | None = None
    says: str = ""

    @classmethod
    def withheld(cls, status: Status, reason: Reason, goal: Subject, as_of_ms: int | None) -> Verdict:
        """A verdict that judges nothing."""
        return cls(
            status=status,
            recovered=status,
            reason=reason,
            direction=None,
            actual=None,
            expected=None,
            target=goal.target,
            ratio=None,
            projected=None,
            required_per_day=None,
            warning=goal.warning,
            critical=goal.critical,
            as_of_ms=as_of_ms,
        )

    def because(self, direction: Direction, since_ms: int) -> Verdict:
        """The same, with the side of what is wrong, and since when it is."""
        return replace(self, direction=direction, since_ms=since_ms)


def status_of(ratio: float, warning: Band, critical: Band) -> Status:
    """The status of actual / expected by two bands."""
    if ratio not in critical:
        return Status.CRITICAL
    return Status.ON_PACE if ratio in warning else Status.WARNING


_ORDER = (Status.NO_DATA, Status.HOLD, Status.ON_PACE, Status.WARNING, Status.CRITICAL)


def worse_of(first: Status, second: Status) -> Status:
    """The worse of two."""
    return first if _ORDER.index(first) >= _ORDER.index(second) else second


def direction_of(ratio: float | None) -> Direction | None:
    """The side that actual / expected lies on; None when it is exactly on it, or has no value."""
    if ratio is None or ratio == 1:
        return None
    return Direction.UNDER if ratio < 1 else Direction.OVER
