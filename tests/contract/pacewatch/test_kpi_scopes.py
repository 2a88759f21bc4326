"""``pacewatch kpi --scope`` at a real Redis: sums over partitions, accounts of the goals file, within 80 columns."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from kpis.measures import Row, add
from tests.kit.monitor_fakes import NOON, Seed, row
from tests.kit.redis_server import redis_server

MUCH = row(987_654_321, 12_345_678, 234_567, 1_234_567_890_000, 9_876_543_210_000)
LITTLE = row(100, 10, 1, 5_000_000, 8_000_000)
GOALS = """\
campaigns:
  - campaign: c1
    account: Acme
    flight: {start: 2026-11-22, end: 2026-11-23, timezone: UTC}
    goals: [{total: spend, target: 5}]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        asyncio.run(seed(port))
        yield port


async def seed(port: int) -> None:
    """Two campaigns, one of them on both partitions, by channel and by account."""
    async with Redis(port=port) as redis:
        made = Seed(redis)
        await made.layout()
        for partition in range(2):
            await made.meta(partition, NOON)

        async def put(partition: int, series: str, counted: Row) -> None:
            await made.series(partition, series, NOON, {"1h": counted, "24h": counted, "total": counted})

        for partition, series, counted in (
            (0, "c1", MUCH), (1, "c1", LITTLE), (1, "c2", LITTLE), (0, "c1|channel=search", MUCH),
            (1, "c1|channel=search", LITTLE), (1, "c2|channel=search", LITTLE), (1, "c2|channel=a b", LITTLE),
            (1, "c2|channel=search|country=DE", LITTLE), (1, "c2|account=Bolt", LITTLE), (0, "c1|account=Bolt", MUCH),
        ):  # fmt: skip
            await put(partition, series, counted)


def kpi(port: int, *words: str, goals: Path | None = None) -> subprocess.CompletedProcess[str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("PACEWATCH_", "COLUMNS"))}
    own |= {"PACEWATCH_REDIS": f"redis://127.0.0.1:{port}/0", **({"PACEWATCH_GOALS": str(goals)} if goals else {})}
    return subprocess.run(
        [sys.executable, "-m", "pacewatch", "kpi", *words], env=own, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def test_a_scope_is_the_sum_over_partitions_and_its_kpis_are_of_that(server: int, tmp_path: Path) -> None:
    path = tmp_path / "goals.yml"
    path.write_text(GOALS)
    everything = json.loads(kpi(server, "--scope", "portfolio", "--json").stdout)
    assert list(everything) == ["portfolio="]
    assert everything["portfolio="]["1h"]["clicks"] == MUCH[1] + 20
    assert everything["portfolio="]["1h"]["ctr"] == (MUCH[1] + 20) / (MUCH[0] + 200)
    channels = json.loads(kpi(server, "--scope", "channel", "--window", "1h", "--json").stdout)
    assert {name: list(windows) for name, windows in channels.items()} == {
        "channel=search": ["1h"], "channel=a b": ["1h"],
    }  # fmt: skip
    assert channels["channel=search"]["1h"]["impressions"] == add([MUCH, LITTLE, LITTLE])[0]
    accounts = json.loads(kpi(server, "--scope", "account", "--json", goals=path).stdout)
    assert {name: windows["total"]["clicks"] for name, windows in accounts.items()} == {
        "account=Acme": MUCH[1] + 10, "account=Bolt": 10,
    }, "a campaign is one account's, as the goals file says; another is as its events say"  # fmt: skip


@pytest.mark.parametrize("words", [("channel",), ("portfolio",), ("channel", "search"), ("account",)])
def test_it_fits_80_columns(server: int, words: tuple[str, ...]) -> None:
    done = kpi(server, "--scope", *words)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80, done.stdout
    assert "12,345,6" in done.stdout, done.stdout
    assert "…" not in done.stdout


def test_one_that_is_not_there_and_one_that_there_cannot_be_are_said(server: int) -> None:
    missing = kpi(server, "--scope", "channel", "radio")
    assert (missing.returncode, missing.stderr) == (0, "there is no channel 'radio' in Redis\n")
    nobody = kpi(server, "--scope", "creative")
    assert "PACEWATCH_BREAKDOWNS" in nobody.stderr
    unknown = kpi(server, "--scope", "planet")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (2, 1)
    assert "portfolio, account, channel" in unknown.stderr


def test_who_asks_for_an_account_as_for_a_campaign_is_told_how_to_ask(server: int, tmp_path: Path) -> None:
    path = tmp_path / "goals.yml"
    path.write_text(GOALS)
    for name in ("Acme", "Bolt"):
        done = kpi(server, name, goals=path)
        assert done.returncode == 2
        assert f"there is no campaign '{name}' in Redis" in done.stderr
        assert f"pacewatch kpi --scope account {name}" in done.stderr
    path.write_text("campaigns: [")
    assert "--scope" not in kpi(server, "Acme", goals=path).stderr
