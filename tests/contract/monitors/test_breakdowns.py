"""One campaign's breakdowns, found among everybody's, on every kind of Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.contract import layout
from kpis.contract.documents import document
from kpis.contract.published import BadLayout
from kpis.contract.redis_client import connect
from kpis.measures import Row
from kpis.runtime.errors import Unreachable
from kpis.series import key, split
from kpis.settings.shared import Settings
from monitors.read import breakdowns
from monitors.read.breakdowns import Breakdowns, Windows
from tests.conftest import need
from tests.contract.streams.test_store import redis_url, single_redis_url
from tests.kit.certificates import certificates
from tests.kit.monitor_fakes import NOON, WINDOWS, Seed, row
from tests.kit.processes import free_ports
from tests.kit.redis_kinds import encrypted, watched

__all__ = ["redis_url", "single_redis_url"]

PARTITIONS = 3
HOSTILE = (
    "c", "c1", "C", "cc", "c*", "c?", "?", "*", "**", "[c]", "[^c]", "[a-z]", "[", "]", "\\", "\\*", "c\\", "^", "^c",
    "c|channel=x", "c|", "|", "%", "%7C", "c%7Cchannel=x", "=", "c=", "", " ", "c d", "ü", "密*", "\n", "\x00", "c\x00",
    "-", "c-", "!", "[!c]", "{1}", "{c}*", "c'\"",
)  # fmt: skip
CHANNELS = ("search", "*", "a|b=c", "%", "ü", "[x]")
ALPHABET = "*?[]\\^|%=-!{}ab"
Series = dict[tuple[str, tuple[tuple[str, str], ...]], list[Row]]


def on(settings: Settings, use: Callable[[Any], Awaitable[None]]) -> None:
    """Run a coroutine with a client of a Redis that was emptied of what is ours."""

    async def main() -> None:
        redis = connect(settings)
        try:
            await redis.delete(layout.LAYOUT)
            for partition in range(PARTITIONS):
                await redis.delete(layout.kpi(partition))
            await use(redis)
        finally:
            await redis.aclose()

    asyncio.run(main())


async def write(redis: Any, held: Series, others: int = 0) -> None:
    """The layout and these series, each row in a partition of its own, among other campaigns' breakdowns."""
    await Seed(redis, PARTITIONS).layout()
    for partition in range(PARTITIONS):
        found = {
            key(campaign, pairs): document(NOON, {"1h": rows[partition], "total": rows[partition]})
            for (campaign, pairs), rows in held.items()
            if partition < len(rows)
        }
        found |= {
            key(f"other{n}", [("channel", "search")]): document(NOON, {"total": row(10**6)}) for n in range(others)
        }
        if found:
            await redis.hset(layout.kpi(partition), mapping=found)


def expected(held: Series, campaign: str) -> dict[str, Row]:
    """The totals of a campaign's breakdowns, by name, as plain Python has them."""
    sums: dict[str, Row] = {}
    for (whose, pairs), rows in held.items():
        if whose == campaign and pairs:
            name = key("", pairs).removeprefix("|")
            sums[name] = tuple(map(sum, zip(*rows, strict=True)))
    return sums


def totals(found: Mapping[str, Windows]) -> dict[str, Row]:
    """What was found, likewise."""
    return {name: windows["total"] for name, windows in found.items()}


def everybodys() -> Series:
    """Hostile campaigns with breakdowns of one dimension and of two, in one partition to all."""
    held: Series = {}
    for n, campaign in enumerate(HOSTILE):
        held[campaign, ()] = [row(10**9)]
        for m, channel in enumerate(CHANNELS):
            spread = [row(n + 1, m), row(100 * n, spend=m), row(7, revenue=1)]
            held[campaign, (("channel", channel),)] = spread[: 1 + (n + m) % PARTITIONS]
        held[campaign, (("channel", "search"), ("country", campaign))] = [row(n)]
    return held


async def finds_everybodys(redis: Any) -> None:
    """Each campaign's are found, and nobody else's, among thousands."""
    held = everybodys()
    await write(redis, held, others=4_000)
    reader = Breakdowns(redis, "test")
    for campaign in HOSTILE:
        found = await reader.of(campaign)
        assert totals(found) == expected(held, campaign), repr(campaign)
        assert len(found) == len(CHANNELS) + 1
        assert all(split(key(campaign) + "|" + name)[0] == campaign for name in found)
    assert await reader.of("nobody") == {}


def test_exactly_the_campaigns_breakdowns_are_found_and_partitions_added_up(redis_url: str) -> None:
    """On a single server and on a Cluster."""
    on(Settings.load(redis=redis_url), finds_everybodys)


