"""The backtest tells what the monitor's cycle tells, message by message: over a real Redis, by a clock set by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kpis.contract import layout
from kpis.contract.published import Layout
from kpis.contract.redis_client import connect
from kpis.measures import Stream
from kpis.packs.catalogue_file import load as load_catalogue
from kpis.packs.catalogue_source import CatalogueSource
from kpis.runtime.clock import Clock
from kpis.settings.shared import Settings
from kpis.times import DAY_MS, MINUTE_MS, QUARTER_MS
from monitors import goals as goals_file
from monitors.alerts.cycle_policy import CyclePolicy
from monitors.alerts.outbox import TOLD, Outbox
from monitors.cycle import Cycle
from monitors.goals.all_goals import Goals
from monitors.goals.reload import GoalsSource
from monitors.read.reader import Reader
from pacewatch.backtest.event_time import Batches, EventTime, Span
from pacewatch.backtest.moments import Watchlist, of_recording
from pacewatch.backtest.one_partition import OnePartition
from pacewatch.backtest.stored_history import load as load_history
from pacewatch.backtest.trial import Trial, TrialPolicy
from pacewatch.replay.recording import BadLine, Record, Recording
from pacewatch.replay.shift import shift
from streams.partitions.stream_progress import StreamProgress
from streams.partitions.tools import KnownEnd
from streams.policies import decode_policy, partition_policy
from streams.store.catalogue_in_use import CatalogueInUse
from streams.store.load import load
from streams.store.store import Store
from tests.kit.recorded import GOALS, recorded_week

Told = tuple[int, str, str, str, str, str]
START = 1_370_448_000_000
"""2013-06-06T00:00 in Shanghai."""


@dataclass(frozen=True)
class HandClock(Clock):
    """A clock that shows what it is told to."""

    shown: list[int] = field(default_factory=lambda: [0])

    def now_ms(self) -> int:
        return self.shown[0]


def in_span(path: Path, since: int, until: int) -> list[Record | BadLine]:
    """The records of a part of a recording."""
    with Recording(path) as recording:
        return [r for r in recording if isinstance(r, Record) and r.ts_ms is not None and since <= r.ts_ms < until]


def backtested(records: Iterable[Record | BadLine], goals: Goals, settings: Settings, span: Span) -> list[Told]:
    """What the backtest says."""
    trial = Trial(TrialPolicy(), settings.currency)
    partition = OnePartition(settings, goals.all, span.first_ms, goals.catalogue)
    for moment in of_recording(records, EventTime(span), partition, Watchlist(goals.all, span.first_ms, DAY_MS)):
        trial.look(moment)
    return told_by(trial)


def told_by(trial: Trial) -> list[Told]:
    """Its messages, as far as they are compared."""
    return [(m.at_ms, m.alert.campaign, m.goal.id, m.change, m.status, m.verdict.reason) for m in trial.messages]


async def cycled(
    batches: Iterable[Batches], settings: Settings, path: Path = GOALS, catalogue: Path | None = None
) -> list[Told]:
    """What a monitor says of what a worker's state was at each look."""
    redis, clock = connect(settings), HandClock()
    store = Store(redis, "test", settings.history_days, settings.dedupe_hours)
    windows = tuple(w.name for w in settings.the_windows)
    await store.publish_layout(Layout(1, settings.currency, windows, settings.history_days))
    lease = await store.take(0, 0)
    counted = CatalogueInUse(CatalogueSource(catalogue), store, decode_policy(settings), clock)
    await counted.begin()
    plan = await counted.plan()
    state = await load(store, lease, replace(partition_policy(settings, 1), plan=plan), START)
    decoders = counted.decoders(plan)
    progress = {s: StreamProgress(s.topic_suffix, {}) for s in Stream}
    outbox = Outbox(redis, "test", "one", 600_000)
    policy = CyclePolicy()
    cycle = Cycle(Reader(redis, "test", clock, breakdowns=False), outbox, GoalsSource(path, catalogue), clock, policy)
    found: list[Told] = []
    try:
        for one in batches:
            clock.shown[0] = one.now_ms
            for stream, values in one.values.items():
                batch = decoders[stream].decode(values, one.now_ms)
                numbers = state.register(batch)
                state.adopt(await store.totals(0, state.fresh))
                offset = state.offsets.get(stream, 0) + len(values)
                arrived = state.add(batch, numbers, stream, offset, records=len(values), now_ms=one.now_ms)
                progress[stream].counted(offset - len(values), arrived, one.now_ms)
            for stream, how_far in progress.items():
                offset = state.offsets.get(stream, 0)
                how_far.advance(one.now_ms, offset, KnownEnd(offset, 0), 1.0)
            if one.is_look:
                state.tick(one.now_ms)
                said = {name: value for p in progress.values() for name, value in p.told(one.now_ms).items()}
                await store.write(lease, state.take_flush({layout.CAUGHT_UP: 1, **said}))
                await cycle.cycle()
                found += [told_of(raw) for raw in await redis.lrange(TOLD, 0, -1) if is_sent(raw)]
                await redis.delete(TOLD)
    finally:
        await redis.aclose()
    return found


