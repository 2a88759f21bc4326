"""What the board says of alerts, and /readyz of the numbers, on a real Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from kpis.contract import layout
from monitors.alerts.interventions import DEEDS, KEEP_DEEDS, Acknowledgement, InterventionStore, Silence
from monitors.alerts.outbox import TOLD
from tests.contract.monitors.test_actions import GOOD, WHO, campaign, post
from tests.contract.monitors.test_service import GOALS, get, is_ready, monitor, running, seed_day
from tests.kit.monitor_fakes import NOON, Seed, until
from tests.kit.redis_server import redis_server

MORE = {"http_user": "ana", "http_password": "hunter2"}


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


@pytest.fixture
def goals(tmp_path: Path) -> Path:
    file = tmp_path / "goals.yaml"
    file.write_text(GOALS)
    return file


async def log(base: str, query: str = "") -> Any:
    """What the API answers."""
    return json.loads((await get(f"{base}/api/alerts{query}", **WHO))[1])


@running
async def test_what_was_told_and_who_acknowledged_it_is_there_after_a_restart(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis:
        await seed_day(redis, spend=300_000_000)
        async with monitor(port, goals, None, **MORE) as base:

            async def is_told() -> bool:
                goals_now = (await campaign(base)).get("campaign", {}).get("goals")
                return bool(goals_now and goals_now[0]["told"] == "critical" and (await log(base))["told"])

            await until(is_told)
            assert await post(base, "acknowledge", {**GOOD, "note": "budget moved"}) == (200, {"count": 1})
            assert await post(base, "unacknowledge", GOOD) == (200, {"count": 1})
            assert await post(base, "acknowledge", {**GOOD, "by": "bo"}) == (200, {"count": 1})
            assert await post(base, "mute", {**GOOD, "for_s": 7200}) == (200, {"count": 1})
            assert await post(base, "unmute", GOOD) == (200, {"count": 1})
        async with monitor(port, goals, None, **MORE) as base:

            async def knows() -> bool:
                return bool((await log(base))["acknowledged"])

            await until(knows)
            found = await log(base)
    (told,) = found["told"]
    assert (told["campaign"], told["label"], told["before"], told["after"]) == ("c42", "spend", "on_pace", "critical")
    deeds = [(one["kind"], one["campaign"], one["label"], one["by"], one["note"]) for one in found["done"]]
    assert deeds == [
        ("unmuted", "c42", "", "ana", ""),
        ("muted", "c42", "", "ana", ""),
        ("acknowledged", "c42", "spend", "bo", ""),
        ("unacknowledged", "c42", "spend", "ana", ""),
        ("acknowledged", "c42", "spend", "ana", "budget moved"),
    ]
    assert [(one["by"], one["label"]) for one in found["acknowledged"]] == [("bo", "spend")]
    assert (found["is_read"], found["can_act"], found["mutes"]) == (True, True, [])


@running
async def test_what_lies_in_redis_that_is_no_alert_is_left_out(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis:
        await seed_day(redis, spend=500_000_000)
        await redis.rpush(TOLD, b"\xff", "{}", "[1]")
        await redis.rpush(DEEDS, "{}", b"\xff")
        async with monitor(port, goals, None) as base:
            await until(lambda: is_ready(base))
            found = json.loads((await get(f"{base}/api/alerts"))[1])
    assert (found["told"], found["done"], found["is_read"], found["can_act"]) == ([], [], True, False)


@running
async def test_what_people_did_is_bounded_and_nothing_is_kept_of_a_mute_that_was_not_there(port: int) -> None:
    async with Redis(port=port) as redis:
        store = InterventionStore(redis, "test")
        for number in range(KEEP_DEEDS + 5):
            await store.acknowledge(f"c|{number}", Acknowledgement("ana", number))
        assert [one.of for one in await store.deeds()][:: KEEP_DEEDS - 1] == ["c|5", f"c|{KEEP_DEEDS + 4}"]
        assert not await store.unmute("nobody", by="ana", now_ms=1)
        await store.mute("c", Silence("c", 0, 9, "ana"), 1)
        assert await store.unmute("c", by="b" * 900, now_ms=2)
        last = (await store.deeds())[-1]
        assert (last.kind, last.of, last.by, last.at_ms) == ("unmuted", "c", "b" * 200, 2)


@running
async def test_a_browser_that_says_it_comes_from_elsewhere_is_refused_without_an_origin_too(
    port: int, goals: Path
) -> None:
    async with Redis(port=port) as redis:
        await seed_day(redis, spend=300_000_000)
        async with monitor(port, goals, None, **MORE) as base:
            for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200)):

                async def answered(site: str = site, status: int = status) -> bool:
                    return (await post(base, "acknowledge", GOOD, {"sec-fetch-site": site}))[0] == status

                await until(answered)


@running
async def test_readyz_says_what_the_head_of_the_board_says(port: int, goals: Path) -> None:
    async def says(state: str, status: int) -> bool:
        answered, text = await get(f"{base}/readyz")
        page = json.loads((await get(f"{base}/api/campaigns"))[1])["summary"]["health"]
        return (answered, json.loads(text)["state"], page["state"]) == (status, state, state)

    async with Redis(port=port) as redis, monitor(port, goals, None) as base:
        await until(lambda: says("no_worker", 503))
        await seed_day(redis, spend=500_000_000)
        await until(lambda: says("live", 200))
        seed = Seed(redis)
        for number in range(2):
            await seed.meta(number, NOON - 600_000, **{layout.FLUSHED_AT: NOON})
        await until(lambda: says("behind", 200))
        for number in range(2):
            await seed.meta(number, NOON - 600_000)
        await until(lambda: says("no_worker", 503))
