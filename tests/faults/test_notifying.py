"""Transitions through a service that fails in every way, told by monitors that are killed and deposed.

``PACEWATCH_FAULT_TRANSITIONS=1000`` and ``PACEWATCH_FAULT_SEED`` make the long run.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis.asyncio import Redis

from kpis.runtime.clock import monotonic
from monitors.alerts.outbox import LEADER, STATE
from monitors.alerts.outbox.queued import PARKED, lane_key
from tests.faults.notifying import GOALS, LANE, Arrival, Fault, process, service
from tests.kit.redis_server import redis_server

TRANSITIONS = int(os.environ.get("PACEWATCH_FAULT_TRANSITIONS", "150"))
SEED = int(os.environ.get("PACEWATCH_FAULT_SEED", str(random.SystemRandom().randrange(10**6))))
EACH = TRANSITIONS // GOALS
LOST = frozenset({Fault.LOST, Fault.CUT, Fault.SLOW})


@dataclass
class Struck:
    """What was done to monitors: which were killed and when, and when another one was made the leader."""

    killed: dict[str, float] = field(default_factory=dict)
    moved: list[float] = field(default_factory=list)


def causes(arrivals: Sequence[Arrival], struck: Struck) -> Counter[str]:
    """Why messages arrived more than once; each for one of the reasons there may be."""
    found: Counter[str] = Counter()
    last: dict[str, Arrival] = {}
    final = {one.token: one for one in arrivals}
    for one in arrivals:
        for name in one.names:
            before = last.get(name)
            last[name] = one
            if before is None:
                continue
            if before.fault in LOST:
                found["its answer was lost"] += 1
            elif before.token in struck.killed and final[before.token] is before:
                found["its sender was killed"] += 1
            elif any(before.at_s - 1 <= moved <= one.at_s for moved in struck.moved):
                found["its sender was deposed"] += 1
            else:
                found[f"without a reason: {name}"] += 1
    return found


async def torment(redis: Any, url: str, struck: Struck, chance: random.Random) -> None:
    """Run three monitors; kill one, or depose the leader, again and again until all is told."""
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.notifying"])
    port = redis.connection_pool.connection_kwargs["port"]
    running = dict(process(context, port, url, EACH) for _ in range(3))
    try:
        while not await told(redis):
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            if chance.random() < 0.3:
                struck.moved.append(monotonic())
                await redis.delete(LEADER)
                continue
            leader = ((await redis.get(LEADER)) or b"").decode()
            token = leader if leader in running and chance.random() < 0.7 else chance.choice(list(running))
            one = running.pop(token)
            one.kill()
            struck.killed[token] = monotonic()
            one.join()
            fresh, made = process(context, port, url, EACH)
            running[fresh] = made
    finally:
        for one in running.values():
            one.kill()
            one.join()


async def told(redis: Any) -> bool:
    """Whether every transition was made, and nothing waits."""
    states: dict[bytes, bytes] = await redis.hgetall(STATE)
    made = sum(map(int, states.values()))
    return made == GOALS * EACH and not await redis.exists(lane_key(LANE))


@pytest.mark.slow
@pytest.mark.timeout(60 + TRANSITIONS)
def test_each_transition_arrives_in_order_whatever_fails_and_twice_only_where_nobody_could_know() -> None:
    async def run() -> None:
        struck = Struck()
        with redis_server() as port:
            async with Redis(port=port) as redis, service(SEED) as hook:
                begun_s = monotonic()
                await torment(redis, hook.url, struck, random.Random(SEED))
                assert await redis.exists(PARKED) == 0
                took_s = monotonic() - begun_s
        arrivals = hook.arrivals
        doubles = causes(arrivals, struck)
        print(
            f"\nseed {SEED}: {GOALS * EACH} transitions in {len(arrivals)} messages and {len(hook.faults)} attempts, "
            f"{took_s:.0f} s; {len(struck.killed)} killed, {len(struck.moved)} deposed; "
            f"{dict(Counter(map(str, hook.faults)))}; doubles {dict(doubles)}"
        )
        first = list(dict.fromkeys(name for one in arrivals for name in one.names))
        for goal in range(GOALS):
            expected = [f"{goal}-{n}" for n in range(1, EACH + 1)]
            assert [name for name in first if name.startswith(f"{goal}-")] == expected, "all of them, in order"
        assert not [why for why in doubles if why.startswith("without")], doubles
        assert {*hook.faults} == {*Fault}
        assert struck.killed

    asyncio.run(run())


def test_a_double_for_no_reason_is_seen() -> None:
    """The check itself."""
    twice = [Arrival(1, "a", ("x",), Fault.NONE), Arrival(9, "a", ("x",), Fault.NONE)]
    assert causes(twice, Struck()) == {"without a reason: x": 1}
    assert causes(twice, Struck({"a": 10})) == {"without a reason: x": 1}, "it lived on"
    other = [twice[0], Arrival(9, "b", ("x",), Fault.NONE)]
    assert causes(other, Struck({"a": 2})) == {"its sender was killed": 1}
    assert causes(other, Struck(moved=[5])) == {"its sender was deposed": 1}
    assert causes([Arrival(1, "a", ("x",), Fault.CUT), twice[1]], Struck()) == {"its answer was lost": 1}
