"""Money is exact under every failure: seeded schedules of faults, then everything against a recomputation.

``PACEWATCH_FAULT_RUNS`` and ``PACEWATCH_FAULT_SEED`` make the long run (``make faults RUNS=25``).
"""

from __future__ import annotations

import os
import random
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.kit.place import fill
from streams.kafka.batches import MAX_RECORDS
from tests.conftest import leave_out
from tests.faults.check import differences
from tests.faults.feed import Feed
from tests.faults.menu import ANYWHERE, ON_KAFKA, Fault, kill_all_workers, kill_redis, kill_worker, zombie_at_takeover
from tests.faults.world import World, world
from tests.kafka.launcher import Cluster, kafka, missing
from tests.kit.processes import free_ports, until

RUNS = int(os.environ.get("PACEWATCH_FAULT_RUNS", "1"))
SEED = int(os.environ.get("PACEWATCH_FAULT_SEED", time.strftime("%Y%m%d")))
LONG = "PACEWATCH_FAULT_RUNS" in os.environ
RATE = 300
INJECTED: Counter[str] = Counter()
TALLY: Counter[str] = Counter()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three brokers in the long run, one in the short."""
    lacking = missing()
    if lacking is not None:
        leave_out(f"faults on Apache Kafka: {lacking} is not installed")
    with kafka(tmp_path_factory.mktemp("faults-kafka"), 3 if LONG else 1) as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def report() -> Iterator[None]:
    """Say how often each fault was injected, and what came of it."""
    yield
    print("\nschedules with all safeguards:", ", ".join(f"{count:,} {name}" for name, count in TALLY.items()))
    print("faults injected:", ", ".join(f"{name} {count}" for name, count in sorted(INJECTED.items())))


def play(place: World, seed: int, faults: list[Fault]) -> list[str]:
    """Feed, hurt, heal, and compare: the differences from the recomputation."""
    rng = random.Random(seed)
    place.start("a")
    place.ready("a")
    feed = Feed(place.system, seed, RATE, idempotent=place.cluster is not None)
    feed.start()
    try:
        for fault in faults:
            time.sleep(rng.uniform(0.5, 2.5))  # The schedule: where between two flushes a fault falls.
            fault(place, rng)
            place.tend()
    finally:
        sent = feed.finish()
    place.settle(sent.records)
    wrong = differences(place.system, sent)
    if not place.mutation:
        INJECTED.update(f.__name__ for f in faults)
        TALLY.update(
            schedules=1, records=sent.records, poison=sent.poison, differences=len(wrong), crashes=place.crashes
        )
    print(
        f"seed {seed}: {', '.join(f.__name__ for f in faults)}; {sent.records} records, {sent.poison} poison,"
        f" {place.crashes} crashes, {len(wrong)} differences"
    )
    return [*wrong, *(f"a worker ended by itself: {words}" for words in place.last_words)]


def schedule(seed: int, menu: tuple[Fault, ...], length: int) -> list[Fault]:
    """A seeded order of faults, each at most once before all had their turn."""
    rng = random.Random(seed)
    return rng.sample(menu, min(length, len(menu)))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("run", range(RUNS))
def test_after_any_faults_every_number_equals_a_recomputation_on_apache_kafka(
    cluster: Cluster, tmp_path: Path, run: int
) -> None:
    """Totals, windows and quarter hours of every partition, with nothing lost and nothing doubled."""
    with world(cluster.bootstrap, cluster, tmp_path) as place:
        place.patient = LONG
        assert play(place, SEED + run, schedule(SEED + run, ON_KAFKA, len(ON_KAFKA) if not LONG else 5)) == []


@pytest.mark.timeout(900)
def test_after_any_faults_every_number_equals_a_recomputation_on_the_embedded_broker(
    embedded_broker: str, tmp_path: Path
) -> None:
    """The same on the broker that the demo uses."""
    with world(embedded_broker, None, tmp_path) as place:
        assert play(place, SEED, schedule(SEED, ANYWHERE, 4)) == []


# What each safeguard is there for: the faults that show its absence, and seconds between flushes.
SAFEGUARDS: dict[str, tuple[list[Fault], str]] = {
    "epoch": ([zombie_at_takeover, kill_all_workers], "2"),
    "seq": ([kill_redis, kill_redis, kill_all_workers], "0.1"),
    "offsets": ([kill_worker, kill_worker], "0.1"),
}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("safeguard", SAFEGUARDS)
def test_numbers_are_wrong_when_a_safeguard_is_taken_out(cluster: Cluster, tmp_path: Path, safeguard: str) -> None:
    """These tests can fail: without the epoch check, the seq check or the offsets the same faults are noticed."""
    faults, interval = SAFEGUARDS[safeguard]
    for attempt in range(4):
        directory = tmp_path / str(attempt)
        directory.mkdir()
        with world(cluster.bootstrap, cluster, directory, safeguard) as place:
            place.system.settings["FLUSH_INTERVAL_S"] = interval
            try:
                wrong = play(place, SEED + attempt, faults)
            except AssertionError as e:
                wrong = [str(e)]
        if wrong:
            return
    pytest.fail(f"nothing showed that {safeguard} was taken out")


@pytest.mark.timeout(900)
def test_a_zombie_that_wakes_up_at_a_takeover_writes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """The narrowest case of the fence, with all safeguards in place."""
    faults, interval = SAFEGUARDS["epoch"]
    with world(cluster.bootstrap, cluster, tmp_path) as place:
        place.system.settings["FLUSH_INTERVAL_S"] = interval
        assert play(place, SEED, faults) == []


def test_reading_waits_while_redis_is_away(cluster: Cluster, tmp_path: Path) -> None:
    """Memory is bounded: when enough is unwritten no more is read; nothing is dropped, and it goes on by itself."""
    events, most = 200_000, 50_000
    with world(cluster.bootstrap, cluster, tmp_path) as place:
        (port,) = free_ports(1)
        place.system.settings["WORKER_PORT"] = str(port)
        place.system.settings["MAX_UNFLUSHED"] = str(4 * most)  # for four partitions
        place.start("a")
        place.ready("a")
        fill(place.system, 100, 1)
        place.settle(100)
        place.redis.send(signal.SIGSTOP)
        # One campaign: all of it is in one partition.
        fill(place.system, events, 1, seed=1)
        until(lambda: unflushed(port) >= most, "the worker to hold as much as it may")
        time.sleep(3)  # In which it could read the rest, if it did.
        held = unflushed(port)
        place.redis.send(signal.SIGCONT)
        place.settle(100 + events)
        assert place.crashes == 0
    assert held <= most + MAX_RECORDS


def unflushed(port: int) -> int:
    """Records that a worker holds unwritten, as its own metrics say."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as reply:
        lines = reply.read().decode().splitlines()
    return int(sum(float(line.split()[1]) for line in lines if line.startswith("pacewatch_worker_unflushed_records{")))
