"""Experiments cycle by cycle at a real Redis: decided and told once over a restart and two monitors; a late stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from kpis.times import MINUTE_MS, QUARTER_MS
from monitors.alerts.alert import Alert
from monitors.alerts.cycle_policy import CyclePolicy
from monitors.alerts.interventions import Acknowledgement, InterventionStore, Silence
from monitors.alerts.lifecycle import Change
from monitors.alerts.outbox import Outbox
from monitors.alerts.outbox.queued import decode_queued, lane_key
from monitors.alerts.routing import Matter, Routes
from monitors.board.experiment_rows import experiments_now
from monitors.cycle import Cycle
from monitors.experiments.ruling import ExperimentFinding, Ruling
from monitors.experiments.weighing import VariantState
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import Format
from monitors.goals.reload import GoalsSource
from monitors.pacing.verdict import Reason, Status
from monitors.read.reader import Reader
from tests.contract.monitors.test_living import StillClock
from tests.kit.monitor_fakes import DAY, HOUR, MIDNIGHT, NOON, Seed, row
from tests.kit.redis_server import redis_server

POLICY = CyclePolicy(routes=Routes(dict.fromkeys(Matter, ("slack",))))
GOALS = """\
campaigns:
  - campaign: other
    flight: {start: 2026-10-01, end: 2026-10-02, timezone: UTC}
    goals: [{total: spend, target: 1}]
experiments:
  - experiment: hero
    name: Hero image
    campaign: c42
    dimension: variant
    variants: [A, B]
    kpi: ctr
    start: 2026-11-22T00:00
    timezone: UTC
    owner: Ada
