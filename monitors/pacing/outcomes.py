"""The rule for what comes of other events: clicks of impressions, conversions of clicks, spend of what is served.

Nothing at all is held against how many there were of what it comes of, by the campaign's own rate.
"""

from __future__ import annotations

from math import log, log1p

import numpy as np

from kpis.arrays import Mask
from kpis.measures import INDEX
from kpis.times import MINUTE_MS, QUARTER_MS
from monitors.goals.subject import Watch, Watched
from monitors.goals.values import Bound, Campaign, RatioGoal
from monitors.habits.dispersion import OF_REPORTS
from monitors.habits.heard import Heard
from monitors.habits.rhythm import DAYS
from monitors.pacing.hush import FLOWING, NOTHING_KNOWN, SUSPICIOUS, Hush, quiet
from monitors.pacing.verdict import Observed, Reason, Status
from monitors.read.past import HOURS, Past

FALSE_A_DAY = 0.001
"""How often a stream that works may be called silent by chance: one day in a thousand."""
FALSE_RARE_A_DAY = 0.015
RARE_A_DAY = 50.0
"""Of fewer events a day each is dear: to wait for more proof costs days, so one false alarm in two months is
the lesser evil."""
GAPS = 1.2
"""A gap must be longer than gaps have been by habit."""
LEAST_KNOWN = 5
"""Events that a rate is known from at the least."""
UNSEEN_MS = QUARTER_MS
"""What comes of others takes its time."""
WELL_KNOWN, WARY = 10, 1.5
"""Before ten were seen, it is not known how they cluster, and half as much again must be missing."""
UNSEEN_PROOF = 5.3
"""Expected by the goal's own rate and not one seen: chance does that once in two hundred."""
_OF = {
    Watched.CLICKS: ("clicks", "impressions"),
    Watched.CONVERSIONS: ("conversions", "clicks"),
}
LEAST_SILENT_MS = MINUTE_MS
"""A broker that does not answer for some seconds holds back one stream, while others bring what its events come of: a
worker takes it for away after 15. Clicks that come by the dozen in a second are silent for no campaign's fault then."""
CHARGE_PAUSES = 3.0
"""Spend may come once an hour, or once a day: three times as long as it ever took is no habit."""
LEAST_CHARGED = 8
"""Quarter hours with spend that its rhythm is known from at the least."""
LEAST_UNCHARGED_MS = 2 * QUARTER_MS


def outcome(campaign: Campaign, watch: Watch, observed: Observed, past: Past, *, heard: Heard, at_ms: int) -> Hush:
    """Whether nothing comes of what goes on.

    Args:
        campaign: whose.
        watch: of clicks, which come of impressions, or of conversions, which come of clicks.
        observed: what is known.
        past: the campaign's.
        heard: when each measure last grew.
        at_ms: the watermark.
    """
    above, below = (INDEX[name] for name in _OF[watch.of])
    since = max(heard.since_ms[above], campaign.flight.start_ms)
    # What came last may be a report of many at once, whose outcomes are still to come.
    trials = float(max(heard.before[below] - heard.then[above][below], 0))
    first = max(len(past.hours) - DAYS * HOURS, 0)
    known, tried = past.once(("of the week", above, below), lambda: _of_week(past, first, above, below))
    tried -= max(trials - observed.open_hour[below], 0.0)
    if known < LEAST_KNOWN or tried <= 0:
        return _unseen(campaign, watch, observed, trials, since=since, at_ms=at_ms)
    missing = trials * known / tried
    # The logarithm of the chance to see none, with a rate that is itself known from so many only (gamma-Poisson).
    surprise = (known + 0.5) * log1p(trials / tried)
    a_day = known / max((len(past.hours) - first) / HOURS, 0.25)
    proof = log(a_day / (FALSE_A_DAY if a_day >= RARE_A_DAY else FALSE_RARE_A_DAY))
    if heard.comes_in_reports(below) and len(past.hours) < 2 * HOURS:
        surprise /= OF_REPORTS
    proof = max(proof * (1 if known >= WELL_KNOWN else WARY), GAPS * heard.gaps[above][1] * known / tried)
    # As of a feed that is late by habit, the watermark lies before what was heard of it.
    if surprise >= proof and at_ms + observed.late_ms - since >= LEAST_SILENT_MS:
        return Hush(Status.CRITICAL, Reason.SILENT, since, missing)
    return quiet(since, missing) if surprise >= proof / 2 else FLOWING


def _of_week(past: Past, first: int, above: int, below: int) -> tuple[float, float]:
    """Of the hours that had any of the latter: outcomes without what they come of say nothing of a rate."""
    hours = past.hours[first:]
    busy = hours[hours[:, below] > 0]
    return float(busy[:, above].sum()), float(busy[:, below].sum())


def _unseen(campaign: Campaign, watch: Watch, observed: Observed, trials: float, *, since: int, at_ms: int) -> Hush:
    """Before a rate is known, the goal's own is all there is to expect."""
    above, below = _OF[watch.of]
    rates = [
        g.limit
        for g in campaign.goals
        if isinstance(g, RatioGoal)
        and g.kpi.is_proportion
        and g.kpi.is_quotient
        and (g.kpi.above.name, g.kpi.below.name) == (above, below)
        and g.bound is Bound.AT_LEAST
    ]
    if not rates or observed.to_date[INDEX[above]] or at_ms - since < UNSEEN_MS:
        return NOTHING_KNOWN
    missing = min(rates) * trials
    if missing >= UNSEEN_PROOF:
        return Hush(Status.CRITICAL, Reason.SILENT, since, missing)
    return quiet(since, missing) if missing >= SUSPICIOUS else NOTHING_KNOWN


def uncharged(observed: Observed, past: Past, heard: Heard, at_ms: int) -> Hush:
    """Whether no spend comes, though the campaign is served.

    Args:
        observed: what is known.
        past: the campaign's.
        heard: when each measure last grew.
        at_ms: the watermark.
    """
    spend, served = INDEX["spend_micros"], INDEX["impressions"]
    pauses, known = past.once(("charged",), lambda: _charge_pauses(past.busy[:, spend]))
    if known < LEAST_CHARGED:
        return NOTHING_KNOWN
    since = heard.since_ms[spend]
    if observed.to_date[served] <= heard.then[spend][served]:
        return FLOWING
    quiet_ms = at_ms - since
    if quiet_ms >= max(CHARGE_PAUSES * pauses * QUARTER_MS, LEAST_UNCHARGED_MS):
        return Hush(Status.CRITICAL, Reason.SILENT, since)
    is_quiet = quiet_ms >= max(pauses * QUARTER_MS, LEAST_UNCHARGED_MS / 2)
    return quiet(since) if is_quiet else FLOWING


def _charge_pauses(busy: Mask) -> tuple[int, int]:
    """From one quarter hour with spend to the next, the second longest it took of late; and how many there were."""
    found = np.flatnonzero(busy[-DAYS * HOURS * 4 :])
    steps = np.sort(np.diff(found))
    return (int(steps[-2]) if len(steps) > 1 else 0), len(found)
