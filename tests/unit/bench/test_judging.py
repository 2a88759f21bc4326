"""The measurement of judging: it runs at small size, and what it judges is what a monitor of busy campaigns sees."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.judging import look, rounds
from bench.kit.fleet import Fleet
from kpis.times import HOUR_MS, QUARTER_MS
from monitors.engine import Engine
from monitors.goals.subject import WATCHES
from monitors.pacing.verdict import Status


@pytest.mark.parametrize("late_ms", [0, 20 * 60_000])
def test_a_few_campaigns_are_measured_in_all_rounds(late_ms: int) -> None:
    found = rounds(3, 2, late_ms)
    assert set(found) == {"first_cpu_s", "steady_cpu_s", "hour_cpu_s", "mib"}
    assert all(value > 0 for name, value in found.items() if name.endswith("_s"))


def test_each_campaign_has_five_goals_and_its_watches_and_nearly_all_of_them_have_a_judgement() -> None:
    fleet, engine = Fleet(20), Engine()
    statuses: Counter[Status] = Counter()
    for campaign, sight in fleet.seen():
        found = engine.look(campaign, sight, fleet.now_ms)
        assert len(found) == 5 + len(WATCHES)
        statuses.update(verdict.status for _, verdict in found)
    assert statuses[Status.ON_PACE] > 0.7 * statuses.total()
    assert statuses[Status.HOLD] == 0


def test_what_comes_between_two_looks_is_in_all_that_is_seen() -> None:
    fleet = Fleet(2)
    before = [seen for _, seen in fleet.seen()]
    fleet.go_on(2 * HOUR_MS)
    for earlier, (_, later) in zip(before, fleet.seen(), strict=True):
        came = later.to_date[0] - earlier.to_date[0]
        assert came > 0
        assert later.recent.sum(axis=0)[0] - earlier.recent.sum(axis=0)[0] == came
        assert earlier.past is not None
        assert later.past is not None
        assert later.past.end_ms - earlier.past.end_ms == 2 * HOUR_MS
        assert len(later.open_quarters) == (later.as_of_ms or 0) % HOUR_MS // QUARTER_MS + 1


def test_campaigns_with_much_show_something_new_at_each_look() -> None:
    fleet, engine = Fleet(100), Engine()
    look(fleet, engine)
    engine.changed.clear()
    look(fleet, engine)
    assert sum(campaign.series in engine.changed for campaign in fleet.campaigns) >= 80