def is_sent(raw: bytes) -> bool:
    """Whether people get it: what another total of the campaign says already is told and not sent."""
    return not msgspec.json.decode(raw)["muted"]


def told_of(raw: bytes) -> Told:
    """A stored alert, as far as it is compared."""
    alert: Any = msgspec.json.decode(raw)
    goal = alert["goal"].partition("|")[2]
    return alert["at_ms"], alert["campaign"], goal, alert["change"], alert["after"], alert["reason"]


@pytest.mark.slow
def test_history_in_redis_tells_the_same_as_the_recording_looked_at_each_quarter_hour(redis_url: str) -> None:
    """But for windows of an hour, which shed a minute at a time."""
    since, until = START + 3 * DAY_MS, START + 9 * DAY_MS // 2
    # What comes at the very moment that a quarter hour begins is known at a look then, but not of that quarter hour.
    found = in_span(recorded_week(), since, until)
    records: list[Record | BadLine] = [shift(one, 1) for one in found if isinstance(one, Record)]
    goals = goals_file.load(GOALS)
    settings = Settings.load(redis=redis_url, currency="CNY", clock=f"2x@{until}/{int(time.time() * 1000)}")
    span = Span(since, until - 1, QUARTER_MS)
    asyncio.run(cycled(EventTime(span).batches(records), settings))
    stored, trial = asyncio.run(load_history(settings, goals.all, span)), Trial(TrialPolicy(), "CNY")
    for moment in stored.moments(Watchlist(goals.all, span.first_ms, DAY_MS)):
        trial.look(moment)
    told = [one for one in told_by(trial) if not one[2].endswith(":1h")]
    assert len(told) > 10
    assert told == [one for one in backtested(records, goals, settings, span) if not one[2].endswith(":1h")]


@pytest.mark.slow
@pytest.mark.parametrize(("first", "days", "every", "least"), [(0, 1, 1, 1), (3, 2, 5, 15)], ids=["launch", "dark"])
def test_the_cycle_and_the_backtest_tell_the_same(
    redis_url: str, first: int, days: int, every: int, least: int
) -> None:
    """The first day of the flights, minute by minute; and two later ones, begun in the middle, with the dark day."""
    since, until = START + first * DAY_MS, START + (first + days) * DAY_MS
    records = in_span(recorded_week(), since, until)
    goals, settings = goals_file.load(GOALS), Settings.load(redis=redis_url, currency="CNY")
    span = Span(since, until - 1, every * MINUTE_MS)
    told = asyncio.run(cycled(EventTime(span).batches(records), settings))
    assert len(told) >= least
    assert backtested(records, goals, settings, span) == told


TOGETHER = """
portfolio:
  goals:
    - {total: impressions, target: 4000000}
    - {total: impressions, target: 300000, per: day}
    - {ratio: ctr, at_least: 0.002, window: 24h}
"""
"""More than the recorded advertisers bring, and a rate above theirs."""


@pytest.mark.slow
def test_what_campaigns_reach_together_is_told_alike_by_the_cycle_the_backtest_and_history(
    redis_url: str, tmp_path: Path
) -> None:
    since, until = START + 2 * DAY_MS, START + 7 * DAY_MS // 2
    path = tmp_path / "goals.yml"
    path.write_text(GOALS.read_text() + TOGETHER)
    goals = goals_file.load(path)
    found = in_span(recorded_week(), since, until)
    records: list[Record | BadLine] = [shift(one, 1) for one in found if isinstance(one, Record)]
    settings = Settings.load(redis=redis_url, currency="CNY", clock=f"2x@{until}/{int(time.time() * 1000)}")
    span = Span(since, until - 1, QUARTER_MS)
    cycle = asyncio.run(cycled(EventTime(span).batches(records), settings, path))
    backtest = backtested(records, goals, settings, span)
    assert backtest == cycle
    ours = [one for one in backtest if one[1] == "portfolio="]
    assert {one[2] for one in ours} == {"impressions", "impressions:day", "ctr:at_least:24h"}
    stored, trial = asyncio.run(load_history(settings, goals.all, span)), Trial(TrialPolicy(), "CNY")
    for moment in stored.moments(Watchlist(goals.all, span.first_ms, DAY_MS)):
        trial.look(moment)
    assert [one for one in told_by(trial) if one[1] == "portfolio="] == ours