"""


@dataclass
class Trying:
    """Monitors of one goals file, at a Redis whose numbers tests write."""

    redis: Redis
    path: Path
    clock: StillClock = field(default_factory=StillClock)

    def __post_init__(self) -> None:
        self.seed = Seed(self.redis)
        self.done = InterventionStore(self.redis, "test")
        self.path.write_text(GOALS)
        self.first, self.second = self.monitor("one"), self.monitor("two")

    def monitor(self, token: str) -> Cycle:
        """A monitor that has just started."""
        outbox = Outbox(self.redis, "test", token, 600_000)
        reader = Reader(self.redis, "test", self.clock)
        return Cycle(reader, outbox, GoalsSource(self.path), self.clock, POLICY, done=self.done)

    async def count(self, until_ms: int, *clicks: int, start_ms: int = MIDNIGHT) -> None:
        """So many clicks of 1,000 impressions of each variant in each quarter hour, by partition 0 and 1 in turn."""
        for partition, (variant, some) in enumerate(zip("ABC", clicks, strict=False)):
            for quarter_ms in range(start_ms, until_ms, QUARTER_MS):
                series = f"c42|variant={variant}"
                # What shakes as much as chance makes it.
                off = (-3, 4, 0, -1)[quarter_ms // QUARTER_MS % 4]
                await self.seed.history(partition % 2, series, quarter_ms, row(1000, some + off))

    async def at(self, now_ms: int, **lag: int) -> None:
        """Show a time; each stream is complete up to then, or so much less."""
        self.clock.shown[0] = now_ms
        for partition in range(2):
            await self.seed.meta(partition, now_ms)
            for stream in ("impression", "click"):
                reached = now_ms - lag.get(stream, 0)
                topic = f"ads.{stream}s"
                marks = {f"{layout.STREAM_CLOCK}{topic}": reached, f"{layout.REACHED}{topic}": reached}
                await self.redis.hset(layout.meta(partition), mapping={k: str(v) for k, v in marks.items()})
            await self.seed.series(partition, "c42", now_ms, {"total": row(10, 1)})

    async def look(self, *cycles: Cycle) -> Ruling:
        """Some cycles of some monitors; how the experiment stands."""
        for _ in range(3):
            for cycle in cycles or (self.first,):
                await cycle.cycle()
        return self.first.view.examined.rulings[0]

    async def told(self) -> list[Alert]:
        """What waits for Slack."""
        found = await self.redis.lrange(lane_key("slack"), 0, -1)
        return [cast("Alert", decode_queued(cast("bytes", raw)).alert) for raw in found]


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


def run(server: int, tmp_path: Path, test: Callable[[Trying], Awaitable[None]]) -> None:
    """A test at an empty Redis."""

    async def go() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            made = Trying(redis, tmp_path / "goals.yml")
            await made.seed.layout()
            await test(made)

    asyncio.run(go())


def test_an_experiment_is_decided_and_told_once_over_a_restart_and_by_two_monitors(server: int, tmp_path: Path) -> None:
    async def scenario(here: Trying) -> None:
        await here.count(NOON + DAY, 20, 30)
        await here.at(MIDNIGHT + 2 * HOUR)
        early = await here.look()
        assert (early.finding, await here.told()) == (ExperimentFinding.TOO_SOON, [])

        await here.at(NOON + 7 * MINUTE_MS)
        ruling = await here.look(here.first, here.second)
        assert ruling.finding is ExperimentFinding.WINNER
        assert ruling.as_of_ms == NOON
        assert [one.state for one in ruling.variants] == [VariantState.LOSER, VariantState.WINNER]
        assert [(one.trials, one.successes) for one in ruling.variants] == [(48_000, 960), (48_000, 1440)]
        (alert,) = await here.told()
        assert (alert.change, alert.after, alert.reason) == (Change.FIRED, Status.WARNING, Reason.DECIDED)
        assert alert.says.startswith("B wins: CTR 3.00% against 2.00% of A; B +50.0% over A (")
        assert (alert.owner, alert.name, alert.campaign) == ("Ada", "Hero image", "experiment=hero")

        third = here.monitor("one")
        await here.at(NOON + DAY)
        await here.look(third, here.second)
        assert len(await here.told()) == 1

    run(server, tmp_path, scenario)


def test_what_is_held_back_by_a_late_stream_is_decided_when_that_has_caught_up(server: int, tmp_path: Path) -> None:
    async def scenario(here: Trying) -> None:
        await here.count(NOON, 20, 30)
        await here.at(NOON, click=11 * HOUR)
        held = await here.look()
        assert (held.finding, held.waits_for) == (ExperimentFinding.AWAITS_STREAM, "click")
        assert held.as_of_ms == MIDNIGHT + HOUR
        assert await here.told() == []
        (one,) = here.first.view.examined.told
        assert (one.verdict.status, one.verdict.says) == (Status.HOLD, "waits for clicks, quiet or late")

        await here.at(NOON + MINUTE_MS)
        assert (await here.look()).finding is ExperimentFinding.WINNER
        assert len(await here.told()) == 1

    run(server, tmp_path, scenario)


def test_variants_that_are_alike_are_never_told(server: int, tmp_path: Path) -> None:
    async def scenario(here: Trying) -> None:
        await here.count(NOON + DAY, 20, 20)
        for hours in range(0, 24, 3):
            await here.at(NOON + hours * HOUR)
            assert (await here.look()).finding is ExperimentFinding.UNDECIDED
        assert await here.told() == []

    run(server, tmp_path, scenario)


def test_an_experiment_is_muted_acknowledged_and_ended_as_any_alert(server: int, tmp_path: Path) -> None:
    async def scenario(here: Trying) -> None:
        await here.count(NOON, 20, 30)
        await here.at(NOON)
        mute = Silence("experiment=hero", NOON, NOON + HOUR, "Ada", "asleep")
        await here.done.mute("experiment=hero", mute, NOON)
        await here.look()
        assert await here.told() == []
        await here.at(NOON + 2 * HOUR)
        await here.count(NOON + 2 * HOUR, 20, 30, start_ms=NOON)
        await here.look()
        (alert,) = await here.told()
        await here.done.acknowledge(alert.goal, Acknowledgement("Ada", NOON, ""))
        await here.look()
        (one,) = experiments_now(here.first.view).experiments
        assert (one.told, one.acknowledged_by) == (Status.WARNING, "Ada")

        here.path.write_text(GOALS.partition("experiments:")[0])
        fourth = here.monitor("one")
        await here.look(fourth)
        assert here.first.view.announced == {"other", "c42", "experiment=hero"}
        assert fourth.view.announced == {"other"}
        end = (await here.told())[-1]
        assert (end.change, end.reason) == (Change.ENDED, Reason.GOAL_GONE)

    run(server, tmp_path, scenario)


def test_an_experiment_that_begins_anew_is_decided_and_told_anew(server: int, tmp_path: Path) -> None:
    async def scenario(here: Trying) -> None:
        await here.count(NOON + DAY, 20, 30)
        await here.at(NOON)
        await here.look()
        here.path.write_text(GOALS.replace("start: 2026-11-22T00:00", "start: 2026-11-22T14:00"))
        await here.at(NOON + 3 * HOUR)
        edited = here.monitor("one")
        await here.look(edited)
        assert edited.view.examined.rulings[0].finding is ExperimentFinding.TOO_SOON
        assert [one.change for one in await here.told()] == [Change.FIRED, Change.ENDED]
        await here.at(NOON + DAY)
        await here.look(edited)
        assert [one.change for one in await here.told()] == [Change.FIRED, Change.ENDED, Change.FIRED]

    run(server, tmp_path, scenario)


def test_metrics_of_an_experiment_are_those_of_its_ruling(server: int, tmp_path: Path) -> None:
    async def scenario(here: Trying) -> None:
        await here.count(NOON, 20, 30)
        await here.at(NOON)
        await here.look()
        text = Exporter(ExportPolicy()).text(here.first.view, Format.PLAIN)
        for line in (
            'pacewatch_experiment_finding{experiment="hero",finding="winner"} 1.0',
            'pacewatch_experiment_variant_state{experiment="hero",state="winner",variant="B"} 1.0',
            'pacewatch_experiment_trials{experiment="hero",variant="A"} 48000',
            'pacewatch_experiment_rate_ratio{experiment="hero",variant="B"} 0.03',
        ):
            assert line in text, line
        assert 'pacewatch_experiment_lift_low_ratio{experiment="hero",variant="B"} 0.' in text
        assert 'pacewatch_experiment_lift_ratio{experiment="hero",variant="A"}' not in text

    run(server, tmp_path, scenario)
