"""When a worker needs a restart, and when it only waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.runtime.retry import Backoff
from streams.process.liveness import Life, Liveness, LivenessPolicy, Observation

POLICY = LivenessPolicy(stuck_s=60, rebalance_s=30)
NOW = 1_000.0


@pytest.mark.parametrize(
    ("seen", "life"),
    [
        (Observation(NOW, NOW), Life.ALIVE),
        (Observation(NOW - 59, NOW - 59), Life.ALIVE),
        (Observation(NOW - 61, NOW), Life.LOOP_STUCK),
        (Observation(NOW, NOW - 61), Life.NOT_FETCHING),
        (Observation(NOW, NOW, fetcher_ended=True), Life.FETCHER_DEAD),
        (Observation(NOW, NOW - 61, is_assigned=False), Life.ALIVE),
        (Observation(NOW, NOW - 91, is_assigned=False), Life.NOT_FETCHING),
        (Observation(NOW, NOW - 9999, is_assigned=False, is_kafka_away=True), Life.ALIVE),
        (Observation(NOW - 61, NOW - 61, is_kafka_away=True), Life.LOOP_STUCK),
    ],
)
def test_a_worker_is_stuck_when_nothing_moves_that_should(seen: Observation, life: Life) -> None:
    """A rebalance has more patience, and nobody fetches from a Kafka that is away."""
    assert Liveness(POLICY).judge(seen, NOW) is life


def test_records_that_wait_and_are_not_counted_are_noticed() -> None:
    """By partition: one that moves does not hide one that stands still."""
    liveness = Liveness(POLICY)
    for second in range(200):
        seen = Observation(NOW + second, NOW + second, waiting={0: (second, 5), 1: (7, 7)})
        expected = Life.ALIVE if second <= 60 else Life.NOT_COUNTING
        assert liveness.judge(seen, NOW + second) is expected


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=40))
def test_a_partition_that_moves_or_has_nothing_to_read_within_the_time_is_alive(steps: list[tuple[int, bool]]) -> None:
    """Whether it is read to its end now and then, held, or counts."""
    liveness, now = Liveness(POLICY), NOW
    for number, (passes, moves) in enumerate(steps):
        now += passes
        waiting = {0: (number,)} if moves else {}
        assert liveness.judge(Observation(now, now, waiting=waiting), now).is_alive


def test_delays_double_up_to_a_bound() -> None:
    """Without a first delay the second try comes at once."""
    assert [Backoff(0.1, 3.0).before(n) for n in (1, 2, 3, 6, 10_000)] == [0.1, 0.2, 0.4, 3.0, 3.0]
    assert [Backoff(0.0, 5.0).before(n) for n in (1, 2, 3, 10_000)] == [0.0, 0.5, 1.0, 5.0]
