"""Evidence in a real Redis: what a monitor knew is what the next one knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from math import log

import pytest
from redis.asyncio import Redis

from kpis.catalogue import BY_NAME
from kpis.measures import Row
from kpis.times import MINUTE_MS
from monitors.alerts.outbox import EVIDENCE, Outbox
from monitors.common.whole import Whole
from monitors.engine import Engine
from monitors.gathering import KEEP_EVERY_S, Gathering
from monitors.goals import Bound, Campaign, Flight, RatioGoal
from monitors.goals.subject import key_of
from monitors.pacing.onset import Onset
from monitors.pacing.verdict import Status
from monitors.sight import Sight
from tests.kit.monitor_fakes import DAY, MIDNIGHT, row
from tests.kit.redis_server import redis_server

CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")
CAMPAIGN = Campaign("c", "c", Flight(MIDNIGHT, MIDNIGHT + DAY, "UTC"), (CTR,))
NAME = key_of(CAMPAIGN, CTR)


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


class Kept(Engine):
    """An engine, with what keeps it in Redis."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self.kept = Gathering(Outbox(redis, "test", "one", ttl_ms=60_000), self, Whole(self))
        self.load, self.keep = self.kept.load, self.kept.keep


def gathering(redis: Redis) -> Kept:
    """As a monitor that has just been started has it."""
    return Kept(redis)


def seen(minute: int, to_date: Row, window: Row | None = None, *, history_from_ms: int = MIDNIGHT - DAY) -> Sight:
    """What is known so many minutes into the flight."""
    return Sight(MIDNIGHT + minute * MINUTE_MS, history_from_ms, to_date, {"1h": window})


def test_what_one_monitor_gathered_the_next_goes_on_from(server: int) -> None:
    """Six minutes without a click are no proof, nor are four more alone: together they are."""

    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            first = gathering(redis)
            await first.load()
            for minute in range(1, 7):
                assert first.proven(CAMPAIGN, CTR, seen(minute, row(minute * 50))) is Status.ON_PACE
            await first.keep({NAME}, 1.0)
            alone, second = gathering(redis), gathering(redis)
            await second.load()
            assert second.proven(CAMPAIGN, CTR, seen(16, row(850))) is Status.CRITICAL
            assert first.proven(CAMPAIGN, CTR, seen(16, row(850))) is Status.CRITICAL
            later = seen(70, row(850), row(500))
            assert alone.proven(CAMPAIGN, CTR, later) is Status.ON_PACE

    asyncio.run(run())


def test_evidence_is_kept_every_few_seconds_and_forgotten_with_its_goal(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            made = gathering(redis)
            await made.load()
            made.proven(CAMPAIGN, CTR, seen(1, row(50)))
            await made.keep({NAME}, 1.0)
            before = await redis.hgetall(EVIDENCE)
            made.proven(CAMPAIGN, CTR, seen(2, row(100)))
            await made.keep({NAME}, 1.0 + KEEP_EVERY_S / 2)
            assert await redis.hgetall(EVIDENCE) == before
            await made.keep({NAME}, 1.0 + KEEP_EVERY_S)
            assert await redis.hgetall(EVIDENCE) != before
            await made.keep(set(), 1.0 + 2 * KEEP_EVERY_S)
            assert await redis.hgetall(EVIDENCE) == {}

    asyncio.run(run())


OF_OTHERS = (
    b'{"flight_ms":%d,"limit":0.02,"critical_limit":0.015,"at_ms":%d,"successes":0,"trials":0,"warning":[0.5],"critical":[]}'
    % (MIDNIGHT, MIDNIGHT)
)
"""As a version with one wager only would have left it."""
BEYOND = OF_OTHERS.replace(b'"trials":0', b'"trials":1' + b"0" * 400).replace(b"[0.5]", b"[%s]" % (b"0," * 7)[:-1])
BEYOND = BEYOND.replace(b"[]", b"[%s]" % (b"0," * 7)[:-1])
"""A number that no computation takes."""
HUGE = b"1" + b"0" * 400
BEGAN_BEYOND = BEYOND.replace(HUGE, b"0")[:-1] + b',"onset":{"gained":1,"at_ms":0,"successes":0,"trials":%s}}' % HUGE


@pytest.mark.parametrize("junk", [b"", b"{", b"[1]", b'{"flight_ms": "x"}', b"\xff", OF_OTHERS, BEYOND, BEGAN_BEYOND])
def test_evidence_that_cannot_be_read_is_begun_anew(server: int, junk: bytes) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            await redis.hset(EVIDENCE, NAME, junk)
            made = gathering(redis)
            await made.load()
            assert made.proven(CAMPAIGN, CTR, seen(20, row(1_000))) is Status.CRITICAL

    asyncio.run(run())


def test_evidence_of_an_older_version_that_says_no_onset_is_gone_on_from(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            await redis.flushall()
            await redis.hset(EVIDENCE, NAME, BEYOND.replace(HUGE, b"100"))
            made = gathering(redis)
            await made.load()
            assert made.held[NAME].onset is None
            made.proven(CAMPAIGN, CTR, seen(20, row(1_000)))
            onset = made.held[NAME].onset
            assert onset is not None
            assert onset == Onset(onset.gained, MIDNIGHT, 0, 100)
            assert onset.gained == pytest.approx(900 * log(0.982 / 0.98))

    asyncio.run(run())


def test_what_has_no_history_or_is_not_in_its_flight_gathers_nothing(server: int) -> None:
    async def run() -> None:
        async with Redis(port=server) as redis:
            made = gathering(redis)
            await made.load()
            beyond = seen(12 * 60, row(1_000), row(1_000), history_from_ms=MIDNIGHT + 1)
            assert made.proven(CAMPAIGN, CTR, beyond) is None
            assert made.proven(CAMPAIGN, CTR, seen(-1, row(1_000))) is None
            assert made.proven(CAMPAIGN, CTR, seen(24 * 60, row(1_000))) is None
            assert made.proven(CAMPAIGN, CTR, Sight(None, 0)) is None

    asyncio.run(run())
