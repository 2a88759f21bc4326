"""Up to when each stream is complete, as readers are told: over all partitions, and of workers of before."""

from __future__ import annotations

from collections import Counter

import pytest

from kpis.contract import layout
from kpis.contract.published import Layout
from kpis.measures import Stream
from kpis.times import MINUTE_MS
from monitors.read.decoding import Problems, read_meta
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot, StreamHealth
from tests.kit.monitor_fakes import HOUR, NOON, row

SPEND, CLICK = Stream.SPEND, Stream.CLICK


def snapshot(*partitions: PartitionHealth, **held: tuple[int, ...]) -> Snapshot:
    """What was read of these partitions, and which of them hold which series."""
    series = {name: SeriesRows({"5m": row(1)}, numbers) for name, numbers in held.items()}
    return Snapshot(Layout(len(partitions), "EUR", ("5m",), 40), NOON, partitions, series, {})


def health(number: int, watermark_ms: int | None, **streams: int | None) -> PartitionHealth:
    """A partition whose streams are complete to these times."""
    own = {Stream(name): StreamHealth(at, at, NOON - at if at else None) for name, at in streams.items()}
    return PartitionHealth(number, watermark_ms, streams=own)


@pytest.mark.parametrize("prefix", ["", "ads.", "eu-clicks_"])
def test_streams_are_known_by_the_end_of_their_topics_name(prefix: str) -> None:
    for stream in Stream:
        assert Stream.of_topic(f"{prefix}{stream.topic_suffix}") is stream
    assert Stream.of_topic(f"{prefix}rejected") is None


def test_a_meta_hash_tells_of_each_stream_and_ages_are_no_number_of_a_reader() -> None:
    problems: Problems = Counter()
    meta = {
        layout.CLOCK: NOON, "clock:ads.spend": 5, "reached:ads.spend": 6, "late:ads.spend": 7,
        "clock:ads.clicks": "x", "reached:ads.clicks": 8, "clock:ads.rejected": 9,
    }  # fmt: skip
    raw = {name.encode(): str(value).encode() for name, value in meta.items()} | {b"ages:ads.spend": b"no number"}
    found = read_meta(0, raw, problems)
    assert found.streams == {SPEND: StreamHealth(5, 6, 7), CLICK: StreamHealth(None, 8, None)}
    assert (found.watermark_ms, sum(problems.values())) == (NOON, 1)
    assert read_meta(0, {layout.CLOCK.encode(): b"5"}, problems).streams == {}


def test_after_topics_got_another_prefix_those_that_are_written_count() -> None:
    meta = {b"clock:a.spend": b"1", b"reached:a.spend": b"9", b"clock:old.spend": b"2", b"reached:old.spend": b"3"}
    assert read_meta(0, meta, Counter()).streams[SPEND] == StreamHealth(1, 9, None)


def test_numbers_are_as_of_the_latest_stream_they_are_made_of() -> None:
    """In the partitions that hold the series, and never later than the partition is."""
    found = snapshot(
        health(0, NOON, spend=NOON - 2 * HOUR, click=NOON),
        health(1, NOON - 5, spend=NOON - HOUR, click=NOON + 9),
        health(2, None, spend=1),
        one=(1,), all=(0, 1, 2),
    )  # fmt: skip
    assert found.as_of_streams("one", [CLICK]) == NOON - 5
    assert found.as_of_streams("one", [CLICK, SPEND]) == NOON - HOUR
    for series in ("all", "none holds it"):
        assert found.as_of_streams(series, [SPEND]) == NOON - 2 * HOUR
        assert found.as_of_streams(series, [CLICK]) == NOON - 5
        assert found.as_of_streams(series, []) == found.as_of(series) == NOON - 5


def test_what_an_older_worker_does_not_tell_is_as_of_its_partition() -> None:
    found = snapshot(health(0, NOON, spend=NOON - HOUR, conversion=None), health(1, NOON - 5), all=(0, 1), one=(1,))
    assert found.as_of_streams("one", Stream) == NOON - 5
    assert found.as_of_streams("all", [Stream.CONVERSION]) == NOON - 5
    assert found.as_of_streams("all", Stream) == NOON - HOUR
    assert (found.late_ms(SPEND), found.late_ms(CLICK), found.late_ms(Stream.CONVERSION)) == (HOUR, 0, 0)
    assert (found.reached_ms(SPEND), found.reached_ms(Stream.CONVERSION)) == (NOON - HOUR, None)
    assert snapshot(health(0, None)).as_of_streams("any", [SPEND]) is None


def test_a_stream_is_as_late_as_where_it_is_latest_and_has_reached_what_it_reached_anywhere() -> None:
    found = snapshot(health(0, NOON, spend=NOON - 2 * HOUR), health(1, NOON, spend=NOON - MINUTE_MS))
    assert (found.late_ms(SPEND), found.reached_ms(SPEND)) == (2 * HOUR, NOON - MINUTE_MS)
    assert (found.complete_to(SPEND), found.complete_to(CLICK)) == (NOON - 2 * HOUR, None)
