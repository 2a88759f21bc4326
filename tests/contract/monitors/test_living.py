"""Two monitors at one Redis, cycle by cycle on a clock that stands still: what becomes of goals that change and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.measures import pack
from kpis.runtime.clock import Clock
from kpis.runtime.watched_file import EVERY_S
from kpis.times import MINUTE_MS, QUARTER_MS, day_of
from monitors.alerts.alert import Alert
from monitors.alerts.check_in import CheckIn
from monitors.alerts.cycle_policy import CyclePolicy
from monitors.alerts.deciding import TellingPolicy
from monitors.alerts.interventions import Acknowledgement, InterventionStore, Silence
from monitors.alerts.lifecycle import Change
from monitors.alerts.outbox import STATE, TOLD, Outbox
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.quieting import QuietPolicy
from monitors.alerts.routing import Matter, Routes
from monitors.alerts.stored import decode_alert
from monitors.cycle import Cycle
from monitors.goals.reload import GoalsSource
from monitors.pacing.verdict import Reason, Status
from monitors.read.reader import Reader
from tests.kit.monitor_fakes import DAY, HOUR, MIDNIGHT, NOON, Seed, row
from tests.kit.redis_server import redis_server

POLICY = CyclePolicy(routes=Routes(dict.fromkeys(Matter, ("slack",))))
PER_DAY = DAY // QUARTER_MS
MUCH, GOOD = 1_300_000_000, 480_000_000
"""Spend at noon of a day that should bring 1,000 in all: more than that already, and as it should be."""
EACH_HOUR = 40_000_000
"""What it goes on to spend: money that stands still while the rest goes on is a miss of its own."""


def goals(*more: str, target: int = 1000, day: int = 22, extra: str = "") -> str:
    """A goals file of one campaign with a day's flight, and other lines of it."""
    lines = [
        "campaigns:",
        "  - campaign: c42",
        "    name: Spring",
        f"    flight: {{start: 2026-11-{day}, end: 2026-11-{day + 1}, timezone: UTC}}",
        *(f"    {line}" for line in more),
        "    goals:",
        f"      - {{total: spend, target: {target}{extra}}}",
        "      - {total: impressions, target: 96000}",
    ]
    return "\n".join(lines)


@dataclass(frozen=True)
class StillClock(Clock):
    """A clock that is set by hand."""

    shown: list[int] = field(default_factory=lambda: [NOON])

    def now_ms(self) -> int:
        """What it was set to."""
        return self.shown[0]