CATALOGUE = """
measures:
  visits: {}
  people: {name: visits, distinct: user_id}
  followers: {level: true}
  leads: {stream: conversions, where: {kind: lead}}
kpis:
  visits_each: {formula: visits / people, better: lower, min_volume: 10, meaning: Sessions per person.}
  visits_per_follower: {formula: visits / followers, min_volume: 10, meaning: Sessions per follower.}
"""
"""A sum, ids, a level, and a filtered sum; KPIs over them."""
OF_ADDED = """
accounts:
  Acme: {together: {goals: [{total: visits, target: 900000}, {ratio: visits_per_follower, at_least: 1, window: 24h}]}}
campaigns:
  - campaign: a
    account: Acme
    flight: {start: 2013-06-06T00:00, end: 2013-06-09T00:00, timezone: Asia/Shanghai}
    goals:
      - {total: visits, target: 300000}
      - {ratio: visits_each, at_most: 50, window: 1h}
      - {ratio: visits_per_follower, at_least: 1.5, window: 24h}
  - campaign: b
    account: Acme
    flight: {start: 2013-06-06T00:00, end: 2013-06-09T00:00, timezone: Asia/Shanghai}
    goals: [{total: leads, target: 5000}, {ratio: visits_per_follower, at_least: 1, window: 24h}]
"""


def of_added(until: int) -> Iterator[dict[str, object]]:
    """Sessions of few people, then of many, then of few; followers, some of them told hours late."""
    for n, at in enumerate(range(START, until, MINUTE_MS)):
        hour = n // 60 % 12
        visit: dict[str, object] = {"type": "measure", "name": "visits", "value": 40 if hour < 4 else 8}
        for campaign in "ab":
            person = f"{campaign}{n % (500 if 2 <= hour < 5 else 30)}"
            yield visit | {"ts": at, "campaign_id": campaign, "user_id": person}
            # Too few to make it a feed that is late by habit.
            late = at - (n % 60 if n % 12 == 5 and n > 420 else 0) * 7 * MINUTE_MS
            yield {"type": "measure", "name": "followers", "value": 3_000 + 20 * n, "ts": late, "campaign_id": campaign}
        yield visit | {"ts": at, "account": "Acme", "user_id": "x"}
        yield {"type": "conversion", "kind": "lead" if n % 3 else "sale", "ts": at, "campaign_id": "b"}


@pytest.mark.slow
def test_goals_on_added_measures_are_told_alike_by_the_cycle_the_backtest_and_history(
    redis_url: str, tmp_path: Path
) -> None:
    """Ids are exact in the one and sketched in the other, and in history not at all."""
    until = START + 36 * 60 * MINUTE_MS
    events, goals_path, path = (tmp_path / name for name in ("events.ndjson", "goals.yml", "catalogue.yml"))
    lines = (one | {"event_id": f"{number}"} for number, one in enumerate(of_added(until)))
    events.write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in lines))
    goals_path.write_text(OF_ADDED)
    path.write_text(CATALOGUE)
    with Recording(events) as recording:
        # As above: nothing comes at the very moment that a quarter hour begins.
        records: list[Record | BadLine] = [shift(one, 1) for one in recording if isinstance(one, Record)]
    goals = goals_file.load(goals_path, load_catalogue(path))
    settings = Settings.load(redis=redis_url, currency="CNY", clock=f"2x@{until}/{int(time.time() * 1000)}")
    span = Span(START, until - 1, QUARTER_MS)
    cycle = asyncio.run(cycled(EventTime(span).batches(records), settings, goals_path, path))
    backtest = backtested(records, goals, settings, span)
    assert backtest == cycle
    told = {(one[1], one[2]) for one in backtest}
    assert told >= {("a", "visits"), ("a", "visits_each:at_most:1h"), ("b", "leads"), ("account=Acme", "visits")}
    assert ("a", "visits_per_follower:at_least:24h") in told
    stored = asyncio.run(load_history(settings, goals.all, span, goals.catalogue))
    trial = Trial(TrialPolicy(), "CNY")
    for moment in stored.moments(Watchlist(goals.all, span.first_ms, DAY_MS)):
        trial.look(moment)
    assert told_by(trial) == [one for one in backtest if not one[2].endswith(":1h")]
