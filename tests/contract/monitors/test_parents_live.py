"""Accounts and the portfolio cycle by cycle at a real Redis: sums, messages, and what becomes of goals that go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.measures import Row, add, pack
from kpis.runtime.watched_file import EVERY_S
from kpis.times import QUARTER_MS, day_of
from monitors.alerts.alert import Alert
from monitors.alerts.check_in import CheckIn
from monitors.alerts.cycle_policy import CyclePolicy
from monitors.alerts.lifecycle import Change
from monitors.alerts.outbox import STATE, Outbox
from monitors.alerts.outbox.queued import decode_queued, lane_key
from monitors.alerts.routing import Matter, Routes
from monitors.board.board import Board, BoardPolicy
from monitors.board.campaign_page.detail import detail, history_of
from monitors.board.campaign_page.detail_shapes import CampaignDetail
from monitors.board.campaign_page.members import members, roll_of
from monitors.cycle import Cycle
from monitors.goals.parents.scope import Scope
from monitors.goals.reload import GoalsSource
from monitors.pacing.verdict import Reason, Status, Verdict
from monitors.read.queries import Query
from monitors.read.reader import Reader
from tests.contract.monitors.test_living import StillClock
from tests.kit.monitor_fakes import DAY, HOUR, MIDNIGHT, NOON, Seed, row
from tests.kit.redis_server import redis_server

POLICY = CyclePolicy(routes=Routes(dict.fromkeys(Matter, ("slack",))))
PER_DAY = DAY // QUARTER_MS
USUAL = row(1000, 20, 1, 10_000_000, 30_000_000)
"""Of a quarter hour: 960 a day."""
FLIGHT = "flight: {start: 2026-11-22, end: 2026-11-23, timezone: UTC}"


def goals(*, together: str = "", portfolio: str = "", names: tuple[str, ...] = ("a", "b"), target: int = 960) -> str:
    """A goals file of campaigns of one account."""
    text = f"accounts:\n  Acme:\n    timezone: UTC\n{together}campaigns:\n" if together else "campaigns:\n"
    for name in names:
        text += f"  - campaign: {name}\n    account: Acme\n    {FLIGHT}\n"
        text += f"    goals: [{{total: spend, target: {target}}}, {{total: impressions, target: 96000}}]\n"
    return text + portfolio


TOGETHER = """\
    together:
      milestones: [50%]
      goals:
        - {total: spend}
        - {total: spend, target: 1920, per: day}
        - {ratio: ctr, at_least: 0.01}
