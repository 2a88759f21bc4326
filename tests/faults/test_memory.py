"""A worker's memory is bounded by its settings, whatever topics hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from tests.faults.world import World, world
from tests.kafka.launcher import Cluster
from tests.kit.processes import Program, until
from tests.kit.system import System

MIB = 1 << 20
BASE = 150 * MIB
"""The interpreter, its libraries, and what four partitions take when nothing was counted."""


def peak(program: Program) -> int:
    """The most bytes of memory that a program had, as the system counts them."""
    lines = Path(f"/proc/{program.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def produce(system: System, codec: str, events: Iterator[dict[str, object]], padding: int = 0) -> None:
    """Send clicks, with so many spaces in each."""
    producer = Producer({"bootstrap.servers": system.broker, "compression.codec": codec, "linger.ms": 50})
    for event in events:
        value = json.dumps(event).encode() + b" " * padding
        while True:
            try:
                producer.produce(system.topic("click"), value, key=str(event["campaign_id"]).encode())
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(120) == 0


def clicks(count: int, campaigns: int, first: int = 0) -> Iterator[dict[str, object]]:
    """Of so many campaigns."""
    for i in range(first, first + count):
        yield {"event_id": str(i), "ts": 1_000 * (1_795_000_000 + i % 10), "campaign_id": f"c{i % campaigns}"}


def counted(place: World, events: int) -> bool:
    """Whether all are."""
    place.tend()
    return place.system.counted() >= events


@pytest.mark.parametrize("codec", ["none", "zstd"])
def test_large_events_take_no_more_than_a_few_chunks(one_broker: Cluster, tmp_path: Path, codec: str) -> None:
    """12,000 of 60 KB, 720 MB, also where the broker holds some kilobytes: what is fetched is bounded in bytes."""
    events = 12_000
    with world(one_broker.bootstrap, one_broker, tmp_path) as place:
        place.system.settings["HISTORY_DAYS"] = "4000"
        place.start("a")
        place.ready("a")
        produce(place.system, codec, clicks(events, 50), padding=60_000)
        until(lambda: counted(place, events), "all to be counted", deadline_s=120)
        assert place.crashes == 0
        assert peak(place.workers["a"]) < BASE + 450 * MIB


def test_a_flood_of_campaigns_takes_no_more_than_those_that_have_a_place(one_broker: Cluster, tmp_path: Path) -> None:
    """A hundred times as many as there may be."""
    events, most = 400_000, 1_000
    with world(one_broker.bootstrap, one_broker, tmp_path) as place:
        place.system.settings |= {"MAX_CAMPAIGNS": str(most), "HISTORY_DAYS": "4000"}
        place.start("a")
        place.ready("a")
        produce(place.system, "lz4", clicks(events, events))
        until(lambda: counted(place, events), "all to be counted", deadline_s=120)
        assert place.crashes == 0
        assert place.system.counter("folded_campaigns:click") == events - 4 * most
        assert peak(place.workers["a"]) < BASE + 250 * MIB
