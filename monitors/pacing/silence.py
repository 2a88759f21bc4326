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
from monitors.habits.rhythm import SURPRISING, Rhythm, expected_at_least, rhythm
from monitors.pacing.hush import FLOWING, SUSPICIOUS, Hush
from monitors.pacing.outcomes import LEAST_KNOWN, outcome, uncharged
from monitors.pacing.verdict import Direction, Observed, Reason, Status, Verdict
from monitors.read.past import HOURS, Past, hours_of_day

LAUNCH_MS = 25 * MINUTE_MS
"""A campaign that serves has served something by then: ad servers take up to a quarter of an hour to begin."""
LEAST_QUIET_MS = 4 * MINUTE_MS
FIRST_DAY_QUIET_MS = HOUR_MS
"""While its hours of the day are not known, a pause of an hour may be its habit."""
PAUSES = 1.5
"""A pause that lasts half as long again as is usual is none of the usual."""
FALSE_SERVING_A_DAY = 0.0005
"""How often a campaign that serves may be called dark by chance: one day in two thousand."""
SURGE_HOURS = 1.2
"""A quarter hour that brings more than the busiest hour of the week did is some five times its rate."""
_SERVED = (INDEX["impressions"], INDEX["clicks"], INDEX["spend_micros"])


def judge_watch(campaign: Campaign, watch: Watch, observed: Observed, at_ms: int) -> Verdict:
    """Judge a watch at a moment at or after the flight's start.

    Args:
        campaign: whose; its goals say what is expected before anything is known.
        watch: of what.
        observed: what is known, with the past.
        at_ms: the watermark.
    """
    past = observed.past
    if past is None or at_ms >= campaign.flight.end_ms:
        hush = Hush(Status.NO_DATA, Reason.TOO_EARLY if past is None else Reason.FLIGHT_ENDED)
    else:
        total = observed.to_date
        heard = observed.heard or first_heard(total, past, observed.open_quarters, at_ms)
        if watch.of is Watched.SERVING:
            hush = _serving(campaign, observed, past, heard, at_ms)
        elif watch.of is Watched.SPEND:
            hush = uncharged(observed, past, heard, at_ms)
        else:
            hush = outcome(campaign, watch, observed, past, heard=heard)
    return Verdict(
        status=hush.status,
        recovered=hush.status,
        reason=hush.reason,
        direction=Direction.OVER if hush.reason is Reason.SURGE else Direction.UNDER if _is_miss(hush) else None,
        actual=hush.actual if _is_miss(hush) else None,
        expected=round(hush.expected) if _is_miss(hush) else None,
        target=watch.target,
        ratio=None,
        projected=None,
        required_per_day=None,
        warning=watch.warning,
        critical=watch.critical,
        as_of_ms=at_ms,
        since_ms=hush.since_ms,
    )


def never_began(flight: Flight, watch: Watch, heard: Heard | None, now_ms: int) -> Verdict | None:
    """The verdict where no event at all has ever come: nothing but the clock says that a flight runs."""
    if watch.of is not Watched.SERVING or heard is None or not flight.start_ms <= now_ms < flight.end_ms:
        return None
    if now_ms < max(flight.start_ms, heard.armed_ms) + LAUNCH_MS:
        return Verdict.withheld(Status.NO_DATA, Reason.ARMED, watch, None)
    verdict = Verdict.withheld(Status.CRITICAL, Reason.NOTHING_SERVED, watch, None)
    return verdict.because(Direction.UNDER, flight.start_ms)


def _is_miss(hush: Hush) -> bool:
    return hush.status in {Status.WARNING, Status.CRITICAL}


def _served(observed: Observed, past: Past) -> int:
    """The column that shows serving best: impressions, else clicks, else spend."""
    for column in _SERVED:
        if observed.to_date[column]:
            return column
    return past.once(("served",), lambda: next((c for c in _SERVED if past.busy[:, c].any()), _SERVED[0]))


def _serving(campaign: Campaign, observed: Observed, past: Past, heard: Heard, at_ms: int) -> Hush:
    flight, column = campaign.flight, _served(observed, past)
    since = heard.since_ms[column]
    if not any(observed.to_date):
        return _launch(campaign, heard.armed_ms, at_ms)
    held = rhythm(past, column, flight.timezone)
    surge = _surge(held, observed, past, column)
    if surge is not None:
        return surge
    from_ms = max(since, flight.start_ms)
    quiet_ms = at_ms - from_ms
    missing = expected_at_least(held, from_ms, at_ms, flight.timezone) if quiet_ms > MINUTE_MS else 0.0
    longest = max(PAUSES * held.pause_ms, LEAST_QUIET_MS)
    if held.hours < HOURS:
        longest = max(longest, FIRST_DAY_QUIET_MS)
    proof = log(max(held.a_day, 1.0) / FALSE_SERVING_A_DAY)
    if missing >= proof and quiet_ms >= longest:
        if held.evening_stops and from_ms >= _midnight(at_ms, flight.timezone) + DAY_MS // 2:
            return Hush(Status.WARNING, Reason.DAILY_BUDGET, from_ms, missing)
        return Hush(Status.CRITICAL, Reason.NOT_SERVING, from_ms, missing)
    if held.evening_stops > 1:
        return Hush(Status.WARNING, Reason.DAILY_BUDGET, None, 0.0)
    return Hush(Status.ON_PACE, Reason.QUIET, from_ms, missing) if missing >= SUSPICIOUS else FLOWING


def _launch(campaign: Campaign, armed_ms: int, at_ms: int) -> Hush:
    """Nothing of the flight yet: a deadline, or how much a total should have brought by now."""
    flight = campaign.flight
    if at_ms < max(flight.start_ms, armed_ms) + LAUNCH_MS:
        return Hush(Status.NO_DATA, Reason.ARMED)
    part = (at_ms - flight.start_ms) / flight.span_ms
    counts = [g.target * part for g in campaign.goals if isinstance(g, TotalGoal) and g.total.title == "impressions"]
    if counts and max(counts) < SURPRISING:
        return Hush(Status.NO_DATA, Reason.ARMED)
    return Hush(Status.CRITICAL, Reason.NOTHING_SERVED, flight.start_ms, max(counts, default=0.0))


def _surge(held: Rhythm, observed: Observed, past: Past, column: int) -> Hush | None:
    quarters = [row[column] for row in observed.open_quarters]
    if held.hours < HOURS or not quarters or held.busiest_hour < LEAST_KNOWN * SURPRISING:
        return None
    most = max(quarters)
    if most <= SURGE_HOURS * held.busiest_hour:
        return None
    since = past.end_ms + next(n for n, q in enumerate(quarters) if q == most) * QUARTER_MS
    return Hush(Status.WARNING, Reason.SURGE, since, held.busiest_hour / 4, most)


def _midnight(at_ms: int, timezone: str) -> int:
    """The whole hour at or after which the local day began."""
    hour = at_ms - at_ms % HOUR_MS
    return hour - int(hours_of_day(hour, 1, timezone)[0]) * HOUR_MS
