"""How the contenders of a throughput run are compared."""

from __future__ import annotations

import pytest

from bench.peers.run import Outcome, difference
from bench.throughput import Row


def ran(*events_per_s: float, wrong: str = "") -> Row:
    return Row(1_000, runs=[Outcome(e, 1.0, wrong) for e in events_per_s])


def test_ratios_are_of_the_same_round_so_that_a_slow_moment_of_the_machine_slows_both() -> None:
    worker, peer = ran(400.0, 40.0, 200.0), ran(100.0, 10.0, 50.0)
    assert peer.summary(worker)["worker_over_this"] == 4.0


def test_the_middle_round_counts_and_the_spread_tells_how_far_apart_they_were() -> None:
    found = ran(100.0, 300.0, 200.0).summary(ran(100.0, 300.0, 200.0))
    assert found["events_per_s"] == 200.0
    assert found["spread_ratio"] == pytest.approx(2.0)


def test_what_a_peer_got_wrong_stands_in_its_row_once() -> None:
    row = ran(10.0, 10.0, wrong="3 of 4 counts are wrong")
    row.remark = "hopping windows"
    assert row.summary(ran(10.0, 10.0))["remark"] == "3 of 4 counts are wrong; hopping windows"


def test_a_peer_that_failed_at_once_has_a_row_that_says_so_and_no_figures() -> None:
    row = Row(1_000, remark="hopping windows", failure="failed: no broker")
    assert row.summary(ran(10.0)) == {"remark": "failed: no broker; hopping windows"}


def test_a_peer_that_failed_later_keeps_the_ratios_of_the_rounds_it_ran() -> None:
    row = ran(10.0)
    row.failure = "failed: not done after 180 s"
    found = row.summary(ran(20.0, 90.0, 90.0))
    assert found["worker_over_this"] == 2.0
    assert found["remark"] == "failed: not done after 180 s"


def test_counts_that_are_missing_off_or_of_nobody_are_wrong() -> None:
    truth = {"a:click": 2, "b:click": 1}
    assert difference(truth, truth) == ""
    for counts in ({"a:click": 2}, {"a:click": 1, "b:click": 1}, {**truth, "c:click": 1}):
        assert difference(counts, truth).startswith("1 of 2 counts are wrong")
