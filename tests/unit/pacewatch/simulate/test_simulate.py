"""The simulation: the same seed gives the same events, and its truth is their sum."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.measures import Stream
from kpis.times import DAY_MS
from monitors import goals
from pacewatch.replay.recording import Record
from pacewatch.simulate import scenarios
from pacewatch.simulate.simulation import Simulation, decimal

DAY = 1_790_000_000_000 // DAY_MS * DAY_MS


def launch(seed: int = 1) -> Simulation:
    return Simulation(scenarios.launch_day(DAY), seed, "run")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=20))
def test_the_steps_in_which_events_are_asked_for_change_nothing(steps: list[int]) -> None:
    stepped, at = launch(), DAY + scenarios.OPENS_MS
    found: list[Record] = []
    for step in steps:
        at += step
        found += stepped.until(at)
    assert found == list(launch().until(at))


def test_another_seed_gives_other_events() -> None:
    until_ms = DAY + scenarios.OPENS_MS + 3_600_000
    assert list(launch(1).until(until_ms)) != list(launch(2).until(until_ms))


def test_the_truth_is_the_sum_of_the_events_and_every_event_id_is_used_once() -> None:
    simulation = launch()
    counted: dict[str, Counter[str]] = {}
    ids: Counter[str] = Counter()
    last = 0
    for record in simulation.until(DAY + DAY_MS):
        event = json.loads(record.value)
        row = counted.setdefault(event["campaign_id"], Counter())
        ids[event["event_id"]] += 1
        assert last <= event["ts"] < DAY + DAY_MS
        last = event["ts"]
        if event["type"] == "spend":
            row["spend_micros"] += int(Decimal(event["amount"]) * 10**6)
        else:
            row[event["type"] + "s"] += event.get("quantity", 1)
            row["revenue_micros"] += int(Decimal(event.get("revenue", "0")) * 10**6)
    assert simulation.over
    assert simulation.truth == {c: {n: row[n] for n in simulation.truth[c]} for c, row in counted.items()}
    assert max(ids.values()) == 1


def test_the_launch_day_holds_what_its_goals_are_about() -> None:
    simulation = launch()
    list(simulation.until(DAY + scenarios.OPENS_MS - 1))
    assert not any(any(row.values()) for row in simulation.truth.values()), "nothing is served at night"
    list(simulation.until(DAY + scenarios.DROPS_MS - 1))
    half = simulation.truth
    list(simulation.until(DAY + DAY_MS))
    whole = simulation.truth
    budget = scenarios.BUDGET * 10**6
    assert whole["brand-search"]["spend_micros"] == budget
    assert whole["spring-sale"]["spend_micros"] == budget // 2
    assert whole["app-install"]["spend_micros"] > 1.6 * budget
    assert half["shop-retarget"]["conversions"] == whole["shop-retarget"]["conversions"] > 0
    after = {n: whole["video-launch"][n] - half["video-launch"][n] for n in ("clicks", "impressions")}
    steady = whole["brand-search"]["clicks"] / whole["brand-search"]["impressions"]
    assert after["clicks"] / after["impressions"] < 0.5 * steady
    assert not any(half["evening-drop"].values())
    assert whole["evening-drop"]["spend_micros"] == budget // 3, "it is served late, and spends all it should have"


def test_the_launch_day_s_goals_are_a_valid_goals_file(tmp_path: Path) -> None:
    path = tmp_path / "goals.yaml"
    path.write_text(scenarios.launch_goals(DAY))
    found = goals.load(path).campaigns
    assert {c.campaign for c in found} == {load.campaign for load in scenarios.launch_day(DAY)}
    assert {c.flight.start_ms for c in found} == {DAY + scenarios.OPENS_MS, DAY + scenarios.STARTS_MS}
    assert {c.flight.end_ms for c in found} == {load.end_ms for load in scenarios.launch_day(DAY)}, "nothing runs on"


def test_what_goes_wrong_on_the_launch_day_is_said_in_the_order_of_time() -> None:
    told = scenarios.mishaps(DAY)
    assert told == sorted(told, key=lambda one: one[0])
    assert [ms - DAY for ms, _ in told[1:]] == [
        scenarios.BREAKS_MS, scenarios.DROPS_MS, scenarios.STARTS_MS, scenarios.SERVES_MS,
    ]  # fmt: skip


def test_steady_load_has_the_rate_that_was_asked_for() -> None:
    simulation = Simulation(scenarios.steady(20, 100, DAY), 3, "run")
    events = list(simulation.until(DAY + 100_000))
    assert len(events) == pytest.approx(10_000, rel=0.03)
    assert {r.stream for r in events} == set(Stream) - {Stream.MEASURE}


@given(st.integers(0, 10**15))
def test_micros_as_decimals_are_exact(micros: int) -> None:
    assert Decimal(decimal(micros)) * 10**6 == micros
