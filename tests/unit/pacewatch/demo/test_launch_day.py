"""How the events of the demo's day come in."""

from __future__ import annotations

from kpis.measures import Stream
from kpis.times import MINUTE_MS
from pacewatch.demo.launch_day import LaunchDay, delays
from pacewatch.simulate import scenarios
from pacewatch.simulate.simulation import Simulation

DAY = 1_370_448_000_000
HELD = delays(DAY)
OPENS = DAY + scenarios.OPENS_MS


def day() -> LaunchDay:
    """A fresh one."""
    return LaunchDay(Simulation(scenarios.launch_day(DAY), 1, "run"), HELD)


def test_spend_comes_late_and_all_else_at_once() -> None:
    played = day()
    first = list(played.until(OPENS + HELD.spend_ms - 1))
    assert {r.stream for r in first} == {Stream.IMPRESSION, Stream.CLICK, Stream.CONVERSION}
    (*_, last) = played.until(OPENS + HELD.spend_ms + MINUTE_MS)
    spend = [r for r in played.until(OPENS + 2 * HELD.spend_ms) if r.stream is Stream.SPEND]
    assert {OPENS + MINUTE_MS < (r.ts_ms or 0) <= OPENS + HELD.spend_ms for r in spend} == {True}
    assert last.ts_ms is not None


def test_nothing_comes_while_producers_stall_and_then_all_that_waited() -> None:
    played = day()
    list(played.until(HELD.stall_ms - 1))
    assert list(played.until(HELD.resume_ms - 1)) == []
    waited = list(played.until(HELD.resume_ms))
    times = [r.ts_ms or 0 for r in waited if r.stream is Stream.IMPRESSION]
    assert min(times) == HELD.stall_ms
    assert max(times) == HELD.resume_ms


def test_in_the_end_everything_came_once() -> None:
    played = day()
    ids: list[bytes] = []
    while not played.over:
        ids += [r.value for r in played.until(DAY + scenarios.CLOSES_MS + HELD.spend_ms)]
    plain = [r.value for r in Simulation(scenarios.launch_day(DAY), 1, "run").until(DAY + scenarios.CLOSES_MS)]
    assert sorted(ids) == sorted(plain)
