"""Which campaigns have goals, in a real Redis: what workers read of it."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from kpis.contract import layout
from monitors.goals.announce import GoalAnnouncement
from tests.kit.redis_server import redis_server


def test_other_goals_are_announced_at_once_and_none_take_the_last_ones_away() -> None:
    async def run() -> list[set[bytes | str]]:
        found: list[set[bytes | str]] = []
        with redis_server() as port:
            async with Redis(port=port) as redis:
                announced = GoalAnnouncement(redis, "test", ["a", "b"])
                for now_s, series in enumerate((["a", "b"], ["b", "c"], [], [], ["d"]), 1):
                    announced.replace(series)
                    await announced.publish(float(now_s))
                    found.append(set(await redis.smembers(layout.GOAL_CAMPAIGNS)))
        return found

    assert asyncio.run(run()) == [{b"a", b"b"}, {b"b", b"c"}, set(), set(), {b"d"}]


def test_a_monitor_without_goals_leaves_what_another_announced() -> None:
    async def run() -> set[bytes | str]:
        with redis_server() as port:
            async with Redis(port=port) as redis:
                await redis.sadd(layout.GOAL_CAMPAIGNS, "a")
                await GoalAnnouncement(redis, "test", []).publish(1.0)
                return set(await redis.smembers(layout.GOAL_CAMPAIGNS))

    assert asyncio.run(run()) == {b"a"}