class Monitors:
    """Two monitors that share a goals file, a clock and a Redis; the first one leads until it lets go."""

    def __init__(self, redis: Redis, path: Path) -> None:
        self.redis, self.path = redis, path
        self.clock = StillClock()
        self.now_s = 100.0
        self.seed = Seed(redis)
        self.policy = POLICY
        self.start()

    def start(self) -> None:
        """Both of them, anew: nothing is known but what is in Redis."""
        self.sources = [GoalsSource(self.path) for _ in range(2)]
        self.outboxes = [Outbox(self.redis, "test", str(n), 600_000) for n in range(2)]
        self.cycles = [
            Cycle(
                Reader(self.redis, "test", self.clock),
                outbox,
                source,
                self.clock,
                self.policy,
                done=InterventionStore(self.redis, "test"),
            )
            for outbox, source in zip(self.outboxes, self.sources, strict=True)
        ]

    async def before(self) -> None:
        """Two weeks as the day should be, so that a day's projection is known from its first hours on."""
        each = pack(row(1000, 20, spend=1_000_000_000 // PER_DAY))
        for day in range(1, 15):
            key = layout.history(0, "c42", day_of(MIDNIGHT - day * DAY))
            await self.redis.hset(key, mapping={str(quarter): each for quarter in range(PER_DAY)})

    async def write(self, text: str) -> None:
        """Other goals; both monitors take them up."""
        self.path.write_text(text)
        for _ in range(3):
            self.now_s += EVERY_S
            for source in self.sources:
                source.refresh(self.now_s)
        assert [source.problem for source in self.sources] == ["", ""]

    async def at(self, now_ms: int, spend: int, from_ms: int = MIDNIGHT) -> None:
        """The numbers of a moment: what a day's flight spent by now, evenly; and a few cycles of both."""
        self.clock.shown[0] = now_ms
        count = -((from_ms - min(now_ms, from_ms + DAY)) // QUARTER_MS)
        for quarter in range(count):
            amount = spend // count + (spend % count if quarter == 0 else 0)
            await self.seed.history(0, "c42", from_ms + quarter * QUARTER_MS, row(1000, 20, spend=amount))
        for partition in range(2):
            await self.seed.meta(partition, now_ms)
        await self.look()

    async def look(self) -> None:
        """A few cycles of both."""
        for _ in range(2):
            for cycle in self.cycles:
                await cycle.cycle()

    async def change_leaders(self) -> None:
        """The one that leads lets go, and the other takes over; then both are started anew."""
        await self.outboxes[0].resign()
        await self.outboxes[1].lead()
        await self.look()
        assert [cycle.view.leads for cycle in self.cycles] == [False, True]
        await self.outboxes[1].resign()
        self.start()
        await self.look()

    async def waiting(self, lane: str = "slack") -> list[Alert | CheckIn]:
        """What waits to be sent by a notifier, all of it."""
        return _read(one.alert for one in await Lane(self.redis, "test", "any", lane).read())

    async def told(self) -> list[Alert | CheckIn]:
        """What was told, sent or not."""
        return _read(decode_alert(raw) for raw in cast("list[bytes]", await self.redis.lrange(TOLD, 0, -1)))

    async def changes(self) -> list[tuple[Change, Status, Status, Reason]]:
        """The alerts that wait, in short."""
        return [(a.change, a.before, a.after, a.reason) for a in await self.waiting() if isinstance(a, Alert)]


def _read(found: Iterable[Alert | CheckIn | None]) -> list[Alert | CheckIn]:
    """All of them: each can be read."""
    read = list(found)
    assert None not in read
    return [one for one in read if one is not None]


FIRED = (Change.FIRED, Status.ON_PACE, Status.CRITICAL, Reason.EXCEEDED)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def monitors(port: int, path: Path) -> AsyncIterator[Monitors]:
    """Two of them at an empty Redis."""
    async with Redis(port=port) as redis:
        await redis.flushall()
        made = Monitors(redis, path)
        await made.seed.layout()
        await made.before()
        yield made


def run(server: int, tmp_path: Path, text: str, test: Callable[[Monitors], Awaitable[None]]) -> None:
    """A test with two monitors that begin with some goals."""

    async def go() -> None:
        path = tmp_path / "goals.yml"
        path.write_text(text)
        async with monitors(server, path) as both:
            await test(both)

    asyncio.run(go())


def test_what_fires_in_a_mute_is_sent_once_when_it_is_over(server: int, tmp_path: Path) -> None:
    mute = "mutes: [{from: 2026-11-22T12:00, to: 2026-11-22T13:00, why: a test}]"

    async def test(both: Monitors) -> None:
        await both.at(NOON, MUCH)
        await both.change_leaders()
        (muted,) = await both.told()
        assert isinstance(muted, Alert)
        assert (muted.muted, muted.change, muted.after) == (True, Change.FIRED, Status.CRITICAL)
        assert await both.waiting() == []
        assert next(one.state.told for one in both.cycles[0].view.assessments) is Status.CRITICAL
        await both.at(NOON + HOUR, MUCH + EACH_HOUR)
        await both.change_leaders()
        assert await both.changes() == [FIRED]
        assert len(await both.told()) == 2

    run(server, tmp_path, goals(mute), test)


def test_totals_that_say_the_same_are_one_message_whoever_leads(server: int, tmp_path: Path) -> None:
    """Twice as much is spent and served as planned: the second one is told and not sent, until the first is gone."""
    both_miss = goals().replace("target: 96000", "target: 60000")

    async def test(both: Monitors) -> None:
        await both.write(both_miss)
        await both.at(NOON, MUCH)
        await both.change_leaders()
        await both.look()
        assert await both.changes() == [FIRED]
        told = [one for one in await both.told() if isinstance(one, Alert)]
        assert [(one.label, one.muted) for one in told] == [("spend", False), ("impressions", True)]
        await both.write(both_miss.replace("      - {total: spend, target: 1000}\n", ""))
        await both.look()
        assert [(c[0], c[2]) for c in await both.changes()][1:] == [
            (Change.FIRED, Status.CRITICAL),
            (Change.ENDED, Status.NO_DATA),
        ]

    run(server, tmp_path, goals(), test)


def test_of_what_fires_and_resolves_in_a_mute_nothing_is_sent_and_a_known_miss_resolves_at_once(
    server: int, tmp_path: Path
) -> None:
    mute = "mutes: [{from: 2026-11-22T13:00, to: 2026-11-22T16:00, why: a test}]"

    async def test(both: Monitors) -> None:
        await both.at(NOON, MUCH)
        await both.at(NOON + HOUR, GOOD + 50_000_000)
        resolved = (Change.CORRECTED, Status.CRITICAL, Status.ON_PACE)
        assert [c[:3] for c in await both.changes()] == [FIRED[:3], resolved]
        await both.at(NOON + 2 * HOUR, MUCH)
        await both.at(NOON + 3 * HOUR, 600_000_000)
        await both.at(NOON + 5 * HOUR, 700_000_000)
        assert [c[:3] for c in await both.changes()] == [FIRED[:3], resolved]
        assert [a.muted for a in await both.told()] == [False, False, True, True]

    run(server, tmp_path, goals(mute), test)


def test_a_milestone_is_told_once_whoever_leads_and_whatever_restarts(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        await both.at(NOON - HOUR, GOOD - EACH_HOUR)
        assert await both.waiting() == []
        await both.at(NOON, GOOD)
        await both.change_leaders()
        await both.at(NOON + HOUR, GOOD + 40_000_000)
        (found,) = await both.waiting()
        assert isinstance(found, CheckIn)
        assert (found.fraction, found.milestone_ms, found.as_of_ms) == (0.5, NOON, NOON)
        assert [(s.label, s.status) for s in found.standings] == [
            ("spend", Status.ON_PACE),
            ("impressions", Status.ON_PACE),
        ]
        await both.at(NOON + 6 * HOUR, 720_000_000)
        assert len(await both.waiting()) == 2

    run(server, tmp_path, goals("milestones: [50%, 75%]"), test)


def test_a_milestone_in_a_mute_is_told_and_not_sent(server: int, tmp_path: Path) -> None:
    mute = "mutes: [{from: 2026-11-22T11:30, to: 2026-11-22T12:30, why: a test}]"

    async def test(both: Monitors) -> None:
        await both.at(NOON, GOOD)
        await both.at(NOON + HOUR, GOOD + 40_000_000)
        assert await both.waiting() == []
        assert [(type(one), one.muted) for one in await both.told()] == [(CheckIn, True)]

    run(server, tmp_path, goals(mute, "milestones: [50%]"), test)


def test_a_miss_whose_goal_leaves_the_file_is_ended_and_forgotten(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        await both.at(NOON, MUCH)
        await both.write(goals().replace("      - {total: spend, target: 1000}\n", ""))
        await both.look()
        await both.change_leaders()
        gone = (Change.ENDED, Status.CRITICAL, Status.NO_DATA, Reason.GOAL_GONE)
        assert await both.changes() == [FIRED, gone]
        (_, alert) = await both.waiting()
        assert isinstance(alert, Alert)
        assert (alert.name, alert.label, alert.actual) == ("Spring", "spend", MUCH)
        assert b"c42|spend" not in await both.redis.hkeys(STATE)
        await both.write(goals().replace("c42", "c43"))
        await both.look()
        assert b"c42" not in b" ".join(cast("list[bytes]", await both.redis.hkeys(STATE)))

    run(server, tmp_path, goals(), test)


def test_a_miss_that_was_never_sent_leaves_unsaid(server: int, tmp_path: Path) -> None:
    mute = "mutes: [{from: 2026-11-22T12:00, to: 2026-11-22T13:00, why: a test}]"

    async def test(both: Monitors) -> None:
        await both.at(NOON, MUCH)
        await both.write(goals(mute).replace("c42", "c43"))
        await both.look()
        assert await both.waiting() == []
        assert [(a.muted, isinstance(a, Alert) and a.change) for a in await both.told()] == [
            (True, Change.FIRED),
            (True, Change.ENDED),
        ]
        assert await both.redis.hlen(STATE) == 0

    run(server, tmp_path, goals(mute), test)


def test_a_miss_ends_when_its_flight_is_closed(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        await both.at(NOON, MUCH)
        await both.at(MIDNIGHT + 2 * DAY, MUCH)
        await both.change_leaders()
        closed = (Change.ENDED, Status.CRITICAL, Status.NO_DATA, Reason.FLIGHT_CLOSED)
        assert [c for c in await both.changes() if c[0] in {Change.FIRED, Change.ENDED}] == [FIRED, closed]

    run(server, tmp_path, goals(), test)


def test_a_miss_of_an_earlier_flight_ends_when_the_next_one_takes_its_place(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        await both.at(NOON, MUCH)
        await both.write(goals(day=24))
        await both.look()
        await both.change_leaders()
        closed = (Change.ENDED, Status.CRITICAL, Status.NO_DATA, Reason.FLIGHT_CLOSED)
        assert await both.changes() == [FIRED, closed]
        assert {one.state.told for one in both.cycles[0].view.assessments} == {Status.ON_PACE}
        await both.at(NOON + 2 * DAY + HOUR, MUCH + EACH_HOUR, MIDNIGHT + 2 * DAY)
        assert [c for c in await both.changes() if c[0] is Change.FIRED] == [FIRED, FIRED]

    run(server, tmp_path, goals(), test)


def test_what_was_told_and_over_in_an_earlier_flight_does_not_hide_the_next_one(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        await both.at(NOON, MUCH)
        await both.at(NOON + HOUR, GOOD + 50_000_000)
        await both.write(goals(day=24))
        await both.at(NOON + 2 * DAY + 2 * HOUR, MUCH, MIDNIGHT + 2 * DAY)
        await both.change_leaders()
        spend = [a.change for a in await both.waiting() if isinstance(a, Alert) and a.label == "spend"]
        assert spend == [Change.FIRED, Change.CORRECTED, Change.FIRED]

    run(server, tmp_path, goals(), test)


@pytest.mark.parametrize("same_target", [True, False])
def test_a_final_miss_that_late_data_takes_back_is_corrected_and_one_that_the_file_takes_back_is_not(
    server: int, tmp_path: Path, *, same_target: bool
) -> None:
    async def test(both: Monitors) -> None:
        end = MIDNIGHT + DAY
        await both.at(end + HOUR, 500_000_000)
        if same_target:
            await both.at(end + 2 * HOUR, 990_000_000)
        else:
            await both.write(goals(target=500))
            await both.look()
        await both.change_leaders()
        change = Change.CORRECTED if same_target else Change.RESOLVED
        assert await both.changes() == [
            (Change.FIRED, Status.ON_PACE, Status.CRITICAL, Reason.FLIGHT_ENDED),
            (change, Status.CRITICAL, Status.ON_PACE, Reason.FLIGHT_ENDED),
        ]

    run(server, tmp_path, goals(), test)


def test_a_projected_miss_is_corrected_when_what_came_late_belongs_to_the_hours_before_it(
    server: int, tmp_path: Path
) -> None:
    """Spend that is reported hours later: nothing got better, more is known."""

    async def test(both: Monitors) -> None:
        await both.at(NOON + 4 * HOUR, 100_000_000)
        await both.change_leaders()
        await both.at(NOON + 5 * HOUR, 700_000_000)
        assert [c[0] for c in await both.changes()] == [Change.FIRED, Change.CORRECTED]

    run(server, tmp_path, goals(), test)


def test_a_goal_with_patience_is_told_after_it_and_another_at_once(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        await both.at(NOON, MUCH)
        await both.change_leaders()
        await both.at(NOON + 29 * MINUTE_MS, MUCH + EACH_HOUR // 2)
        assert await both.changes() == []
        await both.at(NOON + 30 * MINUTE_MS, MUCH + EACH_HOUR // 2)
        assert await both.changes() == [FIRED]

    run(server, tmp_path, goals(extra=", patience: 30m"), test)


@pytest.mark.parametrize("is_set_up", [True, False])
def test_who_was_told_of_a_miss_is_told_of_its_end_whatever_the_routes_say_by_then(
    server: int, tmp_path: Path, *, is_set_up: bool
) -> None:
    """Unless it is not there any more: then nothing is put where nobody takes it away."""

    async def test(both: Monitors) -> None:
        both.policy = CyclePolicy(routes=Routes(dict.fromkeys(Matter, ("pager",)), ("pager", "slack")))
        both.start()
        await both.at(NOON, MUCH)
        there = ("slack", "pager") if is_set_up else ("slack",)
        both.policy = CyclePolicy(routes=Routes(dict.fromkeys(Matter, ("slack",)), there))
        both.start()
        await both.at(NOON + HOUR, GOOD + 50_000_000)
        told = [a.change for a in await both.waiting("pager") if isinstance(a, Alert)]
        assert told == [Change.FIRED, *([Change.CORRECTED] if is_set_up else [])]
        assert await both.waiting() == [], "it never heard of it"

    run(server, tmp_path, goals(), test)


def test_a_miss_that_is_repeated_goes_to_all_who_are_told_and_not_while_someone_takes_care(
    server: int, tmp_path: Path
) -> None:
    async def test(both: Monitors) -> None:
        both.policy = replace(POLICY, telling=TellingPolicy(quiet=QuietPolicy(repeat_ms=HOUR)))
        both.start()
        store = InterventionStore(both.redis, "test")
        await store.acknowledge("c42|spend", Acknowledgement("me", NOON))
        await both.at(NOON, MUCH)
        assert (await store.read()).acknowledged == {}, "whoever took care of the last one has not seen this one"
        await both.at(NOON + HOUR, MUCH + EACH_HOUR)
        assert [c[0] for c in await both.changes()] == [Change.FIRED, Change.REPEATED]
        await store.acknowledge("c42|spend", Acknowledgement("me", NOON + HOUR))
        await both.at(NOON + 2 * HOUR, MUCH + 2 * EACH_HOUR)
        assert [c[0] for c in await both.changes()] == [Change.FIRED, Change.REPEATED]
        await both.at(NOON + 3 * HOUR, 600_000_000)
        assert [c[0] for c in await both.changes()] == [Change.FIRED, Change.REPEATED, Change.CORRECTED]
        assert (await store.read()).acknowledged == {}

    run(server, tmp_path, goals(), test)


def test_a_mute_that_someone_sets_holds_back_what_fires_until_it_is_taken_back(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        store = InterventionStore(both.redis, "test")
        await store.mute("m", Silence("*", NOON, NOON + DAY, "me", "a test"), NOON)
        await both.at(NOON, MUCH)
        await both.change_leaders()
        assert await both.waiting() == []
        assert [one.muted for one in await both.told()] == [True]
        await store.unmute("m")
        await both.look()
        assert await both.changes() == [FIRED]

    run(server, tmp_path, goals(), test)


@pytest.mark.parametrize("leads", [0, 1])
def test_a_redis_that_lost_all_is_told_nothing_anew_whoever_leads_then(server: int, tmp_path: Path, leads: int) -> None:
    """Nor is what people did about it lost: after FLUSHALL, by the monitor that led, or by the one that followed it."""

    async def test(both: Monitors) -> None:
        store = InterventionStore(both.redis, "test")
        await both.at(NOON, MUCH)
        await store.acknowledge("c42|spend", Acknowledgement("me", NOON))
        await store.mute("m", Silence("other", NOON, NOON + DAY, "me", "a test"), NOON)
        await both.look()
        states, done = await both.outboxes[0].states(), await store.read()
        assert await both.changes() == [FIRED]
        await both.redis.flushall()
        if leads == 1:
            del both.cycles[0]
        await both.seed.layout()
        await both.before()
        await both.at(NOON, MUCH)
        assert both.cycles[0].view.leads
        assert await both.outboxes[leads].states() == states
        assert await store.read() == done
        assert [one.acknowledged is not None for one in both.cycles[0].view.assessments][:2] == [True, False]
        again = [c for c in await both.changes() if leads == 1]
        assert again == [], "only the journal of the one that led has the message, and its lane knows that it was sent"
        await both.at(NOON + HOUR, GOOD + 50_000_000)
        assert [c[0] for c in await both.changes()][-1] is Change.CORRECTED
        assert (await store.read()).acknowledged == {}

    run(server, tmp_path, goals(), test)
