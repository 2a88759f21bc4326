"""Acting on the board against a real Redis: who may, from where, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from monitors.alerts.interventions import InterventionStore
from tests.contract.monitors.test_service import GOALS, monitor, running, seed_day
from tests.kit.monitor_fakes import fake_slack, until
from tests.kit.redis_server import redis_server

WHO = {"authorization": aiohttp.encode_basic_auth("ana", "hunter2")}
GOOD = {"campaign": "c42"}


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


async def post(
    base: str, path: str, body: Any, headers: Mapping[str, str] | None = None, *, is_known: bool = True
) -> tuple[int, Any]:
    """Status and answer of a POST."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content-type": "application/json", **(WHO if is_known else {}), **(headers or {})}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base}/api/alerts/{path}", data=data, headers=sent) as reply,
    ):
        return reply.status, await reply.json()


async def campaign(base: str) -> dict[str, Any]:
    """The campaign as the API answers it."""
    async with aiohttp.ClientSession(headers=WHO) as session, session.get(f"{base}/api/campaign?id=c42") as reply:
        found: dict[str, Any] = await reply.json()
        return found


@running
async def test_whoever_has_the_password_acknowledges_mutes_and_takes_it_back(port: int, tmp_path: Path) -> None:
    goals = tmp_path / "goals.yaml"
    goals.write_text(GOALS)
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        more = {"http_user": "ana", "http_password": "hunter2"}
        async with monitor(port, goals, slack, **more) as base:
            await until(lambda: bool(slack.delivered))

            async def fires() -> bool:
                found = await campaign(base)
                return bool(found.get("can_act")) and found["campaign"]["goals"][0]["told"] == "critical"

            await until(fires)
            assert await post(base, "acknowledge", {**GOOD, "note": "budget moved"}) == (200, {"count": 1})
            assert await post(base, "mute", {**GOOD, "for_s": 7200, "why": "rebooked"}) == (200, {"count": 1})

            async def shows() -> bool:
                row = (await campaign(base))["campaign"]
                return row["goals"][0]["acknowledged_by"] == "ana" and bool(row["is_muted"])

            await until(shows)
            done = await InterventionStore(redis, "test").read()
            assert [(a.by, a.note) for a in done.acknowledged.values()] == [("ana", "budget moved")]
            assert [(m.by, m.why, m.until_ms - m.from_ms) for m in done.mutes.values()] == [
                ("ana", "rebooked", 7_200_000)
            ]
            assert await post(base, "unmute", GOOD) == (200, {"count": 1})
            assert await post(base, "unmute", GOOD) == (200, {"count": 0})

            assert await post(base, "unacknowledge", {**GOOD, "goal": "ctr"}) == (200, {"count": 0})
            assert await post(base, "unacknowledge", {**GOOD, "goal": "spend"}) == (200, {"count": 1})
            assert await post(base, "unacknowledge", GOOD) == (200, {"count": 0})

            async def is_nobodys() -> bool:
                found = await campaign(base)
                return not found["campaign"]["goals"][0]["acknowledged_by"] and not found["story"]["acknowledged"]

            await until(is_nobodys)
            wrong: list[tuple[str, Any, dict[str, str], int]] = [
                ("acknowledge", {"campaign": "fine"}, {}, 404),
                ("acknowledge", {**GOOD, "goal": "ctr"}, {}, 404),
                ("mute", {"campaign": "nope", "for_s": 60}, {}, 404),
                ("mute", {**GOOD, "for_s": 0}, {}, 400),
                ("mute", {**GOOD, "for_s": 10**12}, {}, 400),
                ("mute", GOOD, {}, 400),
                ("mute", {**GOOD, "for_s": 60, "all": True}, {}, 400),
                ("acknowledge", b"\xff", {}, 400),
                ("acknowledge", b"{" * 9_000, {}, 400),
                ("acknowledge", b" " * 20_000, {}, 413),
                ("acknowledge", GOOD, {"content-type": "text/plain"}, 415),
                ("acknowledge", GOOD, {"origin": "https://evil.example"}, 403),
                ("unacknowledge", GOOD, {"origin": "https://evil.example"}, 403),
                ("unacknowledge", GOOD, {"content-type": "application/x-www-form-urlencoded"}, 415),
            ]
            for path, body, headers, status in wrong:
                assert (await post(base, path, body, headers))[0] == status, (path, body)
            assert (await post(base, "acknowledge", GOOD, {"origin": base}))[0] == 200, "the board's own page"
            assert (await post(base, "acknowledge", GOOD, is_known=False))[0] == 401


@running
async def test_where_everybody_may_read_nobody_may_act(port: int, tmp_path: Path) -> None:
    goals = tmp_path / "goals.yaml"
    goals.write_text(GOALS)
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        async with monitor(port, goals, slack) as base:
            await until(lambda: bool(slack.delivered))
            status, said = await post(base, "acknowledge", GOOD, is_known=False)
            assert status == 403
            assert "PACEWATCH_HTTP_PASSWORD" in said["error"]

            async def is_shown() -> bool:
                return "campaign" in await campaign(base)

            await until(is_shown)
            assert not (await campaign(base))["can_act"]
            assert (await InterventionStore(redis, "test").read()).acknowledged == {}
