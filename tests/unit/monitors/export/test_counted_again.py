"""Which partitions are counted again, scrape by scrape."""

from __future__ import annotations

from monitors.export.counted_again import CountedAgain
from monitors.read.snapshot import PartitionHealth


def partition(clicks: int, *, flushed_ms: int = 0, caught_up: bool = False, number: int = 0) -> PartitionHealth:
    """One that has counted so many."""
    counters = {"accepted:click": clicks, "rejected:click:not_json": 1_000 - clicks}
    return PartitionHealth(number, caught_up=caught_up, flushed_at_ms=flushed_ms, counters=counters)


def test_a_partition_that_only_grows_is_never_counted_again_however_late_it_is() -> None:
    kept = CountedAgain()
    assert [kept.after([partition(n)], n) for n in (0, 5, 5, 90)] == [frozenset()] * 4


def test_one_of_which_less_is_there_is_counted_again_until_all_of_it_is() -> None:
    kept = CountedAgain()
    kept.after([partition(90), partition(50, number=1)], 1)
    assert kept.after([PartitionHealth(0), partition(50, number=1)], 2) == {0}
    assert kept.after([partition(89, flushed_ms=3), partition(50, number=1)], 3) == {0}
    assert kept.after([partition(90, flushed_ms=4), partition(50, number=1)], 4) == frozenset()


def test_what_kafka_has_deleted_is_not_waited_for() -> None:
    kept = CountedAgain()
    kept.after([partition(90)], 1)
    assert kept.after([partition(10, flushed_ms=5)], 5) == {0}
    assert kept.after([partition(60, flushed_ms=6, caught_up=True)], 6) == frozenset()
    assert kept.after([partition(59, flushed_ms=7)], 7) == {0}, "it may be lost once more"


def test_what_an_old_backup_says_of_itself_is_of_an_earlier_time() -> None:
    kept = CountedAgain()
    kept.after([partition(90, flushed_ms=9, caught_up=True)], 9)
    backup = partition(40, flushed_ms=4, caught_up=True)
    assert [kept.after([backup], now_ms) for now_ms in (10, 11)] == [{0}, {0}]
    assert kept.after([partition(95, flushed_ms=12, caught_up=True)], 12) == frozenset()
