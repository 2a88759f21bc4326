"""A monitor process whose catalogue file changes under it: what is added is everywhere within seconds."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.contract.monitors.test_service import PROGRAM, clock_at, get, values
from tests.kit.monitor_fakes import MIDNIGHT, NOON, until
from tests.kit.redis_server import free_port, redis_server
from tests.kit.wide_seed import CATALOGUE, WideSeed, catalogue

WITHIN_S = 10.0
"""How soon a user finds what was added."""
HEAD = """
campaigns:
  - campaign: c1
    flight: {start: 2026-11-22, end: 2026-11-23, timezone: UTC}
    goals:
      - {total: spend, target: 1000}
"""
MORE = """
      - {total: hours, target: 12.5}
      - {ratio: roi, at_least: -0.5, critical: -0.9}
      - {ratio: frequency, at_most: 2}
"""
DOCUMENT = {
    "impressions": 9_000, "clicks": 50, "spend_micros": 20_000_000, "visits": 40, "hours_micros": 2_500_000,
    "reach_ids": 3_000,
}  # fmt: skip


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


async def seeded(redis: Redis) -> None:
    """One campaign, as a worker writes it that knows the catalogue already."""
    seed = WideSeed(redis, catalogue())
    await seed.layout()
    for partition in range(2):
        await seed.meta(partition, NOON, **{f"reached__ads.{topic}": NOON for topic in ("impressions", "measures")})
    await seed.claim()
    await seed.document(0, "c1", dict.fromkeys(("5m", "1h", "24h", "total"), DOCUMENT))
    await seed.document(0, "account=Acme", {"total": {"visits": 7}})
    await seed.quarter(0, "c1", MIDNIGHT, DOCUMENT | {"impressions": 8_000})
    await seed.quarter(0, "c1", NOON, {"impressions": 1_000})
    for at_ms in (None, NOON):
        await seed.ids(0, "reach", "c1", at_ms, (f"u{n}" for n in range(3_000)))


def environment(port: int, directory: Path) -> dict[str, str]:
    """What the monitor and the command are told."""
    return os.environ | {
        "PACEWATCH_REDIS": f"redis://127.0.0.1:{port}/0",
        "PACEWATCH_GOALS": str(directory / "goals.yml"),
        "PACEWATCH_CATALOGUE": str(directory / "catalogue.yml"),
        "PACEWATCH_MONITOR_PORT": str(free_port()),
        "PACEWATCH_REFRESH_S": "0.05",
        "PACEWATCH_MAX_LAG_S": "600",
        "PACEWATCH_CLOCK": clock_at(NOON),
    }


@asynccontextmanager
async def monitor(env: dict[str, str], log: Path) -> AsyncIterator[str]:
    """The monitor as a process; gives its address."""
    with log.open("wb") as out:
        found = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, env=env, stderr=out)
        try:
            yield f"http://127.0.0.1:{env['PACEWATCH_MONITOR_PORT']}"
        finally:
            if found.returncode is None:
                found.terminate()
            assert await asyncio.wait_for(found.wait(), 15) == 0


async def metrics(base: str) -> dict[str, float]:
    """All samples; none while it does not answer."""
    try:
        return values((await get(f"{base}/metrics"))[1])
    except OSError:
        return {}


async def has(base: str, sample: str, value: float) -> bool:
    """Whether a sample has a value."""
    return (await metrics(base)).get(sample) == value


async def board(base: str, path: str = "/api/campaigns") -> dict[str, Any]:
    """An answer of the API."""
    found: dict[str, Any] = json.loads((await get(f"{base}{path}"))[1])
    return found


async def kpi(env: dict[str, str], *options: str) -> str:
    """What the command prints."""
    argv = [sys.executable, "-m", "pacewatch", "kpi", *options]
    made = await asyncio.create_subprocess_exec(*argv, env=env | {"COLUMNS": "80"}, stdout=asyncio.subprocess.PIPE)
    return (await made.communicate())[0].decode()


def test_what_is_added_while_a_monitor_runs_is_everywhere_within_ten_seconds(port: int, tmp_path: Path) -> None:
    async def run() -> None:
        env = environment(port, tmp_path)
        (tmp_path / "goals.yml").write_text(HEAD)
        (tmp_path / "catalogue.yml").write_text("title: nothing yet\n")
        async with Redis(port=port) as redis:
            await seeded(redis)
            async with monitor(env, tmp_path / "log") as base:
                await until(lambda: has(base, "pacewatch_spend{campaign=c1,currency=EUR}", 20))
                assert not any("pacewatch_kpi{" in name for name in await metrics(base))
                before = await board(base)
                began = time.monotonic()
                (tmp_path / "catalogue.yml").write_text(CATALOGUE)
                (tmp_path / "goals.yml").write_text(HEAD + MORE)
                await until(lambda: has(base, "pacewatch_pace_ratio{campaign=c1,goal=roi:at_least:1h}", 0.0))
                await until(lambda: is_listed(base, "hours", "roi", "frequency"))
                await everywhere(base, env)
                assert time.monotonic() - began < WITHIN_S
                after = await board(base)
                assert after["summary"]["columns"] != before["summary"]["columns"], "pages that are open load again"
                assert after["id"].rpartition("-")[0] != before["id"].rpartition("-")[0]

    asyncio.run(run())


async def is_listed(base: str, *names: str) -> bool:
    """Whether the list of campaigns shows these, and no others."""
    return [one["name"] for one in (await board(base))["added"]] == [*names]


async def everywhere(base: str, env: dict[str, str]) -> None:
    """Metrics, goals, board, API, page and command have what was added."""
    found = await metrics(base)
    assert found["pacewatch_measure{campaign=c1,measure=visits,unit=events,window=total}"] == 40
    assert found["pacewatch_measure{campaign=c1,measure=hours,unit=hours,window=1h}"] == 2.5
    assert found["pacewatch_kpi{campaign=c1,kpi=cost_per_visit,unit=EUR,window=1h}"] == 0.5
    assert found["pacewatch_kpi{campaign=c1,kpi=frequency,unit=ratio,window=total}"] == pytest.approx(3, rel=0.03)
    assert not any("kpi=frequency" in name and "window=5m" in name for name in found)
    assert not any("Acme" in name for name in found if "scope=" not in name), "what is of an account is no campaign's"
    in_all = "name=,scope=portfolio"
    assert found[f"pacewatch_scope_kpi{{kpi=cost_per_visit,{in_all},unit=EUR,window=1h}}"] == 0.5
    assert found[f"pacewatch_scope_measure{{measure=reach,{in_all},unit=events,window=total}}"] > 0
    assert found["pacewatch_scope_measure{measure=visits,name=Acme,scope=account,unit=events,window=total}"] == 7
    assert found["pacewatch_pace_target{campaign=c1,goal=hours,unit=hours}"] == 12.5
    assert found["pacewatch_pace_actual{campaign=c1,goal=hours,unit=hours}"] == 2.5
    assert found["pacewatch_pace_status{campaign=c1,goal=roi:at_least:1h,status=critical}"] == 1
    assert found["pacewatch_pace_status{campaign=c1,goal=frequency:at_most:1h,status=critical}"] == 1
    (row,) = (await board(base))["campaigns"]
    assert row["total"]["added"] == {"hours": 2.5, "roi": -1.0, "frequency": pytest.approx(3, rel=0.03)}
    whole = await board(base, "/api/campaign?id=c1")
    assert whole["windows"]["1h"]["added"]["visits"] == 40
    assert {one["name"]: one["unit"] for one in whole["added"]}["fee"] == "currency"
    page = (await get(f"{base}/"))[1]
    assert ">Roi</th>" in page
    assert ">-1.00</td>" in page
    said = json.loads(await kpi(env, "c1", "--json"))["c1"]
    assert (said["1h"]["visits"], said["1h"]["roi"]) == (40, -1)
    assert said["5m"]["reach"] is None
    text = await kpi(env, "c1", "--window", "1h")
    assert any(line.split() == ["hours", "2.50"] for line in text.splitlines()), "a unit that is its name is said once"
    assert "cost_per_visit" in text
    assert "followers" not in text, "what never came is left out"


def test_a_catalogue_that_cannot_be_used_is_told_like_goals_and_the_last_good_one_goes_on(
    port: int, tmp_path: Path
) -> None:
    async def run() -> None:
        env = environment(port, tmp_path)
        sample = "pacewatch_kpi{campaign=c1,kpi=roi,unit=ratio,window=1h}"
        (tmp_path / "goals.yml").write_text(HEAD + MORE)
        (tmp_path / "catalogue.yml").write_text(CATALOGUE)
        async with Redis(port=port) as redis:
            await seeded(redis)
            async with monitor(env, tmp_path / "log") as base:
                await until(lambda: has(base, sample, -1))
                (tmp_path / "catalogue.yml").write_text(CATALOGUE.replace("spend / visits", "spend / visit"))
                await until(lambda: has(base, "pacewatch_catalogue_problem{}", 1))
                assert await has(base, sample, -1)
                await until(lambda: says(base, "The last good catalogue is used: catalogue file catalogue.yml is not"))
                (tmp_path / "catalogue.yml").write_text(CATALOGUE.replace("roi:", "return_rate:"))
                # Goals are about what is not there any more: they go on, by the catalogue that they were written for.
                await until(lambda: has(base, "pacewatch_goals_problem{}", 1))
                await until(lambda: has(base, "pacewatch_catalogue_problem{}", 0))
                assert await has(base, sample, -1)
                (tmp_path / "goals.yml").write_text((HEAD + MORE).replace("roi", "return_rate"))
                await until(lambda: has(base, sample.replace("roi", "return_rate"), -1))
                await until(lambda: has(base, "pacewatch_goals_problem{}", 0))
                (tmp_path / "goals.yml").write_text(HEAD)
                (tmp_path / "catalogue.yml").write_text("title: nothing\n")
                await until(lambda: lacks(base, "pacewatch_kpi{"))
        assert (tmp_path / "log").read_text().count("catalogue file catalogue.yml is not used as it is now") == 1

    asyncio.run(run())


async def says(base: str, text: str) -> bool:
    """Whether the board has such a notice."""
    return any(one.startswith(text) for one in (await board(base))["summary"]["notices"])


async def lacks(base: str, name: str) -> bool:
    """Whether there are samples, and none of a family."""
    found = await metrics(base)
    return bool(found) and not any(one.startswith(name) for one in found)
