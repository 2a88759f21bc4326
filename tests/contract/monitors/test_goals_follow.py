"""A monitor process whose goals file changes under it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from tests.contract.monitors.test_service import PROGRAM, clock_at, get, values
from tests.kit.monitor_fakes import MIDNIGHT, NOON, Seed, row, until
from tests.kit.redis_server import free_port, redis_server


def goals(*campaigns: str) -> str:
    """A goals file."""
    flight = "flight: {start: 2026-11-22, end: 2026-11-23, timezone: UTC}"
    aims = "goals: [{total: spend, target: 1000}]"
    return "campaigns:\n" + "".join(f"  - {{campaign: {name}, {flight}, {aims}}}\n" for name in campaigns)


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


@asynccontextmanager
async def monitor(port: int, path: Path, log: Path) -> AsyncIterator[str]:
    """The monitor as a process; gives its address."""
    web_port = free_port()
    env = os.environ | {
        "PACEWATCH_REDIS": f"redis://127.0.0.1:{port}/0",
        "PACEWATCH_GOALS": str(path),
        "PACEWATCH_MONITOR_PORT": str(web_port),
        "PACEWATCH_REFRESH_S": "0.05",
        "PACEWATCH_MAX_EXPORTED_SERIES": "1",
        "PACEWATCH_MAX_LAG_S": "600",
        "PACEWATCH_CLOCK": clock_at(NOON),
    }
    with log.open("wb") as out:
        found = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, env=env, stderr=out)
        try:
            yield f"http://127.0.0.1:{web_port}"
        finally:
            if found.returncode is None:
                found.terminate()
            assert await asyncio.wait_for(found.wait(), 15) == 0


async def judged(base: str) -> set[str]:
    """The campaigns whose spend is judged."""
    try:
        text = (await get(f"{base}/metrics"))[1]
    except OSError:
        return set()
    return {n for n in ("c1", "c2", "c3") if f"pacewatch_flight_end_timestamp_seconds{{campaign={n}}}" in values(text)}


async def problem(base: str) -> float:
    """The metric that tells of a broken file."""
    return values((await get(f"{base}/metrics"))[1])["pacewatch_goals_problem{}"]


async def notices(base: str) -> list[str]:
    """What the board says."""
    return list(json.loads((await get(f"{base}/api/campaigns"))[1])["summary"]["notices"])


async def announced(redis: Redis) -> set[bytes | str]:
    """The campaigns that workers know to have goals."""
    return set(await redis.smembers(layout.GOAL_CAMPAIGNS))


async def seeded(redis: Redis) -> None:
    """Three campaigns; c1 spent most."""
    seed = Seed(redis)
    await seed.layout()
    for partition in range(2):
        await seed.meta(partition, NOON)
    for number in (1, 2, 3):
        counts = row(1000, 20, spend=10**9 // number)
        await seed.series(0, f"c{number}", NOON, {"1h": counts, "total": counts})
        await seed.history(0, f"c{number}", MIDNIGHT, counts)


def test_a_monitor_follows_its_goals_file_and_keeps_the_last_good_one(port: int, tmp_path: Path) -> None:
    async def run() -> None:
        path, log = tmp_path / "goals.yml", tmp_path / "log"
        path.write_text(goals("c1"))
        async with Redis(port=port) as redis:
            await seeded(redis)
            async with monitor(port, path, log) as base:
                await until(lambda: is_judged(base, "c1"))
                path.write_text(goals("c1", "c2"))
                await until(lambda: is_judged(base, "c1", "c2"))
                await until(lambda: has_announced(redis, b"c1", b"c2"))
                path.write_text(goals("c3").replace("spend", "spent"))
                await until(lambda: has_problem(base, 1))
                assert await judged(base) == {"c1", "c2"}
                await until(lambda: has_notices(base, 1))
                (said,) = await notices(base)
                assert said.startswith("The last good goals are judged: goals file goals.yml is not used as it is now")
                assert "did you mean spend?" in said
                path.write_text(goals("c3"))
                await until(lambda: has_problem(base, 0))
                await until(lambda: is_judged(base, "c3"))
                await until(lambda: has_notices(base, 0))
                await until(lambda: has_announced(redis, b"c3"))
                text = (await get(f"{base}/metrics"))[1]
                assert 'pacewatch_spend{campaign="c3"' in text, "what has goals has metrics of its own"
                assert 'pacewatch_spend{campaign="c2"' not in text, "and what had them has not any more"
        written = log.read_text()
        assert written.count("is not used as it is now") == 1

    asyncio.run(run())


def test_a_symlink_that_is_turned_to_another_file_is_followed(port: int, tmp_path: Path) -> None:
    """As a mounted ConfigMap changes."""

    async def run() -> None:
        link = tmp_path / "goals.yml"
        for name in ("c1", "c2"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "goals.yml").write_text(goals(name))
        (tmp_path / "data").symlink_to(tmp_path / "c1")
        link.symlink_to(tmp_path / "data" / "goals.yml")
        async with Redis(port=port) as redis:
            await seeded(redis)
            async with monitor(port, link, tmp_path / "log") as base:
                await until(lambda: is_judged(base, "c1"))
                (tmp_path / "data.new").symlink_to(tmp_path / "c2")
                (tmp_path / "data.new").replace(tmp_path / "data")
                await until(lambda: is_judged(base, "c2"))
                await until(lambda: has_announced(redis, b"c2"))

    asyncio.run(run())


async def is_judged(base: str, *campaigns: str) -> bool:
    """Whether these campaigns are judged, and no others."""
    return await judged(base) == set(campaigns)


async def has_problem(base: str, value: int) -> bool:
    """Whether the metric has a value."""
    return await problem(base) == value


async def has_notices(base: str, count: int) -> bool:
    """Whether the board, which looks twice a second, has so many notices."""
    return len(await notices(base)) == count


async def has_announced(redis: Redis, *campaigns: bytes) -> bool:
    """Whether workers know of these campaigns, and no others."""
    return await announced(redis) == set(campaigns)
