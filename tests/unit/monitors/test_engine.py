"""The engine: what stops and starts again judges the same, what keeps its pace is on pace, and no numbers stop it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, WIDTH, ZERO, Row, Stream
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.alerts.stored import decode_evidence, decode_heard, encode_evidence, encode_heard
from monitors.engine import Engine
from monitors.goals.curves import curve_of
from monitors.goals.spread.spec import CurveSpec, Shape
from monitors.goals.subject import WATCHES, Subject, key_of
from monitors.goals.values import Band, Bound, Campaign, Flight, Period, RatioGoal, Rule, TotalGoal
from monitors.pacing.verdict import Reason, Status, Verdict
from monitors.read.snapshot import StreamHealth
from monitors.sight import Sight, periods_of
from tests.kit.flows import between, seen
from tests.kit.monitor_fakes import row

TWO_SIDED = Band(0.9, 1.1), Band(0.75, 1.25)
FLIGHT = Flight(0, 8 * DAY_MS, "Europe/Berlin")
IMPRESSIONS = TotalGoal(TOTALS["impressions"], 76_800, *TWO_SIDED)
SPEND = TotalGoal(TOTALS["spend"], 768_000_000, *TWO_SIDED)
GOALS = (
    IMPRESSIONS,
    SPEND,
    replace(SPEND, per=Period.DAY, target=96_000_000),
    replace(IMPRESSIONS, per=Period.WEEK, target=67_200),
    TotalGoal(
        TOTALS["clicks"], 3000, Band(0.9, None), Band(0.5, None), CurveSpec(Shape.BACK_LOADED), rule=Rule.THRESHOLD
    ),
    RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.04, 0.03, "1h"),
    RatioGoal(BY_NAME["cvr"], Bound.AT_MOST, 0.2, 0.3, "24h"),
    RatioGoal(BY_NAME["cpa"], Bound.AT_MOST, 2.0, 3.0, "24h"),
    RatioGoal(BY_NAME["roas"], Bound.AT_LEAST, 2.0, 1.0, "1h", rule=Rule.THRESHOLD),
)
CAMPAIGN = Campaign("c1", "c1", FLIGHT, GOALS)
USUAL = row(100, 4, 1, 1_000_000, 3_000_000)


def looked(campaign: Campaign, rows: Sequence[Row], at_ms: int, late_ms: int = 0, start_ms: int = 0) -> Sight:
    """What is seen of it, with its periods, and with spend that is late."""
    streams = {stream: StreamHealth(at_ms, at_ms, 0) for stream in Stream}
    if late_ms:
        streams[Stream.SPEND] = StreamHealth(at_ms - late_ms, at_ms, late_ms)
    sight = seen(campaign.flight, rows, at_ms, start_ms, streams)
    parts = periods_of(campaign, at_ms).items()
    return replace(
        sight, periods={per: between(rows, part.start_ms, min(at_ms + 1, part.end_ms), start_ms) for per, part in parts}
    )


def rebuilt(engine: Engine) -> Engine:
    """What a monitor that takes over makes of what was stored."""
    held = {name: decode_evidence(encode_evidence(one)) for name, one in engine.held.items()}
    heard = {name: decode_heard(encode_heard(one)) for name, one in engine.heard.items()}
    return Engine(
        held={name: one for name, one in held.items() if one is not None},
        heard={name: one for name, one in heard.items() if one is not None},
    )


def stream(seed: int, hours: int) -> list[Row]:
    """Three usual days, then hours in which some of it fails now and then."""
    rng = random.Random(seed)
    rows = [USUAL] * 288
    for _ in range(hours):
        hour = rng.choice([
            USUAL, USUAL, ZERO, row(100), row(100, 4, 0, 1_000_000), row(100, 4, 1, -9_000_000, -5_000_000),
            row(900, 4, 1, 1_000_000, 3_000_000), row(10, 3, 1, 5_000_000, 1),
        ])  # fmt: skip
        rows += [tuple(rng.randrange(n) if n > 1 else n for n in hour) for _ in range(4)]
    return rows


@settings(max_examples=12)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(1, 3 * 60), min_size=2, max_size=14),
    st.sets(st.integers(0, 13)),
    st.sampled_from([0, 0, 5 * MINUTE_MS, 2 * HOUR_MS]),
)
def test_stopping_and_starting_again_at_any_look_changes_no_verdict(
    seed: int, minutes: list[int], stops: set[int], late_ms: int
) -> None:
    rows = stream(seed, 44)
    one, other, at_ms = Engine(), Engine(), 3 * DAY_MS - HOUR_MS
    told: set[str] = set()
    for n, apart in enumerate(minutes):
        at_ms += apart * MINUTE_MS
        if n in stops:
            other = rebuilt(other)
        first = one.look(CAMPAIGN, looked(CAMPAIGN, rows, at_ms, late_ms), at_ms)
        assert other.look(CAMPAIGN, looked(CAMPAIGN, rows, at_ms, late_ms), at_ms) == first
        told |= {verdict.reason for _, verdict in first}
    assert (one.held, one.heard) == (other.held, other.heard)
    assert told


def test_what_is_new_is_marked_to_be_stored_and_what_is_gone_is_let_go() -> None:
    engine, rows = Engine(), stream(1, 4)
    engine.look(CAMPAIGN, looked(CAMPAIGN, rows, 2 * DAY_MS), 2 * DAY_MS)
    proportions = {key_of(CAMPAIGN, goal) for goal in GOALS if goal.id.startswith(("ctr", "cvr"))}
    assert engine.changed == proportions | {"c1"} == engine.held.keys() | engine.heard.keys()
    engine.changed.clear()
    engine.look(CAMPAIGN, looked(CAMPAIGN, rows, 2 * DAY_MS), 2 * DAY_MS)
    assert engine.changed == set()
    engine.look(CAMPAIGN, looked(CAMPAIGN, rows, 2 * DAY_MS + HOUR_MS), 2 * DAY_MS + HOUR_MS)
    assert engine.changed == proportions | {"c1"}
    keep = sorted(proportions)[0]
    assert engine.forget({keep}, {"c1"}) == sorted(proportions - {keep})
    assert engine.forget({keep}, set()) == ["c1"]
    assert (set(engine.held), engine.heard) == ({keep}, {})


def verdicts(campaign: Campaign, rows: Sequence[Row], at_ms: int, late_ms: int = 0, start_ms: int = 0) -> dict[
    Subject, Verdict
]:  # fmt: skip
    """What a first look says."""
    return dict(Engine().look(campaign, looked(campaign, rows, at_ms, late_ms, start_ms), at_ms))


ZONES = [("2026-03-25", "Europe/Berlin"), ("2026-10-23", "Europe/Berlin"), ("2026-10-30", "America/New_York"),
         ("2026-06-01", "Asia/Kolkata"), ("2026-04-01", "Australia/Lord_Howe")]  # fmt: skip
WEEKLY = CurveSpec(week=tuple((day * 1440 + hour * 60, 1.0 if hour == 8 else 0.3) for day in range(7)
                              for hour in (0, 8, 20)))  # fmt: skip


@pytest.mark.parametrize(("day", "zone"), ZONES)
@pytest.mark.parametrize("spec", [CurveSpec(), CurveSpec(Shape.FRONT_LOADED), WEEKLY, CurveSpec(lag_ms=HOUR_MS)])
def test_pace_is_one_and_nothing_is_told_while_delivery_follows_its_curve(day: str, zone: str, spec: CurveSpec) -> None:
    """Over days on which clocks change, from a local midnight on: flights of six days, looked at all along."""
    begin = int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000
    flight = Flight(begin, begin + 6 * DAY_MS, zone)
    goal = TotalGoal(TOTALS["impressions"], 9_600_000, *TWO_SIDED, spec)
    start = begin - begin % HOUR_MS
    curve = curve_of(spec)
    upto = [round(goal.target * curve(flight, start + n * QUARTER_MS)) for n in range(6 * 96 + 4)]
    rows = [row(b - a, (b - a) // 50) for a, b in itertools.pairwise(upto)]
    campaign = Campaign("c1", "c1", flight, (goal,))
    for hours in (3, 9, 25, 49, 71, 99, 140, 143.75):
        at_ms = start + round(hours * HOUR_MS) - 1
        found = verdicts(campaign, rows, at_ms, start_ms=start)[goal]
        assert found.ratio == pytest.approx(1, abs=0.03)
        assert found.status is Status.ON_PACE
        assert found.projected == pytest.approx(goal.target, rel=0.03)
    end = flight.end_ms
    final = verdicts(campaign, rows, end, start_ms=start)[goal]
    assert (final.status, final.reason) == (Status.ON_PACE, Reason.FLIGHT_ENDED)
    assert final.actual == goal.target


@pytest.mark.parametrize(("per", "days"), [(Period.DAY, 5), (Period.WEEK, 14)])
@pytest.mark.parametrize("late_ms", [2 * HOUR_MS, 7 * HOUR_MS])
def test_no_day_or_week_is_called_missed_because_spend_comes_late(per: Period, days: int, late_ms: int) -> None:
    """Looked at around each midnight: the last hours of yesterday are no miss of today."""
    goal = replace(SPEND, per=per, target=96_000_000 * (1 if per is Period.DAY else 7))
    campaign = Campaign("c1", "c1", Flight(0, 20 * DAY_MS, "UTC"), (goal,))
    rows = [row(100, spend=1_000_000)] * (96 * (days + 1))
    for minutes in range(-60, 10 * 60, 47):
        found = verdicts(campaign, rows, days * DAY_MS + minutes * MINUTE_MS, late_ms)[goal]
        assert found.status in {Status.ON_PACE, Status.HOLD, Status.NO_DATA}, found
        assert found.actual is None or found.actual >= 0


@pytest.mark.parametrize(("start", "end"), [(0, HOUR_MS), (20 * MINUTE_MS, 50 * MINUTE_MS), (0, 365 * DAY_MS), (0, 1)])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Chatham"])
def test_flights_of_any_length_are_judged_at_any_moment(start: int, end: int, zone: str) -> None:
    campaign = replace(CAMPAIGN, flight=Flight(start, end, zone))
    rows = [USUAL] * 700
    for at_ms in (0, 1, 20 * MINUTE_MS, 50 * MINUTE_MS, HOUR_MS - 1, HOUR_MS, DAY_MS, 7 * DAY_MS + 5):
        found = verdicts(campaign, rows, at_ms)
        assert len(found) == len(GOALS) + len(WATCHES)
        assert all(isinstance(one, Verdict) for one in found.values())
        if start <= at_ms < end:
            assert all(one.reason is not Reason.NOT_STARTED for one in found.values())


HUGE = st.sampled_from([0, 0, 1, 7, -1, -5000, 10**9, -(10**12), 2**62, -(2**62)])


@settings(max_examples=25)
@given(
    st.lists(st.tuples(*[HUGE] * WIDTH), min_size=1, max_size=60),
    st.integers(0, 5),
    st.lists(st.integers(0, 5 * 60), min_size=1, max_size=5),
    st.sampled_from([0, 20 * MINUTE_MS, 3 * HOUR_MS]),
)
def test_no_numbers_stop_it(rows: list[Row], before: int, minutes: list[int], late_ms: int) -> None:
    """Refunds, corrections, sums that 64 bits do not hold: each goal has a verdict all the same."""
    whole = [USUAL] * (before * 24) + rows * 3
    engine, at_ms = Engine(), (len(whole) - 2) * QUARTER_MS
    for apart in minutes:
        at_ms += apart * MINUTE_MS
        found = engine.look(CAMPAIGN, looked(CAMPAIGN, whole, at_ms, late_ms), at_ms)
        assert [goal for goal, _ in found] == [*GOALS, *WATCHES]
