"""The rule for watches: is something silent that should not be?

Time since the last event is held against what should have come since by the campaign's own habits: its hours of the
day, its pauses, its evenings. What comes of other events (clicks of impressions, conversions of clicks) is held
against how many of those came.
"""

from __future__ import annotations

from math import log

from kpis.measures import INDEX
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.goals.subject import Watch, Watched
from monitors.goals.values import Campaign, Flight, TotalGoal
from monitors.habits.heard import Heard, first_heard
from monitors.habits.rhythm import SURPRISING, YOUNG_HOURS, Rhythm, expected_at_least, rhythm
from monitors.pacing.hush import FLOWING, NOTHING_KNOWN, SUSPICIOUS, Hush, quiet
from monitors.pacing.outcomes import LEAST_KNOWN, outcome, uncharged
from monitors.pacing.verdict import Direction, Observed, Reason, Status, Verdict, VerdictPolicy
from monitors.read.past import HOURS, Past, hours_of_day

LAUNCH_MS = VerdictPolicy().launch_ms
LEAST_QUIET_MS = 4 * MINUTE_MS
FIRST_DAY_QUIET_MS = 3 * HOUR_MS
"""While its hours of the day are not known, it may be night."""
WORTH_WAKING = 0.004
"""As a part of a day's delivery, what must be missing at the least: six minutes of the mean. Less wakes nobody."""
STEPS = 2.5
"""Reports that come every five minutes are missed when a second one is."""
YOUNG_PAUSES = 2.0
PAUSES = 1.25
"""A pause that lasts a quarter as long again as the second longest of the week is none of the usual."""
FALSE_SERVING_A_DAY = 0.0005
"""How often a campaign that serves may be called dark by chance: one day in two thousand."""
SURGE_HOURS = 1.2
"""A quarter hour that brings more than the busiest hour of the week did is some five times its rate."""
_SERVED = (INDEX["impressions"], INDEX["clicks"], INDEX["spend_micros"])


def judge_watch(
    campaign: Campaign, watch: Watch, observed: Observed, at_ms: int, *, launch_ms: int = LAUNCH_MS
) -> Verdict:
    """Judge a watch at a moment at or after the flight's start.

    Args:
        campaign: whose; its goals say what is expected before anything is known.
        watch: of what.
        observed: what is known, with the past.
        at_ms: the watermark.
        launch_ms: by when a flight must have served something.
    """
    past = observed.past
    if past is None or at_ms >= campaign.flight.end_ms:
        hush = Hush(Status.NO_DATA, Reason.TOO_EARLY if past is None else Reason.FLIGHT_ENDED)
    else:
        heard = observed.heard or first_heard(observed.to_date, past, observed.open_quarters, at_ms)
        hush = _found(campaign, watch, observed, past, heard=heard, at_ms=at_ms, launch_ms=launch_ms)
    is_miss = hush.status.is_miss
    return Verdict(
        status=hush.status,
        recovered=hush.status if hush.recovered else Status.CRITICAL,
        reason=hush.reason,
        direction=Direction.OVER if hush.reason is Reason.SURGE else Direction.UNDER if is_miss else None,
        actual=hush.actual if is_miss else None,
        expected=round(hush.expected) if is_miss else None,
        target=watch.target,
        ratio=None,
        projected=None,
        required_per_day=None,
        warning=watch.warning,
        critical=watch.critical,
        as_of_ms=at_ms,
        since_ms=hush.since_ms,
    )


def _found(
    campaign: Campaign, watch: Watch, observed: Observed, past: Past, *, heard: Heard, at_ms: int, launch_ms: int
) -> Hush:
    if watch.of is Watched.SPEND:
        return uncharged(observed, past, heard, at_ms)
    if watch.of is Watched.CLICKS or watch.of is Watched.CONVERSIONS:
        return outcome(campaign, watch, observed, past, heard=heard, at_ms=at_ms)
    column = served_column(observed, past)
    held = rhythm(past, column, campaign.flight.timezone)
    if watch.of is Watched.SURGE:
        return _surge(held, observed, past, column)
    if not any(observed.to_date):
        serving = _launch(campaign, heard.armed_ms, at_ms, launch_ms)
    else:
        serving = _serving(campaign, held, heard, at_ms, column=column)
    return serving if watch.of is Watched.SERVING else _evenings(held, serving)


def never_began(
    flight: Flight, watch: Watch, heard: Heard | None, now_ms: int, *, launch_ms: int = LAUNCH_MS
) -> Verdict | None:
    """The verdict where no event at all has ever come: nothing but the clock says that a flight runs.

    Where events did come and nothing is known of them any more, Redis has lost them: they are read again from Kafka.
    """
    if watch.of is not Watched.SERVING or heard is None or not flight.start_ms <= now_ms < flight.end_ms:
        return None
    if any(heard.total):
        return None
    if now_ms < max(flight.start_ms, heard.armed_ms) + launch_ms:
        return Verdict.withheld(Status.NO_DATA, Reason.ARMED, watch, None)
    verdict = Verdict.withheld(Status.CRITICAL, Reason.NOTHING_SERVED, watch, None)
    return verdict.because(Direction.UNDER, flight.start_ms)


