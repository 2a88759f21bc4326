"""Verdicts: each rule, and each reason for not judging."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, ZERO, Row
from monitors.goals import Band, Bound, Campaign, Flight, Goal, Period, RatioGoal, TotalGoal
from monitors.pacing.judge import judge
from monitors.pacing.onset import Onset
from monitors.pacing.verdict import Direction, Observed, Reason, Status, Verdict, VerdictPolicy
from tests.kit.monitor_fakes import DAY, HOUR, row

POLICY = VerdictPolicy()
START = 100 * DAY
FLIGHT = Flight(START, START + 10 * DAY, "UTC")
SPEND = TotalGoal(TOTALS["spend"], 1_000_000_000, Band(0.9, 1.1), Band(0.75, 1.25))
CLICKS = TotalGoal(TOTALS["clicks"], 10_000, Band(0.9, None), Band(0.75, None))
CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")
CPC = RatioGoal(BY_NAME["cpc"], Bound.AT_MOST, 1.0, 1.25, "1h")
CPA = RatioGoal(BY_NAME["cpa"], Bound.AT_MOST, 20.0, 25.0, "1h")
ROAS = RatioGoal(BY_NAME["roas"], Bound.AT_LEAST, 3.0, 2.0, "1h")
HALF = START + 5 * DAY
MINUTE = HOUR // 60
LEVEL = {Status.ON_PACE: 0, Status.WARNING: 1, Status.CRITICAL: 2}


def verdict(
    goal: Goal,
    to_date: Row = ZERO,
    window: Row | None = None,
    *,
    now: int = HALF,
    as_of: int | None = -1,
    history_from: int = 0,
    has_window: bool = True,
    whole: int | None = 0,
) -> Verdict:
    """The verdict on half-time of a ten-day flight, with data as of now."""
    seen = Observed(to_date, window, now if as_of == -1 else as_of, history_from, has_window, whole_ms=whole)
    return judge(Campaign("c1", "c1", FLIGHT, (goal,)), goal, seen, POLICY, now)


@pytest.mark.parametrize(
    ("spend", "status", "direction"),
    [
        (500, Status.ON_PACE, None),
        (450, Status.ON_PACE, Direction.UNDER),
        (449, Status.WARNING, Direction.UNDER),
        (375, Status.WARNING, Direction.UNDER),
        (374, Status.CRITICAL, Direction.UNDER),
        (0, Status.CRITICAL, Direction.UNDER),
        (550, Status.ON_PACE, Direction.OVER),
        (551, Status.WARNING, Direction.OVER),
        (626, Status.CRITICAL, Direction.OVER),
    ],
)
def test_a_total_is_judged_by_its_bands_bounds_included(
    spend: int, status: Status, direction: Direction | None
) -> None:
    found = verdict(SPEND, row(spend=spend * 1_000_000))
    assert (found.status, found.direction) == (status, direction)
    assert found.reason is (Reason.WITHIN if status is Status.ON_PACE else Reason.OUTSIDE)
    assert (found.actual, found.expected) == (spend * 1_000_000, 500_000_000)


def test_a_total_with_an_open_side_is_never_too_much() -> None:
    assert verdict(CLICKS, row(clicks=100_000)).status is Status.ON_PACE


@pytest.mark.parametrize(
    ("found", "status", "reason"),
    [
        (verdict(SPEND, now=START - 1), Status.NO_DATA, Reason.NOT_STARTED),
        (verdict(CTR, now=START - 1), Status.NO_DATA, Reason.NOT_STARTED),
        (verdict(SPEND, now=START + 10_000, as_of=START - 1), Status.NO_DATA, Reason.NOT_STARTED),
        (verdict(SPEND, as_of=None), Status.NO_DATA, Reason.NO_CLOCK),
        (verdict(SPEND, now=START + 4 * HOUR), Status.NO_DATA, Reason.TOO_EARLY),
        (verdict(SPEND, as_of=HALF - 60_001), Status.HOLD, Reason.STALE_DATA),
        (verdict(CTR, as_of=HALF - 60_001), Status.HOLD, Reason.STALE_DATA),
        (verdict(SPEND, history_from=START + 1), Status.NO_DATA, Reason.HISTORY_GONE),
        (verdict(SPEND, now=FLIGHT.end_ms + DAY), Status.NO_DATA, Reason.FLIGHT_CLOSED),
        (verdict(CTR, has_window=False), Status.NO_DATA, Reason.NO_WINDOW),
        (verdict(CTR), Status.NO_DATA, Reason.TOO_FEW),
        (verdict(SPEND, whole=START + 1), Status.NO_DATA, Reason.PARTLY_COUNTED),
        (verdict(SPEND, whole=START), Status.CRITICAL, Reason.OUTSIDE),
        (verdict(SPEND, whole=None), Status.NO_DATA, Reason.PARTLY_COUNTED),
        (
            verdict(replace(SPEND, per=Period.DAY), now=HALF + 9 * HOUR, whole=HALF + HOUR),
            Status.NO_DATA,
            Reason.PARTLY_COUNTED,
        ),
        (verdict(SPEND, whole=None, now=FLIGHT.end_ms + DAY), Status.NO_DATA, Reason.FLIGHT_CLOSED),
        (verdict(SPEND, whole=None, as_of=HALF - 60_001), Status.HOLD, Reason.STALE_DATA),
        (verdict(CTR, window=row(1000, 0), whole=HALF - HOUR + 1), Status.NO_DATA, Reason.PARTLY_COUNTED),
        (verdict(CTR, window=row(1000, 0), whole=HALF - HOUR), Status.CRITICAL, Reason.OUTSIDE),
        (verdict(CTR, window=row(1000, 0), whole=None), Status.NO_DATA, Reason.PARTLY_COUNTED),
        (verdict(CTR, row(1000, 0), now=FLIGHT.end_ms, whole=START + 1), Status.NO_DATA, Reason.PARTLY_COUNTED),
        (verdict(CTR, row(1000, 0), now=FLIGHT.end_ms, whole=START), Status.CRITICAL, Reason.FLIGHT_ENDED),
    ],
)
def test_what_cannot_be_judged_says_why(found: Verdict, status: Status, reason: Reason) -> None:
    assert (found.status, found.reason) == (status, reason)


def test_data_just_within_the_freshness_gate_is_judged() -> None:
    assert verdict(SPEND, as_of=HALF - 60_000).status is Status.CRITICAL


def test_a_whole_budget_gone_in_the_first_minutes_is_not_too_early_to_tell() -> None:
    found = verdict(SPEND, row(spend=1_000_000_000), now=START + HOUR)
    assert (found.status, found.direction) == (Status.CRITICAL, Direction.OVER)


def test_a_count_is_not_judged_while_chance_explains_everything() -> None:
    small = replace(CLICKS, target=38)
    assert verdict(small, row(clicks=0)).reason is Reason.TOO_EARLY
    assert verdict(replace(CLICKS, target=40), row(clicks=0)).status is Status.CRITICAL


def test_a_flight_that_is_over_is_judged_against_the_whole_target() -> None:
    end = FLIGHT.end_ms
    for now, as_of in ((end, end), (end + 3 * HOUR, end)):
        found = verdict(SPEND, row(spend=800_000_000), now=now, as_of=as_of)
        assert (found.status, found.reason) == (Status.WARNING, Reason.FLIGHT_ENDED)
        assert (found.expected, found.projected, found.required_per_day) == (SPEND.target, 800_000_000, None)


def test_a_ratio_of_an_ended_flight_is_judged_on_all_of_it() -> None:
    found = verdict(CTR, row(100_000, 1_000), window=row(0, 0), now=FLIGHT.end_ms)
    assert (found.status, found.reason, found.actual) == (Status.CRITICAL, Reason.FLIGHT_ENDED, 0.01)


@pytest.mark.parametrize(
    ("impressions", "clicks", "status", "reason"),
    [
        (100, 0, Status.NO_DATA, Reason.TOO_FEW),
        (188, 0, Status.NO_DATA, Reason.TOO_FEW),
        (260, 0, Status.CRITICAL, Reason.OUTSIDE),
        (1_000, 15, Status.ON_PACE, Reason.NOT_PROVEN),
        (100_000, 1_800, Status.WARNING, Reason.OUTSIDE),
        (100_000, 1_400, Status.CRITICAL, Reason.OUTSIDE),
        (100_000, 2_500, Status.ON_PACE, Reason.WITHIN),
        (1_000, 5_000, Status.ON_PACE, Reason.WITHIN),
    ],
)
def test_a_proportion_misses_only_when_its_counts_prove_it(
    impressions: int, clicks: int, status: Status, reason: Reason
) -> None:
    found = verdict(CTR, window=row(impressions, clicks))
    assert (found.status, found.reason) == (status, reason)


@pytest.mark.parametrize(
    ("impressions", "clicks", "proven", "status", "reason", "recovered"),
    [
        (100_000, 1_400, Status.ON_PACE, Status.ON_PACE, Reason.NOT_PROVEN, Status.CRITICAL),
        (100_000, 1_400, Status.WARNING, Status.CRITICAL, Reason.OUTSIDE, Status.CRITICAL),
        (1_000, 14, Status.WARNING, Status.WARNING, Reason.OUTSIDE, Status.CRITICAL),
        (1_000, 19, Status.WARNING, Status.WARNING, Reason.OUTSIDE, Status.WARNING),
        (100, 1, Status.CRITICAL, Status.CRITICAL, Reason.OUTSIDE, Status.CRITICAL),
        (100_000, 2_500, Status.CRITICAL, Status.ON_PACE, Reason.WITHIN, Status.CRITICAL),
        (100_000, 2_500, Status.ON_PACE, Status.ON_PACE, Reason.WITHIN, Status.ON_PACE),
        (100, 0, Status.ON_PACE, Status.NO_DATA, Reason.TOO_FEW, Status.NO_DATA),
        (0, 0, Status.CRITICAL, Status.NO_DATA, Reason.TOO_FEW, Status.NO_DATA),
    ],
)
def test_where_evidence_is_gathered_it_decides_and_the_window_has_to_show_it_too(  # noqa: PLR0917 - a table
    impressions: int, clicks: int, proven: Status, status: Status, reason: Reason, recovered: Status
) -> None:
    """A window alone raises nothing, one that meets its bound is told as no miss, and what is proven does not end.

    How bad it is, is what the window is sure to show: of 1,000, 14 may be chance where 15 are not critical.
    """
    seen = Observed(ZERO, row(impressions, clicks), HALF, 0, proven=proven)
    found = judge(Campaign("c1", "c1", FLIGHT, (CTR,)), CTR, seen, POLICY, HALF)
    assert (found.status, found.reason, found.recovered) == (status, reason, recovered)
    assert found.proven is (proven if found.reason is Reason.OUTSIDE else None)


@pytest.mark.parametrize(
    ("goal", "window", "status"),
    [
        (CPC, row(clicks=100, spend=160_000_000), Status.CRITICAL),
        (CPC, row(clicks=100, spend=150_000_000), Status.WARNING),
        (CPC, row(clicks=7, spend=21_000_000), Status.CRITICAL),
        (CPC, row(clicks=7, spend=14_000_000), Status.WARNING),
        (ROAS, row(clicks=300, conversions=400, spend=100_000_000, revenue=160_000_000), Status.CRITICAL),
        (ROAS, row(clicks=300, conversions=400, spend=100_000_000, revenue=170_000_000), Status.WARNING),
        (CPA, row(clicks=999, spend=200_000_000), Status.CRITICAL),
    ],
)
def test_a_cost_or_return_that_is_proven_to_miss_is_critical_where_so_many_events_are_sure_of_it(
    goal: RatioGoal, window: Row, status: Status
) -> None:
    """Critical from 1.25 and below 2.00: a fifth may be chance of 100 events or 400 orders, and nothing of none."""
    seen = Observed(ZERO, window, HALF, 0, proven=Status.WARNING)
    found = judge(Campaign("c1", "c1", FLIGHT, (goal,)), goal, seen, POLICY, HALF)
    assert (found.status, found.proven, found.recovered) == (status, Status.WARNING, Status.CRITICAL)


ALL = row(1_000_000, 25_000)
"""Of the flight."""


@pytest.mark.parametrize(
    ("began", "impressions", "clicks", "proven", "shown"),
    [
        (MINUTE, 20_000, 200, Status.WARNING, (0.01, HALF - MINUTE)),
        (59 * MINUTE, 20_000, 200, Status.CRITICAL, (0.01, HALF - 59 * MINUTE)),
        (HOUR, 20_000, 200, Status.WARNING, (0.025, None)),
        (MINUTE, 20_000, 200, Status.ON_PACE, (0.025, None)),
        (MINUTE, 20_000, 500, Status.WARNING, (0.025, None)),
        (MINUTE, 0, 0, Status.WARNING, (0.025, None)),
    ],
)
def test_a_proven_miss_that_is_younger_than_its_window_is_shown_by_what_came_since(
    began: int, impressions: int, clicks: int, proven: Status, shown: tuple[float, int | None]
) -> None:
    """The window of an hour still meets its bound; an older miss, one that is not proven or shows nothing does not."""
    onset = Onset(5.0, HALF - began, 25_000 - clicks, 1_000_000 - impressions)
    seen = Observed(ALL, row(100_000, 2_500), HALF, 0, proven=proven, onset=onset)
    found = judge(Campaign("c1", "c1", FLIGHT, (CTR,)), CTR, seen, POLICY, HALF)
    assert (found.actual, found.since_ms) == shown
    assert found.status is (Status.CRITICAL if shown[1] else Status.ON_PACE)
    assert found.proven is (proven if shown[1] else None)
    assert found.direction is (Direction.UNDER if shown[1] else Direction.OVER)


def test_a_window_that_shows_the_miss_is_what_is_shown() -> None:
    onset = Onset(5.0, HALF - MINUTE, 25_000 - 200, 1_000_000 - 20_000)
    seen = Observed(ALL, row(100_000, 1_900), HALF, 0, proven=Status.WARNING, onset=onset)
    found = judge(Campaign("c1", "c1", FLIGHT, (CTR,)), CTR, seen, POLICY, HALF)
    assert (found.status, found.actual, found.since_ms) == (Status.WARNING, 0.019, None)


@pytest.mark.parametrize(
    ("goal", "window", "status", "reason"),
    [
        (CPC, row(clicks=3, spend=9_000_000), Status.NO_DATA, Reason.TOO_FEW),
        (CPC, row(clicks=100, spend=110_000_000), Status.WARNING, Reason.OUTSIDE),
        (CPC, row(clicks=100, spend=130_000_000), Status.CRITICAL, Reason.OUTSIDE),
        (CPC, row(clicks=100, spend=90_000_000), Status.ON_PACE, Reason.WITHIN),
        (CPA, row(clicks=999, spend=199_000_000), Status.NO_DATA, Reason.TOO_FEW),
        (CPA, row(clicks=999, spend=200_000_000), Status.CRITICAL, Reason.NO_EVENTS),
        (ROAS, row(clicks=299, spend=100_000_000), Status.NO_DATA, Reason.TOO_FEW),
        (ROAS, row(clicks=300, spend=100_000_000), Status.CRITICAL, Reason.OUTSIDE),
        (ROAS, row(clicks=300), Status.NO_DATA, Reason.NO_VALUE),
    ],
)
def test_a_money_ratio_needs_a_volume_of_events(goal: RatioGoal, window: Row, status: Status, reason: Reason) -> None:
    found = verdict(goal, window=window)
    assert (found.status, found.reason) == (status, reason)


def test_spend_that_brought_nothing_counts_as_over_its_cost() -> None:
    assert verdict(CPA, window=row(clicks=999, spend=200_000_000)).direction is Direction.OVER


ROWS = st.tuples(
    st.integers(0, 10**9), st.integers(0, 10**8), st.integers(-100, 10**7), st.integers(-(10**9), 10**15),
    st.integers(-(10**9), 10**15),
)  # fmt: skip


@given(
    st.sampled_from([SPEND, CLICKS, CTR, CPC, CPA, ROAS]),
    ROWS,
    st.none() | ROWS,
    st.integers(-2 * DAY, 15 * DAY),
    st.none() | st.integers(-2 * DAY, 15 * DAY),
)
def test_any_numbers_give_a_verdict_and_recovery_is_never_easier_than_a_miss(
    goal: Goal, to_date: Row, window: Row | None, now: int, as_of: int | None
) -> None:
    found = verdict(goal, to_date, window, now=START + now, as_of=None if as_of is None else START + as_of)
    if found.status.is_judgement:
        assert LEVEL[found.recovered] >= LEVEL[found.status]
        assert found.as_of_ms is not None
        assert found.as_of_ms >= FLIGHT.start_ms
    else:
        assert found.recovered is found.status
    if found.actual is None:
        assert found.ratio is None
