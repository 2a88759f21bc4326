"""A known event set, produced while faults happen: repeats, late and disordered events, and poison."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiokafka import AIOKafkaProducer

from kpis.measures import Stream
from tests.kit.model import Fact, Model
from tests.kit.system import System

POISON = (b"{", b"\xff", b"[]", b'{"event_id":"x"}', b"", b'{"event_id":"x","ts":1,"campaign_id":"c"}')
_HOUR = 3_600_000
_OF_ADS = tuple(stream for stream in Stream if stream is not Stream.MEASURE)
"""Measures that nobody defined would all be refused."""


@dataclass
class Sent:
    """What the broker acknowledged: by partition, in order of production.

    Attributes:
        models: the events that count, by partition.
        records: how many records there are, poison and repeats included.
        poison: how many of them cannot be counted.
    """

    models: dict[int, Model] = field(default_factory=dict)
    records: int = 0
    poison: int = 0


class Feed(threading.Thread):
    """Produces at a steady rate in a thread until told to stop; every record is acknowledged before it is done."""

    def __init__(self, system: System, seed: int, rate: int, idempotent: bool) -> None:
        super().__init__(name="feed")
        self._system, self._rng, self._rate, self._idempotent = system, random.Random(seed), rate, idempotent
        self._ending = threading.Event()
        self._number = 0
        self._recent: list[tuple[str, bytes, bytes]] = []
        self.sent = Sent()
        self.failure: BaseException | None = None

    def finish(self) -> Sent:
        """Stop producing; gives what was acknowledged."""
        self._ending.set()
        self.join(120)
        assert not self.is_alive(), "the feed did not end"
        if self.failure is not None:
            raise self.failure
        return self.sent

    def run(self) -> None:
        """Produce."""
        try:
            asyncio.run(self._produce())
        except BaseException as e:  # noqa: BLE001 - handed to the test's thread by finish()
            self.failure = e

    async def _produce(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._system.broker,
            acks="all",
            linger_ms=5,
            enable_idempotence=self._idempotent,
            compression_type=self._rng.choice([None, "gzip", "snappy", "lz4", "zstd"]),
        )
        await producer.start()
        try:
            while not self._ending.is_set():
                await asyncio.gather(*(self._one(producer) for _ in range(self._rate // 10)))
                await asyncio.sleep(0.1)
        finally:
            await producer.stop()

    async def _one(self, producer: AIOKafkaProducer) -> None:
        rng = self._rng
        if rng.random() < 0.03:
            topic = self._system.topic(rng.choice(list(Stream)).value)
            value = rng.choice(POISON)
            await producer.send_and_wait(topic, value, key=str(rng.random()).encode())
            self.sent.records += 1
            self.sent.poison += 1
            return
        repeat = self._recent and rng.random() < 0.1
        if repeat:
            topic, key, value = rng.choice(self._recent)
            await producer.send_and_wait(topic, value, key=key)
            self.sent.records += 1
            return
        self._number += 1
        fact, event = self._new(self._number)
        topic, key = self._system.topic(fact.stream.value), fact.campaign.encode()
        value = json.dumps(event).encode()
        done = await producer.send_and_wait(topic, value, key=key)
        self.sent.records += 1
        self.sent.models.setdefault(done.partition, Model()).facts.append(fact)
        if fact.stream is not Stream.IMPRESSION:
            self._recent = [*self._recent[-200:], (topic, key, value)]

    def _new(self, number: int) -> tuple[Fact, dict[str, Any]]:
        rng = self._rng
        stream = rng.choices(_OF_ADS, [60, 20, 8, 12])[0]
        age = rng.choice([0, 0, 0, rng.randrange(5_000), rng.randrange(2 * _HOUR), rng.randrange(5 * 24 * _HOUR)])
        at = int(time.time() * 1000) - age
        money = rng.randrange(0, 3_000_000) if stream is not Stream.SPEND else rng.randrange(-100_000, 3_000_000)
        quantity = 0 if stream is Stream.SPEND else rng.choice([1, 1, 1, 25])
        channel = rng.choice([None, "search", "social"])
        fact = Fact(stream, at, f"c{rng.randrange(20)}", channel, quantity, money)
        name = {Stream.SPEND: "amount", Stream.CONVERSION: "revenue"}.get(stream, "cost")
        event = {
            "event_id": f"{stream}-{number}",
            "ts": at,
            "campaign_id": fact.campaign,
            name: str(Decimal(money) / 10**6),
        }
        if stream is not Stream.SPEND:
            event["quantity"] = quantity
        if channel:
            event["channel"] = channel
        return fact, event