def served_column(observed: Observed, past: Past) -> int:
    """The column that shows serving best: impressions, else clicks, else spend."""
    for column in _SERVED:
        if observed.to_date[column]:
            return column
    return past.once(("served",), lambda: next((c for c in _SERVED if past.busy[:, c].any()), _SERVED[0]))


def _serving(campaign: Campaign, held: Rhythm, heard: Heard, at_ms: int, *, column: int) -> Hush:
    zone = campaign.flight.timezone
    from_ms = max(heard.since_ms[column], campaign.flight.start_ms)
    quiet_ms, step_ms = at_ms - from_ms, heard.step_ms[column]
    if quiet_ms <= max(MINUTE_MS, step_ms):
        return FLOWING
    missing = expected_at_least(held, from_ms, at_ms, zone)
    return serving_hush(held, from_ms, at_ms, missing, step_ms=step_ms, zone=zone)


def serving_hush(
    held: Rhythm,
    from_ms: int,
    at_ms: int,
    missing: float,
    *,
    step_ms: float,
    zone: str,
    first_day_ms: int = FIRST_DAY_QUIET_MS,
) -> Hush:
    """What it means that nothing is served.

    Args:
        held: how it flows by habit.
        from_ms: since when.
        at_ms: the watermark.
        missing: how many events should have come since, at the least.
        step_ms: how long it takes by habit until something comes.
        zone: whose days.
        first_day_ms: how long it must last while the hours of the day are not known.
    """
    quiet_ms = at_ms - from_ms
    proof = max(log(max(held.a_day, 1.0) / FALSE_SERVING_A_DAY), WORTH_WAKING * held.a_day)
    if missing >= proof and quiet_ms >= _long(held, step_ms, first_day_ms):
        if stops_in_evenings(held, from_ms, at_ms, zone):
            return Hush(Status.ON_PACE, Reason.DAILY_BUDGET, from_ms, missing)
        return Hush(Status.CRITICAL, Reason.NOT_SERVING, from_ms, missing)
    return quiet(from_ms, missing) if missing >= SUSPICIOUS else FLOWING


def stops_in_evenings(held: Rhythm, from_ms: int, at_ms: int, zone: str) -> bool:
    """Whether what stopped is something that stops in the evening, and it did in the afternoon or evening."""
    return held.evening_stops > 0 and from_ms >= _midnight(at_ms, zone) + DAY_MS // 2


def _long(held: Rhythm, step_ms: float, first_day_ms: int) -> float:
    """How long it must be quiet to be no pause of the usual kind; those are known to a quarter hour."""
    pauses = PAUSES if held.hours >= YOUNG_HOURS else YOUNG_PAUSES
    usual = pauses * (held.pause_ms + QUARTER_MS) if held.pause_ms else 0.0
    first = first_day_ms if held.hours < HOURS else 0
    return max(usual, first, STEPS * step_ms, LEAST_QUIET_MS)


def _evenings(held: Rhythm, serving: Hush) -> Hush:
    """Once is no habit: it is told when it stops on a second evening, and ends with a day that has all of it."""
    stops = serving.reason is Reason.DAILY_BUDGET
    if stops or held.evening_stops > 1:
        return Hush(Status.WARNING, Reason.DAILY_BUDGET, serving.since_ms if stops else None, serving.expected)
    return Hush(Status.ON_PACE, Reason.FLOWING, recovered=not held.evening_stops)


def _launch(campaign: Campaign, armed_ms: int, at_ms: int, launch_ms: int) -> Hush:
    """Nothing of the flight yet: a deadline, or how much a total should have brought by now."""
    flight = campaign.flight
    if at_ms < max(flight.start_ms, armed_ms) + launch_ms:
        return Hush(Status.NO_DATA, Reason.ARMED)
    part = (at_ms - flight.start_ms) / flight.span_ms
    counts = [g.target * part for g in campaign.goals if isinstance(g, TotalGoal) and g.total.title == "impressions"]
    if counts and max(counts) < SURPRISING:
        return Hush(Status.NO_DATA, Reason.ARMED)
    return Hush(Status.CRITICAL, Reason.NOTHING_SERVED, flight.start_ms, max(counts, default=0.0))


def _surge(held: Rhythm, observed: Observed, past: Past, column: int) -> Hush:
    quarters = [row[column] for row in observed.open_quarters]
    if held.hours < HOURS or not quarters or held.busiest_hour < LEAST_KNOWN * SURPRISING:
        return NOTHING_KNOWN
    most = max(quarters)
    if most <= SURGE_HOURS * held.busiest_hour:
        return FLOWING
    since = past.end_ms + next(n for n, q in enumerate(quarters) if q == most) * QUARTER_MS
    return Hush(Status.WARNING, Reason.SURGE, since, held.busiest_hour / 4, most)


def _midnight(at_ms: int, timezone: str) -> int:
    """The whole hour at or after which the local day began."""
    hour = at_ms - at_ms % HOUR_MS
    return hour - int(hours_of_day(hour, 1, timezone)[0]) * HOUR_MS
