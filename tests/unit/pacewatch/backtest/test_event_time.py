"""Recorded events arrive by a clock of their own, and what a worker would refuse is refused here."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import INDEX, Stream
from kpis.reasons import Reject
from kpis.settings.shared import Settings
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.goals.file import parse as goals_of
from pacewatch.backtest.campaign_quarters import CampaignQuarters
from pacewatch.backtest.event_time import Batches, EventTime, Span
from pacewatch.backtest.moments import Moment, Watchlist, of_recording
from pacewatch.backtest.one_partition import OnePartition
from pacewatch.replay.recording import BadLine, Record, parse

START = 1_763_769_600_000
"""2025-11-22T00:00Z."""
GOALS = goals_of(
    """\
campaigns:
  - campaign: a
    flight: {start: 2025-11-22T00:00Z, end: 2025-11-24T00:00Z}
    goals: [{total: clicks, target: 100}, {ratio: ctr, at_least: 0.02, window: 5m}]
""",
    "x",
)


def record(at_ms: Any, kind: str = "click", **fields: Any) -> Record | BadLine:
    event = {"type": kind, "event_id": f"{kind}-{at_ms}", "ts": at_ms, "campaign_id": "a", **fields}
    return parse(1, json.dumps(event).encode())


def batches(items: list[Record | BadLine], span: Span) -> list[Batches]:
    return list(EventTime(span).batches(items))


def moments(
    items: list[Record | BadLine], hours: float, every: int = MINUTE_MS
) -> tuple[list[Moment], OnePartition, EventTime]:
    span = Span(START, START + round(hours * HOUR_MS), every)
    clock, partition = EventTime(span), OnePartition(Settings.load(), GOALS.campaigns, span.first_ms)
    watchlist = Watchlist(GOALS.campaigns, span.first_ms, DAY_MS)
    return list(of_recording(items, clock, partition, watchlist)), partition, clock


def test_the_clock_goes_on_where_nothing_comes() -> None:
    span = Span(START + 1, START + 5 * MINUTE_MS, MINUTE_MS)
    found = batches([record(START + 1), record(START + 4 * MINUTE_MS)], span)
    looks = [one.now_ms - START for one in found if one.is_look]
    assert looks == [n * MINUTE_MS for n in range(1, 6)]
    assert [len(one.values.get(Stream.CLICK, [])) for one in found] == [1, 0, 0, 1, 0]


def test_an_event_out_of_order_arrives_late_and_one_after_the_end_moves_no_clock() -> None:
    span = Span(START, START + 10 * MINUTE_MS, MINUTE_MS)
    clock = EventTime(span)
    items = [record(START + 5 * MINUTE_MS), record(START), record(START + 400 * DAY_MS), record(START + 6 * MINUTE_MS)]
    found = [(one.now_ms - START, len(one.values[Stream.CLICK])) for one in clock.batches(items) if one.values]
    assert found == [(5 * MINUTE_MS, 2), (6 * MINUTE_MS, 1)]
    assert (clock.left_out.after_the_end, clock.left_out.bad_lines) == (1, 0)


def test_looks_far_apart_still_count_each_minute() -> None:
    span = Span(START, START + HOUR_MS, QUARTER_MS)
    found = batches([record(START + n * MINUTE_MS) for n in range(1, 31)], span)
    assert sum(one.is_look for one in found) == 5
    assert sum(bool(one.values) for one in found) == 30


@given(st.lists(st.integers(0, 3 * HOUR_MS), max_size=40), st.sampled_from([MINUTE_MS, 5 * MINUTE_MS, HOUR_MS]))
def test_every_record_is_delivered_once_in_order_and_never_before_its_time(times: list[int], every: int) -> None:
    span = Span(START, START + 3 * HOUR_MS, every)
    found = batches([record(START + ms) for ms in times], span)
    arrived = [(json.loads(v)["ts"], one.now_ms) for one in found for v in one.values.get(Stream.CLICK, [])]
    assert [ts - START for ts, _ in arrived] == times
    assert all(ts <= now for ts, now in arrived)
    assert [one.now_ms for one in found] == sorted(one.now_ms for one in found)
    assert sum(one.is_look for one in found) == 3 * HOUR_MS // every + 1


def test_what_is_seen_is_what_was_counted_and_repeats_and_refusals_are_counted_apart() -> None:
    items = [record(START + n * MINUTE_MS) for n in range(30)]
    items += [record(START + 29 * MINUTE_MS), record("noon"), record(START - 50 * DAY_MS), BadLine(9, "none", 2)]
    items += [record(START + 40 * MINUTE_MS, "impression", quantity=500)]
    seen, partition, clock = moments(items, 1)
    assert (partition.counted, partition.repeats, clock.left_out.bad_lines) == (31, 1, 2)
    assert partition.refused == {(Stream.CLICK, Reject.BAD_TIME): 1, (Stream.CLICK, Reject.TOO_OLD): 1}
    (_, last) = seen[-1].seen[0]
    assert (last.as_of_ms, last.to_date[INDEX["clicks"]]) == (START + HOUR_MS, 30)
    assert last.to_date[INDEX["impressions"]] == 500
    assert set(last.windows) == {"5m", "24h"}, "those that a goal asks for, and the day"
    assert last.past is not None
    assert last.past.hours[-1, INDEX["clicks"]] == 30
    five = [moment.seen[0][1].windows["5m"] for moment in seen]
    assert [0 if row is None else row[INDEX["clicks"]] for row in five][4:6] == [5, 5]


def test_late_events_count_in_the_flight_but_not_in_the_window() -> None:
    seen, *_ = moments([record(START + 30 * HOUR_MS), record(START + HOUR_MS)], 30.5)
    (_, last) = seen[-1].seen[0]
    assert last.to_date[INDEX["clicks"]] == 2
    assert last.windows["24h"] is not None
    assert last.windows["24h"][INDEX["clicks"]] == 1


@given(st.lists(st.tuples(st.integers(0, 4000), st.booleans(), st.integers(-5, 9)), max_size=40))
def test_quarter_hours_add_up_whatever_order_they_come_in(steps: list[tuple[int, bool, int]]) -> None:
    flight = GOALS.campaigns[0].flight
    quarters, plain = CampaignQuarters(flight, START), dict[int, int]()
    for after, is_absolute, value in steps:
        place = START // QUARTER_MS + after
        (quarters.put if is_absolute else quarters.add)(place, (value, 0, 0, 0, 0))
        plain[place] = value if is_absolute else plain.get(place, 0) + value
    now = START + 4001 * QUARTER_MS
    inside = range(flight.start_ms // QUARTER_MS, flight.end_ms // QUARTER_MS)
    assert quarters.to_date(now, now).row[0] == sum(value for place, value in plain.items() if place in inside)
    assert quarters.between(START, now)[:, 0].sum() == sum(plain.values())