"""
PORTFOLIO = "portfolio:\n  goals: [{total: clicks, target: 3840}, {ratio: roas, at_least: 2, window: 24h}]\n"


@dataclass
class Watching:
    """One monitor, with a board, at a Redis whose numbers tests write."""

    redis: Redis
    path: Path
    clock: StillClock = field(default_factory=StillClock)
    now_s: float = 100.0

    def __post_init__(self) -> None:
        self.seed = Seed(self.redis)
        self.source = GoalsSource(self.path)
        self.reader = Reader(self.redis, "test", self.clock)
        outbox = Outbox(self.redis, "test", "one", 600_000)
        self.cycle = Cycle(self.reader, outbox, self.source, self.clock, POLICY)
        self.board = Board("run", BoardPolicy())

    async def before(self, *names: str) -> None:
        """Two usual weeks."""
        for day in range(1, 15):
            for name in names:
                key = layout.history(0, name, day_of(MIDNIGHT - day * DAY))
                await self.redis.hset(key, mapping={str(n): pack(USUAL) for n in range(PER_DAY)})

    async def at(self, now_ms: int, **each: Row) -> None:
        """The day so far: so much of each campaign in each quarter hour, by partition 0 and 1 in turn; a few cycles."""
        self.clock.shown[0] = now_ms
        for n, (name, quarter) in enumerate(each.items()):
            for start in range(MIDNIGHT, now_ms, QUARTER_MS):
                await self.seed.history(n % 2, name, start, quarter)
            whole = add([quarter] * ((now_ms - MIDNIGHT) // QUARTER_MS))
            windows = {"1h": add([quarter] * 4), "24h": whole, "total": whole}
            await self.seed.series(n % 2, name, now_ms, windows)
        for partition in range(2):
            await self.seed.meta(partition, now_ms)
        await self.look()

    async def look(self) -> None:
        """Two cycles, and the board after them."""
        for _ in range(2):
            await self.cycle.cycle()
        self.now_s += 1
        self.board.update(self.cycle.view, self.clock.now_ms(), self.now_s)

    async def write(self, text: str) -> None:
        """Other goals, taken up."""
        self.path.write_text(text)
        for _ in range(3):
            self.now_s += EVERY_S
            self.source.refresh(self.now_s)
        assert self.source.problem == ""
        await self.look()

    def verdicts(self, series: str) -> dict[str, Verdict]:
        """What is judged of a campaign or a parent."""
        return {one.goal.id: one.verdict for one in self.cycle.view.assessments if one.campaign.series == series}

    async def sent(self) -> list[Alert | CheckIn]:
        """What waits to be sent."""
        raw = cast("list[bytes]", await self.redis.lrange(lane_key("slack"), 0, -1))
        found = [decode_queued(one).alert for one in raw]
        return [one for one in found if isinstance(one, Alert | CheckIn)]

    async def page(self, id_: str) -> CampaignDetail:
        """A page of the board, as the API answers it."""
        shown = self.board.feed.rows[id_]
        query, roll = history_of(self.board, shown, self.clock.now_ms()), roll_of(self.board, shown)
        assert query is not None
        quarters = await self.reader.flights.quarters(query)
        its = members(self.board, roll, await self.reader.flights.sums(roll.queries)) if roll else ()
        return detail(self.board, shown, quarters, {}, its)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


def run(server: int, tmp_path: Path, text: str, test: Callable[[Watching], Awaitable[None]]) -> None:
    """A test at an empty Redis, with some goals."""

    async def go() -> None:
        path = tmp_path / "goals.yml"
        path.write_text(text)
        async with Redis(port=server) as redis:
            await redis.flushall()
            made = Watching(redis, path)
            await made.seed.layout()
            await test(made)

    asyncio.run(go())


def test_a_parent_is_judged_by_the_sums_of_its_members_and_not_by_a_mean_of_ratios(server: int, tmp_path: Path) -> None:
    """One campaign of many impressions and few clicks, one of few and many: together 2 %, in the mean 11 %."""

    async def test(one: Watching) -> None:
        await one.before("a", "b")
        await one.at(NOON, a=row(9000, 90, 1, 10_000_000, 60_000_000), b=row(1000, 110, 1, 20_000_000, 0))
        together = one.verdicts("account=Acme")
        assert list(together) == ["spend", "spend:day", "ctr:at_least:1h"]
        assert (together["spend"].actual, together["spend"].target) == (48 * 30_000_000, 1920_000_000)
        assert together["spend:day"].actual == 48 * 30_000_000
        assert together["ctr:at_least:1h"].actual == pytest.approx(200 / 10_000)
        everything = one.verdicts("portfolio=")
        assert everything["clicks"].actual == 48 * 200
        assert everything["roas:at_least:24h"].actual == pytest.approx(2.0)

    run(server, tmp_path, goals(together=TOGETHER, portfolio=PORTFOLIO), test)


def test_breakdowns_of_a_campaign_are_in_it_already_and_count_once(server: int, tmp_path: Path) -> None:
    async def test(one: Watching) -> None:
        await one.before("a")
        shares = {f"a|channel={name}": USUAL for name in ("search", "social")}
        await one.at(NOON, a=add([USUAL, USUAL]), **shares)
        assert one.verdicts("portfolio=")["clicks"].actual == 48 * 40

    run(server, tmp_path, goals(names=("a",), portfolio=PORTFOLIO), test)


def test_what_all_miss_together_is_told_once_of_the_account_and_ends_with_its_goal(server: int, tmp_path: Path) -> None:
    """By noon both have spent more than the account should on all of the day, and neither more than its own target."""

    async def test(one: Watching) -> None:
        await one.before("a", "b")
        much = row(1000, 20, 1, 30_000_000, 60_000_000)
        await one.at(NOON, a=much, b=much)
        mine = [m for m in await one.sent() if m.scope is not Scope.CAMPAIGN]
        alert = next(m for m in mine if isinstance(m, Alert))
        check_in = next(m for m in mine if isinstance(m, CheckIn))
        assert (alert.change, alert.after, alert.reason) == (Change.FIRED, Status.CRITICAL, Reason.EXCEEDED)
        assert (alert.campaign, alert.name, alert.account, alert.scope) == (
            "account=Acme", "Account Acme", "Acme", Scope.ACCOUNT,
        )  # fmt: skip
        assert (check_in.name, check_in.fraction, len(check_in.standings)) == ("Account Acme", 0.5, 3)
        before = len(await one.sent())
        await one.write(goals(target=2400))
        ended = [m for m in (await one.sent())[before:] if isinstance(m, Alert) and m.scope is Scope.ACCOUNT]
        assert [(m.change, m.reason, m.name) for m in ended] == [(Change.ENDED, Reason.GOAL_GONE, "Account Acme")] * 2
        kept = cast("list[bytes]", await one.redis.hkeys(STATE))
        assert [name for name in kept if b"=" in name] == []
        assert "account=Acme" not in one.board.feed.rows

    text = goals(together=TOGETHER, target=2400).replace("{total: spend}", "{total: spend, target: 1920}")
    run(server, tmp_path, text, test)


def test_a_campaign_that_joins_is_counted_from_the_next_look_on_with_its_past(server: int, tmp_path: Path) -> None:
    async def test(one: Watching) -> None:
        await one.before("a", "b", "c")
        await one.at(NOON, a=USUAL, b=USUAL, c=USUAL)
        first = one.verdicts("account=Acme")["spend"]
        await one.write(goals(together=TOGETHER, names=("a", "b", "c")))
        second = one.verdicts("account=Acme")["spend"]
        assert (first.actual, second.actual) == (2 * 480_000_000, 3 * 480_000_000)
        assert (first.target, second.target) == (1920_000_000, 2880_000_000)
        assert first.projected is not None
        assert second.projected == pytest.approx(first.projected * 1.5, rel=1e-3)

    run(server, tmp_path, goals(together=TOGETHER), test)


def test_its_page_says_which_campaign_makes_it_miss(server: int, tmp_path: Path) -> None:
    async def test(one: Watching) -> None:
        await one.before("a", "b", "c")
        await one.at(NOON, a=USUAL, b=row(500, 10, 1, 2_000_000), c=USUAL)
        page = await one.page("account=Acme")
        assert (page.campaign.scope, page.campaign.members, page.campaign.name) == (Scope.ACCOUNT, 3, "Account Acme")
        assert [member.id for member in page.members] == ["b", "a", "c"]
        first = next(goal for goal in page.members[0].goals if goal.goal == "spend")
        assert (first.actual, first.target) == (96_000_000, 960_000_000)
        assert first.expected == pytest.approx(480_000_000, rel=1e-6)
        assert first.share == pytest.approx(96 / 1056)
        assert first.target_share == pytest.approx(1 / 3)
        ratio = next(goal for goal in page.members[0].goals if goal.goal.startswith("ctr"))
        assert ratio.actual == pytest.approx(0.02)
        assert (ratio.share, ratio.target) == (None, None)
        assert {line.goal for line in page.lines} == {"spend", "spend:day"}
        assert page.windows["1h"].spend_micros == 4 * 22_000_000
        alone = await one.page("a")
        assert (alone.members, alone.campaign.scope, alone.campaign.members) == ((), Scope.CAMPAIGN, 0)

    run(server, tmp_path, goals(together=TOGETHER, names=("a", "b", "c")), test)


def test_a_campaign_called_like_a_parent_has_a_row_and_numbers_of_its_own(server: int, tmp_path: Path) -> None:
    async def test(one: Watching) -> None:
        await one.before("a")
        await one.at(NOON, a=USUAL, **{"account%3DAcme": add([USUAL] * 9)})
        assert one.verdicts("account=Acme")["spend"].actual == 480_000_000
        rows = one.board.feed.rows
        assert {name: (r.scope, r.name) for name, r in rows.items()} == {
            "a": (Scope.CAMPAIGN, "a"),
            "account=Acme": (Scope.ACCOUNT, "Account Acme"),
            "%account=Acme": (Scope.CAMPAIGN, "account=Acme"),
        }
        hostile, parent = rows["%account=Acme"].total, rows["account=Acme"].total
        assert hostile is not None
        assert parent is not None
        assert (hostile.spend_micros, parent.spend_micros) == (9 * 480_000_000, 480_000_000)
        assert one.board.summary.campaigns == 2

    run(server, tmp_path, goals(together=TOGETHER, names=("a",)), test)


def test_history_of_several_series_is_the_sum_of_theirs_also_from_remembered_days(server: int, tmp_path: Path) -> None:
    async def test(one: Watching) -> None:
        await one.before("a", "b")
        await one.at(NOON, a=USUAL, b=row(3), c=row(0, 0, 0, 7))
        flights, each = one.reader.flights, ("a", "b", "c", "never")
        spans = [(MIDNIGHT - 5 * DAY, NOON), (MIDNIGHT - 3 * DAY + HOUR, NOON - HOUR), (MIDNIGHT, NOON + 1)]
        for _ in range(2):
            for start, end in spans:
                alone = [Query(name, start, end) for name in each]
                both = Query("account=X", start, end, each)
                found = await flights.to_date(2, [*alone, both])
                assert found[both].row == add([found[q].row for q in alone])
                assert (found[both].recent == sum(found[q].recent for q in alone)).all()
                assert found[both].as_of_ms == NOON
                days = await flights.days(2, [*alone, both])
                assert (days[both] == sum(days[q] for q in alone)).all()
                fewer = Query("account=X", start, end, each[:1])
                assert (await flights.to_date(2, [fewer]))[fewer].row == found[alone[0]].row

    run(server, tmp_path, goals(), test)
