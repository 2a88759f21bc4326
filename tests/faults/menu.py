"""The faults, each a short story that hurts the world and lets it heal."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from random import Random

import redis

from tests.faults.world import World
from tests.kit.processes import until

Fault = Callable[[World, Random], None]


def _wait(seconds: float) -> None:
    """Let a fault last: its length is part of the schedule, not a wait for a condition."""
    time.sleep(seconds)


def kill_worker(world: World, rng: Random) -> None:
    """kill -9 of a worker, which is started again at once."""
    name = rng.choice(sorted(world.workers))
    world.workers[name].kill()
    world.workers[name].start()


def worker_fails(world: World, rng: Random) -> None:
    """A worker meets an error in one of its parts, soon after it is ready; a supervisor starts the next one."""
    world.fail(rng.choice(sorted(world.workers)), rng.choice(["agent", "flush", "thread", "fetch"]), rng.uniform(0, 3))


def join_and_leave(world: World, rng: Random) -> None:
    """A second worker joins, shares the partitions, and leaves in order."""
    if "b" not in world.workers:
        world.start("b")
        _wait(rng.uniform(3, 6))
    world.workers.pop("b").stop()


def zombie(world: World, rng: Random) -> None:
    """A worker is halted for longer than its session, another takes over, and it wakes up."""
    if "b" not in world.workers:
        world.start("b")
        _wait(4)
    victim = world.workers["a"]
    victim.send(signal.SIGSTOP)
    _wait(rng.uniform(5, 7))
    victim.send(signal.SIGCONT)


def zombie_at_takeover(world: World, rng: Random) -> None:
    """A halted worker wakes up in the moment between another's taking its partitions and that one's first flush.

    Its own flush is overdue by then and is the first thing it sends.
    """
    if "b" not in world.workers:
        world.start("b")
        world.ready("b")
        _wait(3)
    before = world.workers["b"].output().count("took epoch")
    world.workers["a"].send(signal.SIGSTOP)
    until(lambda: world.workers["b"].output().count("took epoch") >= before + 2, "b to take what a had")
    world.workers["a"].send(signal.SIGCONT)
    _wait(6)


def kill_all_workers(world: World, rng: Random) -> None:
    """kill -9 of every worker at once: all state comes from Redis."""
    for program in world.workers.values():
        program.kill()
    for program in world.workers.values():
        program.start()


def kill_redis(world: World, rng: Random) -> None:
    """Redis dies and loses what it wrote in its last second, as with everysec and a power cut.

    kill -9 alone loses nothing: the kernel still has what was written. So the file is cut back to where it ended at
    some moment of that second.
    """
    before = world.append_only_file().stat().st_size
    _wait(1)
    world.redis.kill()
    file = world.append_only_file()
    os.truncate(file, rng.randint(min(before, file.stat().st_size), file.stat().st_size))
    _wait(rng.uniform(0, 2))
    world.redis.start()
    world.await_redis()


def flush_all(world: World, rng: Random) -> None:
    """Everything in Redis is gone."""
    with redis.Redis(port=world.redis_port) as client:
        client.flushall()


def redis_out_of_memory(world: World, rng: Random) -> None:
    """Redis refuses writes for a while."""
    with redis.Redis(port=world.redis_port) as client:
        client.config_set("maxmemory", 1)
        _wait(rng.uniform(1, 4))
        client.config_set("maxmemory", 0)


def redis_paused(world: World, rng: Random) -> None:
    """Redis answers nobody, as one that forks or swaps."""
    world.redis.send(signal.SIGSTOP)
    _wait(rng.choice([3, 7, 30 if world.patient else 8]))
    world.redis.send(signal.SIGCONT)


def slow_network(world: World, rng: Random) -> None:
    """The way to Redis is slow, then its connections break."""
    world.network.delay_s = rng.uniform(0.05, 0.4)
    _wait(rng.uniform(2, 4))
    world.network.cut()
    world.network.delay_s = 0.0


def kill_broker(world: World, rng: Random) -> None:
    """kill -9 of a broker and its restart; in a cluster others lead its partitions meanwhile."""
    assert world.cluster is not None
    number = rng.choice([n.number for n in world.cluster.nodes])
    world.cluster.broker(number).kill()
    _wait(rng.uniform(0.5, 4))
    world.cluster.broker(number).start()
    world.cluster.wait()


ANYWHERE: tuple[Fault, ...] = (
    kill_worker,
    worker_fails,
    join_and_leave,
    zombie,
    kill_redis,
    flush_all,
    redis_out_of_memory,
    redis_paused,
    slow_network,
)
"""Faults for both brokers."""

ON_KAFKA: tuple[Fault, ...] = (*ANYWHERE, kill_broker)
"""Faults for Apache Kafka: the embedded broker keeps nothing through a kill."""
