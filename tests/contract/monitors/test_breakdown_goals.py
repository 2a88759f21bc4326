"""Goals of a channel cycle by cycle at a real Redis: over all campaigns, an account's or some, told and shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.times import DAY_MS
from monitors.alerts.alert import Alert
from monitors.alerts.sentences import whose
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.goals.file import parse
from monitors.goals.parents.scope import Scope
from monitors.pacing.verdict import Reason, Status
from monitors.read.scopes.wanted import WantedParts
from tests.contract.monitors.test_parents_live import FLIGHT, USUAL, Watching
from tests.kit.monitor_fakes import NOON, row
from tests.kit.redis_server import redis_server

SEARCH, SOCIAL = "channel=search", "channel=paid social"
GOALS = f"""\
campaigns:
  - {{campaign: a, account: Acme, {FLIGHT}, goals: [{{total: spend, target: 9600}}]}}
  - {{campaign: b|c, account: Bolt, {FLIGHT}, goals: [{{total: spend, target: 9600}}]}}
breakdowns:
  - {{breakdown: {SEARCH}, goals: [{{total: spend, target: 960}}, {{ratio: ctr, at_least: 0.01}}]}}
  - {{breakdown: {SEARCH}, account: Acme, goals: [{{total: clicks, target: 960, per: day}}]}}
  - {{breakdown: {SOCIAL}, campaigns: [b|c], goals: [{{total: spend, target: 96}}]}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


def run(server: int, tmp_path: Path, test: Callable[[Watching], Awaitable[None]]) -> None:
    """A test at an empty Redis; three series of two campaigns, one of these on both partitions."""

    async def go() -> None:
        path = tmp_path / "goals.yml"
        path.write_text(GOALS)
        async with Redis(port=server) as redis:
            await redis.flushall()
            one = Watching(redis, path)
            one.reader.wanted = WantedParts()
            await one.seed.layout()
            names = ("a", "b%7Cc", f"a|{SEARCH}", f"b%7Cc|{SEARCH}", f"b%7Cc|{SOCIAL}")
            await one.before(*names)
            more = {f"a|{SEARCH}": USUAL, f"b%7Cc|{SEARCH}": row(1000, 0, 0, 5_000_000), f"b%7Cc|{SOCIAL}": USUAL}
            await one.at(NOON, a=USUAL, **{"b%7Cc": USUAL}, **more)
            await test(one)

    asyncio.run(go())


def test_a_channel_is_judged_over_its_part_of_each_campaign_and_of_no_other(server: int, tmp_path: Path) -> None:
    async def test(one: Watching) -> None:
        everywhere = one.verdicts(SEARCH)
        assert (everywhere["spend"].actual, everywhere["spend"].target) == (48 * 15_000_000, 960_000_000)
        assert everywhere["ctr:at_least:1h"].actual == pytest.approx(20 / 2000)
        (of_acme,) = one.verdicts("account+channel=Acme%7Csearch").values()
        assert (of_acme.actual, of_acme.target) == (48 * 20, 960)
        (social,) = one.verdicts("channel=paid social").values()
        assert social.actual == 480_000_000
        assert one.cycle.view.uncounted == ()

    run(server, tmp_path, test)


def test_its_miss_is_told_once_and_the_board_and_the_metrics_have_it(server: int, tmp_path: Path) -> None:
    async def test(one: Watching) -> None:
        mine = [m for m in await one.sent() if isinstance(m, Alert) and m.scope is Scope.CHANNEL]
        told = {(m.campaign, *whose(m)): m.reason for m in mine}
        assert told["channel=paid social", "Channel", "paid social"] is Reason.EXCEEDED
        rows = one.board.feed.rows
        names = {name: (r.name, r.scope, r.members) for name, r in rows.items() if r.scope is Scope.CHANNEL}
        assert names == {
            SEARCH: ("Channel search", Scope.CHANNEL, 2),
            SOCIAL: ("Channel paid social", Scope.CHANNEL, 1),
            "account+channel=Acme|search": ("Channel search of Acme", Scope.CHANNEL, 1),
        }
        page = await one.page(SEARCH)
        assert [member.id for member in page.members] == ["a", "b|c"]
        assert [member.goals[0].actual for member in page.members] == [480_000_000, 240_000_000]
        assert [line.goal for line in page.lines] == ["spend"]
        text = Exporter(ExportPolicy()).text(one.cycle.view, Format.PLAIN)
        at = 'account="Acme",goal="clicks:day",name="search",scope="channel",unit="events"'
        assert f"pacewatch_parent_pace_actual{{{at}}} 960.0" in text
        assert 'pacewatch_parent_members{account="",name="search",scope="channel"} 2.0' in text

    run(server, tmp_path, test)


def test_only_the_parts_that_goals_are_about_are_read(server: int, tmp_path: Path) -> None:
    async def test(one: Watching) -> None:
        await one.seed.series(0, "a|channel=other", NOON, {"1h": USUAL})
        snapshot = await one.reader.read()
        assert "a|channel=other" not in snapshot.series
        assert f"a|{SEARCH}" in snapshot.series
        await one.write(GOALS.partition("breakdowns:")[0])
        assert set((await one.reader.read()).series) == {"a", "b%7Cc"}

    run(server, tmp_path, test)


def test_a_dimension_that_no_worker_breaks_down_by_is_said_and_nothing_of_it_is_judged(
    server: int, tmp_path: Path
) -> None:
    async def test(one: Watching) -> None:
        await one.redis.hset(layout.LAYOUT, "breakdowns", "creative,channel+country")
        await one.look()
        verdict = one.verdicts(SEARCH)["spend"]
        assert (verdict.status, verdict.reason, verdict.actual) == (Status.NO_DATA, Reason.NO_CLOCK, None)
        (said,) = one.board.summary.notices
        assert said.startswith("No worker breaks down by channel: goals of it are not judged")
        await one.redis.hset(layout.LAYOUT, "breakdowns", "channel,creative")
        await one.look()
        assert one.verdicts(SEARCH)["spend"].actual == 48 * 15_000_000
        assert one.board.summary.notices == ()

    run(server, tmp_path, test)


def test_goals_of_a_channel_move_with_the_file_they_stand_in() -> None:
    found = parse(GOALS, "x")
    moved = found.shifted(DAY_MS)
    assert [one.series for one in moved.parents] == [one.series for one in found.parents]
    assert moved.parents[0].flight.start_ms == found.parents[0].flight.start_ms + DAY_MS
