"""What the board says above its rows: whether numbers are those of now, tiles, what to do next, what was told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kpis.measures import Row, Stream
from kpis.series import key
from kpis.times import DAY_MS
from monitors.alerts.alert import alert_of
from monitors.alerts.interventions import Acknowledgement, Deed, DeedKind, Interventions, Silence
from monitors.alerts.lifecycle import AlertState, Change, Transition
from monitors.board.campaign_rows import campaign_row
from monitors.board.overview.alert_log import alerts_now
from monitors.board.overview.freshness import SILENT_S, FreshnessPolicy, health_of, next_steps
from monitors.board.overview.notices import streams
from monitors.board.overview.overview_shapes import Freshness, Tiles
from monitors.board.overview.summing_up import channels_of, midnight, natural, tiles
from monitors.board.overview.today import AT_ONCE, Today
from monitors.board.pulse import EVERY_S
from monitors.goals.subject import key_of
from monitors.goals.values import Flight, Mute
from monitors.pacing.verdict import Status
from monitors.read.queries import Query
from monitors.read.snapshot import PartitionHealth, StreamHealth
from monitors.view import NOT_READ, View
from tests.kit.monitor_fakes import HOUR, MIDNIGHT, NOON, row
from tests.unit.monitors.board.test_board import board, judged, view

SECOND = 1_000
POLICY = FreshnessPolicy(max_lag_ms=60 * SECOND, unread_s=5.0)


def partitions(*found: PartitionHealth, **more: Any) -> View:
    """A view of these partitions."""
    shown = view()
    assert shown.snapshot is not None
    return replace(shown, snapshot=replace(shown.snapshot, partitions=found), read_at_s=100.0, **more)


def late(behind_ms: int, **more: Any) -> PartitionHealth:
    """A partition that was written just now, with numbers of a while ago."""
    return PartitionHealth(0, NOON - behind_ms, flushed_at_ms=NOON, **more)


SILENT = PartitionHealth(1, NOON - 400 * SECOND, flushed_at_ms=NOON - 400 * SECOND)
STREAMS = {Stream.CLICK: StreamHealth(NOON - 330 * SECOND, NOON - 330 * SECOND, 0)}


@pytest.mark.parametrize(
    ("shown", "state", "says", "stream"),
    [
        (partitions(late(SECOND)), Freshness.LIVE, "", ""),
        (partitions(late(90 * SECOND)), Freshness.BEHIND, "1 min behind: pace is on hold", ""),
        (partitions(late(90 * SECOND, lag={"ads.spend": 9, "ads.clicks": 2})), Freshness.BEHIND, "most", "ads.spend"),
        (partitions(late(SECOND, streams=STREAMS)), Freshness.BEHIND, "clicks is 5 min behind", "click"),
        (partitions(late(SECOND), SILENT), Freshness.BEHIND, "Nobody has written partition 1 for 6 min", ""),
        (partitions(SILENT), Freshness.NO_WORKER, "No worker has written for 6 min", ""),
        (View(), Freshness.UNREAD, NOT_READ, ""),
        (View(problem="no layout", is_bare=True, redis_up=True), Freshness.NO_WORKER, "no layout.", ""),
        (View(problem="Redis does not answer."), Freshness.REDIS_AWAY, "Redis does not answer.", ""),
        (partitions(late(SECOND), problem="Redis does not answer"), Freshness.REDIS_AWAY, "answer.", ""),
    ],
)  # fmt: skip
def test_the_head_says_what_is_so(shown: View, state: Freshness, says: str, stream: str) -> None:
    late_ones = streams(shown.snapshot, POLICY.max_lag_ms) if shown.snapshot else ()
    found = health_of(shown, NOON, 101.0, POLICY, late_ones)
    assert (found.state, found.stream) == (state, stream)
    assert says in found.says
    assert found.is_ready == (state in {Freshness.LIVE, Freshness.BEHIND})


def test_a_monitor_that_does_not_read_any_more_is_not_live_whatever_it_read_last() -> None:
    shown = partitions(late(0))
    assert health_of(shown, NOON, 104.9, POLICY).state is Freshness.LIVE
    assert health_of(shown, NOON, 105.1, POLICY).state is Freshness.UNREAD


def test_a_worker_is_missed_after_half_a_minute_of_real_time_on_a_fast_clock_too() -> None:
    gone_ms = int(SILENT_S * SECOND * 10)
    shown = partitions(PartitionHealth(0, NOON, flushed_at_ms=NOON - gone_ms))
    assert health_of(shown, NOON, 101.0, replace(POLICY, rate=10.0)).state is Freshness.LIVE
    assert health_of(shown, NOON + 1, 101.0, replace(POLICY, rate=10.0)).state is Freshness.NO_WORKER
    assert health_of(shown, NOON + 1, 101.0, POLICY).state is Freshness.NO_WORKER


def test_what_an_older_worker_does_not_tell_of_its_writes_is_not_held_against_it() -> None:
    assert health_of(partitions(PartitionHealth(0, NOON)), NOON, 101.0, POLICY).state is Freshness.LIVE


def test_an_empty_system_says_what_to_do_next_and_in_which_order() -> None:
    bare = next_steps(View(is_bare=True, problem="no layout"), 0)
    assert [one.split()[0] for one in bare] == ["Start", "Send", "Write"]
    assert [one.split()[0] for one in next_steps(partitions(late(0)), 0)] == ["Send", "Write"]
    assert [one.split()[0] for one in next_steps(partitions(late(0)), 3)] == ["Write"]
    with_goals = replace(partitions(late(0)), campaigns=(judged("a", Status.ON_PACE).campaign,))
    assert next_steps(with_goals, 3) == ()
    assert next_steps(View(problem="Redis does not answer"), 0) == (), "that is no empty system"


def test_tiles_count_a_campaign_once_and_say_what_begins_soon() -> None:
    def begins(name: str, start_ms: int) -> Any:
        one = judged(name, Status.NO_DATA)
        flight = Flight(start_ms, start_ms + DAY_MS, "UTC")
        return campaign_row(
            key(name), None, (replace(one, campaign=replace(one.campaign, flight=flight)),), "1h", ("", 0)
        )

    late_one = campaign_row("late", None, (judged("late", Status.CRITICAL, 300_000_000),), "1h", ("", 0))
    parent = msgspec.structs.replace(late_one, id="account=A", members=3)
    soon = [begins(name, at) for name, at in (("c10", NOON + HOUR), ("c2", NOON + HOUR), ("far", NOON + 25 * HOUR))]
    found = tiles(
        [late_one, parent, *soon, begins("now", NOON)], NOON, {"critical": 2, "warning": 1}, Tiles(5, 1, "UTC")
    )
    assert (found.risk_micros, found.critical, found.warning) == (200_000_000, 2, 1)
    assert ([one.id for one in found.launches], found.launching) == (["c2", "c10"], 2)
    assert (found.spend_today_micros, found.today_ms) == (5, 1)


def test_names_sort_as_people_count() -> None:
    assert sorted(["c10", "c2", "c02", "b", "c", "c2a", "²", "c" + "9" * 5_000], key=natural)[:6] == [
        "b", "c", "c2", "c02", "c2a", "c10",
    ]  # fmt: skip


def test_today_begins_at_midnight_of_the_zone_on_a_day_of_23_hours_too() -> None:
    spring = 1_774_774_800_000  # 2026-03-29 09:00 UTC, when Berlin had two hours more than UTC, and one at midnight.
    assert spring - midnight(spring, "Europe/Berlin") == 10 * HOUR
    assert midnight(NOON, "UTC") == MIDNIGHT


def test_channels_are_those_of_breakdowns_by_channel_alone() -> None:
    one, two, place = ("channel", "search"), ("channel", "social"), ("country", "DE")
    names = [key("a"), key("a", [one]), key("a", [two]), key("b", [place]), key("a", [("channel", "video"), place])]
    names.append(key("a|b", [("channel", "x=y")]))
    assert channels_of(names) == {"a": ("search", "social"), key("a|b"): ("x=y",)}


def test_a_row_has_its_channels_and_one_that_gets_another_is_sent_again() -> None:
    one = view(spends={"a": 1})
    made = board(one)
    assert made.feed.rows["a"].channels == ()
    assert one.snapshot is not None
    part = key("a", [("channel", "search")])
    more = view(spends={"a": 2})
    assert more.snapshot is not None
    rows = {**more.snapshot.series, part: more.snapshot.series["a"]}
    sent = made.update(replace(more, snapshot=replace(more.snapshot, series=rows)), NOON, 1.0)
    assert [row.channels for row in sent.campaigns] == [("search",)]


def test_todays_spend_is_not_known_before_all_was_read_and_only_what_changed_is_read_again() -> None:
    asked: list[list[str]] = []

    async def sums(queries: Iterable[Query]) -> dict[Query, Row]:
        wanted = list(queries)
        assert {query.start_ms for query in wanted} == {MIDNIGHT}
        asked.append([query.series for query in wanted])
        return {query: row(spend=2) for query in wanted}

    async def run() -> None:
        today = Today(sums)

        def spent() -> int | None:
            return today.found.spend_today_micros

        assert not await today.read(View(), NOON)
        assert spent() is None, "nothing was read of Redis"
        shown = view(spends={f"c{n}": n for n in range(AT_ONCE + 1)})
        assert await today.read(shown, NOON)
        assert spent() is None, "one is not read yet"
        assert not await today.read(shown, NOON)
        assert spent() == 2 * (AT_ONCE + 1)
        assert shown.snapshot is not None
        changed = {**shown.snapshot.series, "c7": replace(shown.snapshot.series["c7"])}
        await today.read(replace(shown, snapshot=replace(shown.snapshot, series=changed)), NOON)
        assert asked[2:] == [["c7"]]
        await today.read(View(), NOON)
        assert spent() is None

    asyncio.run(run())


def test_the_summary_has_no_spend_of_today_while_nothing_is_known() -> None:
    made = board(view(spends={"a": 1}))
    made.today = Tiles(7, MIDNIGHT)
    made.update(view(spends={"a": 1}), NOON, 1.0)
    assert made.summary.tiles.spend_today_micros == 7
    made.update(View(problem="Redis does not answer"), NOON, 2.0)
    assert made.summary.tiles.spend_today_micros is None


def test_the_last_minutes_of_very_many_rows_are_sent_in_turns_and_each_row_once() -> None:
    many = {f"c{n}": n for n in range(1_000)}
    shown = view(spends=many)
    made = board(shown)
    for step in range(1, 12):
        made.update(shown, NOON, step / 10)
    before = {name: len(row.pulse) for name, row in made.feed.rows.items()}
    sent = [[row.id for row in made.update(shown, NOON, EVERY_S + 5 + step / 10).campaigns] for step in range(12)]
    assert max(map(len, sent)) < 250
    assert sorted(one for part in sent for one in part) == sorted(many)
    assert {name: len(row.pulse) for name, row in made.feed.rows.items()} == {name: n + 1 for name, n in before.items()}


def told(name: str, unique: str, **more: Any) -> bytes:
    """An alert as it is stored."""
    one = judged(name, Status.CRITICAL, 300_000_000)
    change = Transition(AlertState(), one.state, Change.FIRED, **more)
    return msgspec.json.encode(alert_of(one, change, "EUR", key_of(one.campaign, one.goal), unique))


def test_the_log_has_what_was_told_newest_first_and_who_did_what() -> None:
    late_one, other = judged("late", Status.CRITICAL, 300_000_000), judged("other", Status.CRITICAL)
    muted = replace(other.campaign, mutes=(Mute(NOON, NOON + HOUR, "booked anew"), Mute(0, 1, "long over")))
    field = key_of(late_one.campaign, late_one.goal)
    done = Interventions(
        {field: Acknowledgement("ana", NOON, "on it"), "gone|spend": Acknowledgement("bo", NOON)},
        {"late": Silence("late", 0, NOON + 1, "ana", "rebooked"), "old": Silence("late", 0, NOON, "ana")},
    )
    shown = replace(view(late_one, other, spends={}), done=done, campaigns=(late_one.campaign, muted))
    deeds = [
        Deed(DeedKind.ACKNOWLEDGED, field, "ana", NOON, "on it"),
        Deed(DeedKind.MUTED, "*", "bo", NOON, "", NOON + 9),
    ]
    raw = [told("late", "1"), b"{", b"\xff", told("other", "2")]
    found = alerts_now(shown, NOON, raw, deeds, can_act=True)
    assert [(one.campaign, one.after, one.is_sent) for one in found.told] == [
        ("other", Status.CRITICAL, True),
        ("late", Status.CRITICAL, True),
    ]
    assert "300" in found.told[1].says
    assert [(one.kind, one.campaign, one.name, one.label, one.by) for one in found.done] == [
        (DeedKind.MUTED, "*", "*", "", "bo"),
        (DeedKind.ACKNOWLEDGED, "late", "Late", "spend", "ana"),
    ]
    assert [(one.campaign, one.by, one.note) for one in found.acknowledged] == [("late", "ana", "on it")]
    assert [(one.campaign, one.by, one.why, one.is_in_file) for one in found.mutes] == [
        ("late", "ana", "rebooked", False),
        ("other", "", "booked anew", True),
    ]
    one = alerts_now(shown, NOON, raw, deeds, can_act=False, campaign="late")
    assert ([t.campaign for t in one.told], len(one.done), len(one.mutes), one.can_act) == (["late"], 1, 1, False)


def test_while_redis_cannot_be_read_the_log_says_so_and_has_what_holds() -> None:
    found = alerts_now(view(), NOON, None, (), can_act=False)
    assert (found.is_read, found.told) == (False, [])
