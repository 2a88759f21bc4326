"""A steady sender, as a program of its own so that it disturbs nothing: ``python -m bench.kit.sender``.

Events are stamped as they are handed to the producer, in small steps on a fixed schedule; a late step sends what it
owes. Beside the load it sends probes (:mod:`bench.kit.probes`), and in the end prints a :class:`Report`.
"""

from __future__ import annotations

import argparse
import random
import time
from contextlib import AbstractContextManager
from itertools import cycle
from uuid import uuid4

import msgspec
from confluent_kafka import Producer

from bench.kit import probes, programs
from bench.kit.place import MIX
from kpis.measures import Stream
from tests.kit.system import System

LINGER_MS = 20
"""How long the producer collects a batch; it is part of every latency."""
_STEP_S = 0.01
_CHANNELS = ("search", "social", "display", "video")
_MORE = {Stream.CONVERSION: ',"revenue":"12.50","kind":"purchase"', Stream.SPEND: ',"amount":"0.012345"'}


class Report(msgspec.Struct):
    """What a sender did.

    Attributes:
        events: events sent, probes not among them.
        seconds: how long that took.
        late_s: how far it was behind its schedule at most.
        failed: events that Kafka did not take.
        probes: see :data:`bench.kit.probes.Sent`.
    """

    events: int
    seconds: float
    late_s: float
    failed: int
    probes: dict[str, list[float]]


class Load:
    """A mix of events over campaigns, and the producer they go to.

    Attributes:
        failed: events that Kafka did not take.
    """

    def __init__(self, producer: Producer, prefix: str, campaigns: int, seed: int) -> None:
        self._producer = producer
        self._campaigns = campaigns
        self._topics = {s: f"{prefix}{s.topic_suffix}" for s in Stream}
        self._draw = random.Random(seed).random
        self._run = uuid4().hex[:8]
        self._number = 0
        self._streams = random.Random(seed).choices(list(MIX), list(MIX.values()), k=10_007)
        self.failed = 0

    def event(self) -> None:
        """Send the next event."""
        stream = self._streams[self._number % len(self._streams)]
        campaign = f"campaign-{int(self._draw() * self._campaigns)}"
        self._send(stream, campaign, _CHANNELS[int(self._draw() * len(_CHANNELS))], _MORE.get(stream, ""))

    def probe(self, partition: int, stream: Stream) -> None:
        """Send a probe, to the partition it is of."""
        worth = ',"amount":"1"' if stream is Stream.SPEND else ""
        self._send(stream, f"{probes.CAMPAIGN}{partition}", "probe", worth, partition)

    def _send(self, stream: Stream, campaign: str, channel: str, more: str, partition: int = -1) -> None:
        self._number += 1
        value = (
            f'{{"event_id":"{self._run}-{self._number}","ts":{time.time_ns() // 1_000_000},"campaign_id":"{campaign}",'
            f'"channel":"{channel}","country":"DE"{more}}}'
        )
        topic = self._topics[stream]
        while True:
            try:
                self._producer.produce(topic, value, campaign, partition=partition, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(0.01)
            else:
                return

    def _delivered(self, error: object, _message: object) -> None:
        self.failed += error is not None


def send(load: Load, producer: Producer, *, rate: int, probe_rate: int, partitions: int, seconds: float) -> Report:
    """Send ``rate`` events and ``probe_rate`` probes a second, and wait until Kafka has them all."""
    marks: dict[str, list[float]] = {}
    turns = cycle([(p, s) for s in MIX for p in range(partitions)])
    sent = probed = 0
    late = 0.0
    started = step = time.monotonic()
    while (now := time.monotonic()) - started < seconds:
        late = max(late, now - step)
        for _ in range(int((now - started) * rate) - sent):
            load.event()
            sent += 1
        for _ in range(int((now - started) * probe_rate) - probed):
            partition, stream = next(turns)
            marks.setdefault(probes.counter(partition, stream), []).append(time.monotonic())
            load.probe(partition, stream)
            probed += 1
        producer.poll(0)
        step += _STEP_S
        time.sleep(max(0.0, step - time.monotonic()))
    took = time.monotonic() - started
    producer.flush()
    return Report(sent, took, late, load.failed, marks)


def running(
    place: System, campaigns: int, rate: int, seconds: float, probe_rate: int = 0
) -> AbstractContextManager[programs.Running[Report]]:
    """A sender to this system's topics."""
    return programs.running(
        place, "bench.kit.sender", Report, seconds,
        kafka=place.broker, prefix=place.prefix, partitions=place.settings.get("PARTITIONS", "4"),
        campaigns=campaigns, rate=rate, probe_rate=probe_rate,
    )  # fmt: skip


def main() -> None:
    """Send, and print the report."""
    parser = argparse.ArgumentParser(prog="bench.kit.sender")
    for name in ("kafka", "prefix"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("partitions", "campaigns", "rate", "probe-rate"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    producer = Producer(
        {
            "bootstrap.servers": args.kafka,
            "linger.ms": LINGER_MS,
            "batch.size": 262_144,
            "partitioner": "murmur2_random",
        }
    )
    load = Load(producer, args.prefix, args.campaigns, seed=7)
    report = send(
        load,
        producer,
        rate=args.rate,
        probe_rate=args.probe_rate,
        partitions=args.partitions,
        seconds=args.seconds,
    )
    print(msgspec.json.encode(report).decode())


if __name__ == "__main__":
    main()
