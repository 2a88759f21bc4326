"""How far a topic is read, and up to when it is complete: what of its events' ages is the feed's, and what is ours."""

from __future__ import annotations

from typing import Any

import numpy as np

from kpis.contract import layout
from kpis.times import HOUR_MS, MINUTE_MS
from streams.partitions.stream_progress import UNANSWERED_MS, StreamProgress
from streams.partitions.tools import KnownEnd
from streams.state.lateness import Arrivals

NOW = 1_795_348_800_000
TOPIC = "ads.spend"
LATE, CLOCK, REACHED, AGES = (f"{p}{TOPIC}" for p in (layout.LATE, layout.STREAM_CLOCK, layout.REACHED, layout.AGES))


class Read:
    """A topic that is read; ``at`` is the next offset, ``now`` the clock."""

    def __init__(self, meta: dict[str, str] | None = None, now: int = NOW, rate: float = 1.0) -> None:
        self.made = StreamProgress(TOPIC, meta or {})
        self.now, self.at, self.rate = now, 0, rate

    def count(self, *event_ages: int) -> None:
        """Count events that are so old now."""
        times = self.now - np.array(event_ages, np.int64)
        self.made.counted(self.at, Arrivals.of(times, None, ()), self.now)
        self.at += len(event_ages)

    def look(self, end: int | None = None, *, ago: int | None = 0, unknown: bool = False) -> dict[str, Any]:
        """Move on, with the topic's end (where reading stands by default) as Kafka said it so long ago."""
        known = None if unknown else KnownEnd(self.at if end is None else end, ago)
        self.made.advance(self.now, self.at, known, self.rate)
        return self.made.told(self.now)


def test_of_a_topic_whose_broker_no_longer_answers_nobody_knows_whether_more_came() -> None:
    """Or numbers would look fresh, and campaigns dark, while Kafka is down; a backlog is one all the same."""
    made = StreamProgress(TOPIC, {})
    found = [made.advance(NOW, 5, KnownEnd(end, ago), 1.0).behind for end, ago in (
        (5, 0), (5, UNANSWERED_MS), (5, UNANSWERED_MS + 1), (9, UNANSWERED_MS + 1), (5, None),
    )]  # fmt: skip
    assert found == [False, False, None, True, False]


def test_a_feed_that_is_two_hours_late_is_complete_to_two_hours_ago() -> None:
    read = Read()
    assert read.look() == {CLOCK: NOW}
    read.count(*[2 * HOUR_MS] * 5)
    told = read.look()
    assert told[REACHED] == NOW - 2 * HOUR_MS
    assert 2 * HOUR_MS <= told[LATE] <= 2.2 * HOUR_MS
    assert told[CLOCK] == NOW - told[LATE]
    read.now += 1000
    assert read.look() == {REACHED: told[REACHED], LATE: told[LATE], CLOCK: told[CLOCK] + 1000}, "no age came"


def test_a_restart_knows_what_the_owner_before_knew() -> None:
    read = Read()
    read.look()
    read.count(*[2 * HOUR_MS] * 5)
    told = read.look()
    again = Read({name: str(value) for name, value in told.items()}, NOW + HOUR_MS)
    held = again.look(5, unknown=True)
    assert held == {name: told[name] for name in (REACHED, LATE, CLOCK)}
    again.at = 5
    assert again.look() == held | {CLOCK: told[CLOCK] + HOUR_MS}
    again.count(10 * MINUTE_MS)
    assert again.look()[LATE] == told[LATE], "one of six events"


def test_a_meta_hash_from_before_and_a_damaged_one_begin_anew() -> None:
    old = {f"{layout.OFFSET}{TOPIC}": "5", layout.CLOCK: str(NOW), f"{layout.LAG}{TOPIC}": "0"}
    damaged = {LATE: "-", REACHED: "²", CLOCK: "x", AGES: "1_2"}
    for meta in (old, damaged):
        read = Read(meta)
        assert read.look(unknown=True) == {}
        assert read.look() == {CLOCK: NOW}


def test_a_backlog_that_we_are_late_with_says_nothing_of_the_feed() -> None:
    read = Read()
    read.look(30)
    read.count(*[8 * HOUR_MS] * 20)
    assert LATE not in read.look(30)
    read.now += 2 * MINUTE_MS
    read.count(*[8 * HOUR_MS] * 10)
    # It came since the first look, and waited for two minutes.
    read.count(*[8 * HOUR_MS] * 10)
    assert LATE not in read.look()
    read.count(*[5000] * 10)
    assert read.look()[LATE] == 0


def test_what_comes_while_a_worker_sleeps_or_kafka_is_away_says_nothing() -> None:
    """Flushes may go on, or come before the first fetch after it: then the end that is known is an old one."""
    read = Read()
    read.look()
    for _ in range(60):
        read.now += MINUTE_MS
        read.look(ago=read.now - NOW)
    read.count(*range(0, HOUR_MS, MINUTE_MS))
    assert LATE not in read.look()


def test_an_end_is_as_old_by_a_fast_clock_as_that_makes_it() -> None:
    """By a clock of a day in a minute every event waits for minutes of it: nothing is told of the feed."""
    read = Read(rate=1440)
    read.look(ago=100)
    read.count(*[5 * MINUTE_MS] * 10)
    assert LATE not in read.look(ago=100)


def test_a_topic_that_is_made_anew_is_looked_at_again() -> None:
    read = Read()
    read.at = 1000
    read.look()
    read.at = 0
    read.count(*[8 * HOUR_MS] * 5)
    assert LATE not in read.look(20), "what it begins with may lie there for long"
    for _ in range(100):
        read.count(*[HOUR_MS] * 5)
        read.now += 1000
        read.look(read.at + 15)
    assert read.look()[LATE] < 2 * HOUR_MS


def test_a_topic_that_is_always_being_written_is_looked_at_too() -> None:
    """Its end is never where reading stands."""
    read = Read()
    for _ in range(100):
        read.look(read.at + 7)
        read.count(*[HOUR_MS] * 5)
        read.now += 250
    assert read.look(read.at + 7)[LATE] >= HOUR_MS


def test_a_topic_that_is_read_with_a_little_delay_is_looked_at_too() -> None:
    """An end that is not reached yet is kept, however often others are told meanwhile."""
    read = Read()
    for _ in range(100):
        read.look(read.at + 20 * 5)
        read.count(*[HOUR_MS] * 5)
        read.now += 1000
    assert read.look(read.at + 20 * 5)[LATE] >= HOUR_MS


def test_an_early_event_is_not_reached_before_its_time() -> None:
    read = Read()
    read.look()
    read.count(1000, -90_000)
    assert read.look()[REACHED] == NOW
    read.now += HOUR_MS
    assert read.look()[REACHED] == NOW + 90_000


def test_a_topic_that_is_behind_is_complete_to_what_it_reached_since_it_was_taken() -> None:
    read = Read({REACHED: str(NOW - 1000)})
    read.now += HOUR_MS
    assert CLOCK not in read.look(100)
    read.count(HOUR_MS - 5000)
    told = read.look(100)
    assert (told[CLOCK], told[REACHED]) == (NOW + 5000, NOW + 5000)
    read.at = 100
    assert read.look(100)[CLOCK] == read.now
