"""When a recovery is a correction, and what is said of an end whose goal is gone."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kpis.measures import TOTALS, WIDTH, Row
from kpis.times import DAY_MS, QUARTER_MS
from monitors.alerts.alert import Alert, alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.endings import end_of, restated
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy, Transition, ended, step
from monitors.alerts.sentences import headline
from monitors.alerts.stored import Held, decode_held, encode_alert, encode_held
from monitors.goals import Band, Campaign, Flight, Period, TotalGoal
from monitors.pacing.verdict import Direction, Reason, Status, Verdict
from monitors.read.queries import ToDate

GOAL = TotalGoal(TOTALS["spend"], 1_000, Band(0.9, 1.1), Band(0.75, 1.25))
CAMPAIGN = Campaign("c1", "Spring", Flight(0, DAY_MS, "UTC"), (GOAL,))
NOON = DAY_MS // 2
FIRING = AlertState(Status.CRITICAL, Direction.UNDER, NOON)


def judged(status: Status, reason: Reason, actual: int = 300, projected: int = 600) -> Verdict:
    """A verdict at noon, when half of the target is expected."""
    return Verdict(
        status, status, reason, Direction.UNDER, actual, 500, 1_000, actual / 500, projected, 0, GOAL.warning,
        GOAL.critical, NOON,
    )  # fmt: skip


def held(reason: Reason, campaign: Campaign = CAMPAIGN, **verdict: int) -> Held:
    """What is stored once a miss was told at noon, when 300 had been counted."""
    fired = Transition(AlertState(), FIRING, Change.FIRED)
    one = Assessment(campaign, GOAL, judged(Status.CRITICAL, reason, **verdict), FIRING)
    alert = encode_alert(alert_of(one, fired, "EUR", "c1|spend", "1"))
    return decode_held(encode_held(Held(FIRING, raw=alert, counted=(NOON, 300)), campaign.flight))


def counted(spend: int) -> Row:
    """What is known later to have been counted by noon."""
    return (0, 0, 0, spend, 0)


def end(was: Held, then: Row | None, goal: TotalGoal = GOAL, reason: Reason = Reason.WITHIN) -> Change:
    """The change that a recovery is."""
    verdict = structs.replace(judged(Status.ON_PACE, reason), target=goal.target)
    transition = step(was.state, verdict, LifecyclePolicy(), NOON + QUARTER_MS)
    assert transition.change is Change.RESOLVED
    return restated(transition, was, CAMPAIGN, goal, verdict, then=then).change


@pytest.mark.parametrize("reason", [Reason.PROJECTED, Reason.OUTSIDE])
def test_a_total_is_corrected_if_it_would_not_have_been_told_by_what_is_known_now(reason: Reason) -> None:
    """300 of 500 were counted, and 600 of 1,000 projected: 450 and 900 are in the band."""
    was = held(reason)
    assert end(was, counted(300)) is Change.RESOLVED
    assert end(was, counted(449)) is Change.RESOLVED, "it would have been told all the same"
    assert end(was, counted(450)) is Change.CORRECTED
    assert end(was, counted(600)) is Change.RESOLVED, "it would have been told on the other side"
    assert end(was, None) is Change.RESOLVED
    assert end(held(reason, actual=0, projected=0), counted(900)) is Change.RESOLVED


def test_what_no_later_hour_can_mend_is_corrected() -> None:
    assert end(held(Reason.EXCEEDED), None) is Change.CORRECTED
    assert end(held(Reason.FLIGHT_ENDED), None, reason=Reason.FLIGHT_ENDED) is Change.CORRECTED
    assert end(held(Reason.PROJECTED), None, reason=Reason.FLIGHT_ENDED) is Change.RESOLVED
    assert end(held(Reason.CHANGED), counted(450)) is Change.RESOLVED
    a_day = replace(GOAL, per=Period.DAY)
    assert end(held(Reason.EXCEEDED), None, a_day) is Change.RESOLVED, "a new day began"


def test_what_the_goals_file_mends_is_no_correction() -> None:
    assert end(held(Reason.EXCEEDED), None, replace(GOAL, target=2_000)) is Change.RESOLVED
    moved = replace(CAMPAIGN, flight=Flight(1, DAY_MS, "UTC"))
    assert end(held(Reason.EXCEEDED, moved), None) is Change.RESOLVED
    assert end(Held(FIRING), None) is Change.RESOLVED, "an older version kept no alert"


def test_an_end_tells_the_last_numbers_and_one_without_them_whose_it_was() -> None:
    was = held(Reason.PROJECTED)
    found = end_of("c1|spend", was, ended(was.state, NOON), Reason.GOAL_GONE, NOON, unique="2")
    assert (found.id, found.change, found.before, found.after) == ("2", Change.ENDED, Status.CRITICAL, Status.NO_DATA)
    assert (found.name, found.actual, found.reason) == ("Spring", 300, Reason.GOAL_GONE)
    assert headline(found) == "Spring: spend is not judged any more: no longer in the goals file"
    old = Held(FIRING)
    bare = end_of("c%7C1|ctr:at_least:1h", old, ended(old.state, NOON), Reason.GOAL_GONE, NOON, unique="3")
    assert (bare.campaign, bare.label, bare.before) == ("c|1", "ctr:at_least:1h", Status.CRITICAL)
    assert headline(bare).startswith("c|1: ctr:at_least:1h is not judged any more")


def test_an_alert_that_another_version_wrote_costs_its_words_and_not_the_state() -> None:
    raw = encode_held(Held(FIRING, raw=b'{"id":"1","something":"else"}'), CAMPAIGN.flight)
    found = decode_held(raw)
    assert (found.state, found.alert) == (FIRING, None)
    assert msgspec.json.decode(raw)["alert"] == {"id": "1", "something": "else"}


def test_a_corrected_miss_is_said_to_be_one() -> None:
    was = held(Reason.EXCEEDED)
    one = Assessment(CAMPAIGN, GOAL, judged(Status.ON_PACE, Reason.WITHIN), AlertState())
    found: Alert = alert_of(one, Transition(was.state, AlertState(), Change.CORRECTED), "EUR", "c1|spend", "1")
    assert headline(found) == "Spring: spend is on pace: what was counted has been corrected"


@given(st.lists(st.integers(1, 1000), min_size=96, max_size=96), st.integers(0, 96), st.integers(0, 96))
def test_what_was_counted_before_a_quarter_hour_is_the_sum_of_those_before_it(
    quarters: list[int], at: int, closed: int
) -> None:
    """Of the days that are closed only the sum is known."""
    recent = np.zeros((96, WIDTH), np.int64)
    recent[: len(quarters), 3] = quarters
    to_date = ToDate(counted(closed + sum(quarters)), None, DAY_MS, recent)
    found = to_date.until(DAY_MS + at * QUARTER_MS, 2 * DAY_MS)
    assert found == counted(closed + sum(quarters[:at]))
    assert to_date.until(DAY_MS - 1, 2 * DAY_MS) is None
    cut = ToDate(counted(closed + sum(quarters[:50])), None, DAY_MS, recent)
    assert cut.until(DAY_MS + min(at, 50) * QUARTER_MS, DAY_MS + 50 * QUARTER_MS - 1) == counted(
        closed + sum(quarters[: min(at, 50)])
    )
