"""Two monitors at one Redis whose goals files differ: nothing of the one's file is ended because the other leads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

import monitors.cycle
from kpis.runtime.clock import wall_ms
from monitors.alerts.lifecycle import Change
from monitors.alerts.outbox.files_in_use import FILES, KEPT_MS, Files, FilesInUse, differing
from monitors.alerts.outbox.outbox import STATE
from monitors.goals.reload import GoalsSource
from tests.contract.monitors.test_living import FIRED, MUCH, Monitors, goals, run
from tests.kit.monitor_fakes import NOON
from tests.kit.redis_server import redis_server


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


async def _other_leads(both: Monitors, tmp_path: Path) -> None:
    """The second monitor's file lacks the campaign whose miss the first one told; then the first one dies."""
    other = tmp_path / "other.yml"
    other.write_text(goals().replace("c42", "c43"))
    both.cycles[1]._goals = GoalsSource(other)
    await both.at(NOON, MUCH)
    assert await both.changes() == [FIRED]
    assert [cycle.view.differing_files for cycle in both.cycles] == [("goals",), ("goals",)]
    await both.redis.delete("pw:{alerts}:leader")
    await both.cycles[1].cycle()
    assert both.cycles[1].view.leads


def test_who_takes_the_lead_from_one_with_another_file_ends_nothing_at_first(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        await _other_leads(both, tmp_path)
        assert await both.changes() == [FIRED]
        await both.redis.delete("pw:{alerts}:leader")
        await both.look()
        assert await both.changes() == [FIRED], "the first one leads again, and its alert stands"
        assert b"c42|spend" in await both.redis.hkeys(STATE)

    run(server, tmp_path, goals(), test)


def test_one_that_leads_for_minutes_ends_what_its_file_lacks(
    server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(both: Monitors) -> None:
        await _other_leads(both, tmp_path)
        monkeypatch.setattr(monitors.cycle, "SPARED_S", 0.0)
        await both.cycles[1].cycle()
        assert [change for change, *_ in await both.changes()] == [Change.FIRED, Change.ENDED]

    run(server, tmp_path, goals(), test)


def test_what_a_monitor_used_is_known_for_minutes_and_not_for_ever(server: int, tmp_path: Path) -> None:
    async def test(both: Monitors) -> None:
        async with Redis(port=server) as redis:
            await redis.delete(FILES)
            one, two = (FilesInUse(redis, "test", token) for token in ("one", "two"))
            assert (await one.tell("", "")).others == (), "a monitor without goals tells nothing"
            await one.tell("a" * 64, "")
            found = await two.tell("b" * 64, "c" * 64)
            assert (found.differing, found.has_other_goals) == (("goals", "catalogue"), True)
            await one.leave()
            found = await two.tell("b" * 64, "")
            assert (found.differing, found.has_other_goals) == ((), True)
            old = f"{wall_ms() - KEPT_MS - 1000}|x|y|1"
            await redis.hset(FILES, mapping={"one": old, "garbled": "x"})
            assert (await two.tell("b" * 64, "")).others == ()
            assert await redis.hkeys(FILES) == [b"two"]

    run(server, tmp_path, goals(), test)


def test_files_that_are_alike_or_of_monitors_that_went_do_not_differ() -> None:
    assert differing([]) == differing([Files("a", "b")] * 2) == ()
    assert differing([Files("a", "b"), Files("x", "y", lives=False)]) == ()
    assert differing([Files("a", "b"), Files("a", "c")]) == ("catalogue",)