def test_they_are_found_where_redis_asks_for_a_user_over_tls(tmp_path: Path) -> None:
    need("openssl")
    own = certificates(tmp_path / "tls")
    with encrypted(tmp_path / "data", own, "pacewatch", "secret") as port:
        on(Settings.load(redis=f"rediss://pacewatch:secret@127.0.0.1:{port}/0", redis_ca=own.ca), finds_everybodys)


def test_they_are_found_at_the_master_that_a_sentinel_names(tmp_path: Path) -> None:
    with watched(tmp_path, "secret") as found:
        port = found.ports["sentinel"]
        url = f"redis+sentinel://:secret@127.0.0.1:{port}/mymaster/0?sentinel_password=secret"
        on(Settings.load(redis=url), finds_everybodys)


NAMES = st.text(ALPHABET, max_size=6)
PAIRS = st.lists(st.tuples(st.sampled_from(["channel", "country"]), NAMES), min_size=1, max_size=2).map(tuple)
HELD = st.dictionaries(st.tuples(NAMES, PAIRS), st.lists(st.builds(row, st.integers(0, 99)), min_size=1, max_size=3))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HELD, NAMES)
def test_no_name_is_taken_for_a_pattern(single_redis_url: str, held: Series, other: str) -> None:
    """Neither of a campaign that is there nor of one that is not."""

    async def use(redis: Any) -> None:
        await write(redis, held)
        reader = Breakdowns(redis, "test")
        for campaign in {other, *(campaign for campaign, _ in held)}:
            assert totals(await reader.of(campaign)) == expected(held, campaign)

    on(Settings.load(redis=single_redis_url), use)


def test_every_window_is_added_up(redis_url: str) -> None:
    async def use(redis: Any) -> None:
        seed, name = Seed(redis, PARTITIONS), key("c", [("channel", "x")])
        await seed.layout()
        for partition in range(PARTITIONS):
            windows = {window: row(n + 1) for n, window in enumerate((*WINDOWS, "total"))}
            await seed.series(partition, name, NOON, windows)
        (found,) = (await Breakdowns(redis, "test").of("c")).values()
        assert dict(found) == {window: row(PARTITIONS * (n + 1)) for n, window in enumerate((*WINDOWS, "total"))}

    on(Settings.load(redis=redis_url), use)


def test_an_answer_is_given_again_for_a_while_and_not_for_longer(
    single_redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And an answer that is not kept, because many are, is right too."""

    async def use(redis: Any) -> None:
        part = (("channel", "x"),)
        reader = Breakdowns(redis, "test")
        monkeypatch.setattr(breakdowns, "REMEMBER_S", 3600)
        await write(redis, {("c", part): [row(1)]})
        assert totals(await reader.of("c")) == {"channel=x": row(1)}
        await write(redis, {("c", part): [row(2)]})
        assert totals(await reader.of("c")) == {"channel=x": row(1)}
        for n in range(2 * breakdowns._MOST_REMEMBERED):
            await reader.of(f"another{n}")
        assert len(reader._held) == breakdowns._MOST_REMEMBERED
        await write(redis, {("d", part): [row(3)]})
        assert totals(await reader.of("d")) == {"channel=x": row(3)}
        monkeypatch.setattr(breakdowns, "REMEMBER_S", 0)
        reader = Breakdowns(redis, "test")
        for n in (4, 5):
            await write(redis, {("c", part): [row(n)]})
            assert totals(await reader.of("c")) == {"channel=x": row(n)}

    on(Settings.load(redis=single_redis_url), use)


def test_what_cannot_be_read_is_left_out(single_redis_url: str) -> None:
    async def use(redis: Any) -> None:
        await write(redis, {("c", (("channel", "x"),)): [row(1)]})
        await redis.hset(layout.kpi(0), mapping={b"c|channel=\xff": b"{}", "c|channel=y": b"nonsense"})
        assert totals(await Breakdowns(redis, "test").of("c")) == {"channel=x": row(1)}

    on(Settings.load(redis=single_redis_url), use)


def test_before_a_worker_ran_and_while_redis_is_away_that_is_said(single_redis_url: str) -> None:
    async def empty(redis: Any) -> None:
        with pytest.raises(BadLayout):
            await Breakdowns(redis, "test").of("c")

    async def away() -> None:
        (port,) = free_ports(1)
        redis = connect(Settings.load(redis=f"redis://:hunter2@127.0.0.1:{port}/0"))
        with pytest.raises(Unreachable, match="Redis at somewhere does not answer") as said:
            await Breakdowns(redis, "somewhere").of("c")
        assert "hunter2" not in str(said.value)
        await redis.aclose()

    on(Settings.load(redis=single_redis_url), empty)
    asyncio.run(away())
