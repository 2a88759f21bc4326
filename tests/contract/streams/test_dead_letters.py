"""Dead letters on real servers: written once with the state they belong to, and brought to Kafka whatever goes away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from kpis.contract import layout
from kpis.contract.redis_client import connect
from kpis.measures import Stream
from kpis.reasons import Reject
from kpis.runtime.clock import Clock
from kpis.settings.shared import Settings
from kpis.times import DAY_MS
from kpis.windows import parse_windows
from streams.dead_letters import letters, relay, replays
from streams.dead_letters.letters import DeadLetter
from streams.dead_letters.producer import DeadLetterProducer
from streams.dead_letters.relay import DeadLetterRelay
from streams.events.decode import Batch, DecodePolicy, Decoder
from streams.events.schema import Event
from streams.kafka.chunks import Payload
from streams.metrics import WorkerMetrics, worker_metrics
from streams.partitions.offsets import Taken
from streams.partitions.tools import Tools
from streams.partitions.worker import PartitionWorker
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from streams.store.lease import Waiting
from streams.store.load import load
from streams.store.store import Store
from tests.conftest import leave_out
from tests.kafka.launcher import kafka, missing
from tests.unit.streams.dead_letters.test_letters import Record, letter_of

POLICY = PartitionPolicy(parse_windows("1m"), SeriesPolicy((), 1000), frozenset({Stream.CLICK}), 24)
ACCEPTS = DecodePolicy({}, "USD", DAY_MS, 1000, frozenset({Stream.CLICK}))
TOPIC = "ads.clicks"
GAUGE = "pacewatch_worker_dead_letters_waiting"


def with_store(redis_url: str, use: Callable[[Store, Any], Awaitable[None]]) -> None:
    """Run a coroutine with a store on an empty Redis, within a bound."""

    async def main() -> None:
        redis = connect(Settings.load(redis=redis_url))
        try:
            await asyncio.wait_for(use(Store(redis, "test", 40, 24), redis), 100)
        finally:
            await redis.aclose()

    asyncio.run(main())


async def put(store: Store, values: Sequence[bytes | None]) -> None:
    """Flush letters of these values, as the owner of partition 0."""
    state = Partition(0, POLICY)
    state.letters += letters.of_chunk(
        Payload(TOPIC, 0, [Record(i, v) for i, v in enumerate(values)], 0, len(values), 1),
        [(i, Reject.NOT_JSON) for i in range(len(values))],
    )
    await store.write(await store.take(0, Clock().now_ms()), state.take_flush({}))


def test_a_record_sent_again_is_still_known_after_a_restart(redis_url: str) -> None:
    """Also of a stream whose event ids are not compared."""
    payload = Payload(
        "ads.impressions",
        0,
        [Record(0, b"v", None, ((replays.HEADER, replays.signed(b"ads.impressions/0/7", b"v", b"key")),))],
        0,
        1,
        1,
    )

    async def use(store: Store, _: Any) -> None:
        for _ in range(2):
            lease = await store.take(0, Clock().now_ms())
            state = await load(store, lease, POLICY, Clock().now_ms())
            batch = Batch(Stream.IMPRESSION, [Clock().now_ms()], [Event("id", 0, "c")], [1], [0])
            numbers = state.register(batch)
            state.adopt({})
            again = replays.of_chunk(payload.records, (), b"key")
            state.add(batch, numbers, "ads.impressions", 1, records=1, now_ms=Clock().now_ms(), replays=again)
            await store.write(lease, state.take_flush({}))
        assert (state.counters["accepted:impression"], state.counters["duplicate:impression"]) == (1, 1)

    with_store(redis_url, use)


class Topic(DeadLetterProducer):
    """Takes letters, or not."""

    def __init__(self) -> None:
        self.up = False
        self.got: list[DeadLetter] = []

    async def send(self, sent: Sequence[DeadLetter]) -> list[bool]:
        """Every second one fails at first, when it is up at all."""
        await asyncio.sleep(0)
        acked = [self.up and (letter in self.got or i % 2 == 0) for i, letter in enumerate(sent)]
        self.got += [letter for letter, ok in zip(sent, acked, strict=True) if ok]
        return acked


@pytest.mark.parametrize("kind", ["single", "cluster"])
def test_letters_of_a_flush_whose_reply_was_lost_are_written_once(request: pytest.FixtureRequest, kind: str) -> None:
    """With their count and size, on a Cluster too."""
    url = request.getfixturevalue("redis_url") if kind == "single" else request.getfixturevalue("redis_cluster").url

    async def use(store: Store, redis: Any) -> None:
        await redis.flushall()
        lease = await store.take(0, Clock().now_ms())
        state = Partition(0, POLICY)
        state.letters += [b"x", b"yyy"]
        flush = state.take_flush({})
        await store.write(lease, flush)
        lease.seq -= 1
        await store.write(lease, flush)
        assert [raw for _, raw in await store.letters(0, 10)] == [b"x", b"yyy"]
        assert (await store.take(0, Clock().now_ms())).waiting == Waiting(2, 4)
        (first, _), (second, _) = await store.letters(0, 10)
        # Removed by two relays at once, each is taken off the count once.
        assert await store.drop_letters(0, [(first, 1)]) == Waiting(1, 3)
        assert await store.drop_letters(0, [(first, 1), (second, 3)]) == Waiting(0, 0)

    with_store(url, use)


def test_a_relay_sends_what_failed_again_and_two_relays_lose_nothing(redis_url: str) -> None:
    """An old and a new owner at the same letters: each arrives at least once, and nothing is left."""

    async def use(store: Store, redis: Any) -> None:
        values = [str(i).encode() for i in range(1200)]
        await put(store, values)
        topic = Topic()
        topic.up = True
        both = [DeadLetterRelay(0, store, topic, worker_metrics(), lambda: None) for _ in range(2)]
        for one in both:
            one.start(Waiting(1200, 0))
        await asyncio.gather(*(one.emptied() for one in both))
        for one in both:
            one.stop()
        assert {letter.value for letter in topic.got} == set(values)
        assert await redis.xlen(layout.letters(0)) == 0
        assert (await store.take(0, Clock().now_ms())).waiting == Waiting(0, 0)

    with_store(redis_url, use)


def test_an_entry_that_is_no_letter_does_not_stop_the_others(redis_url: str) -> None:
    """Whoever wrote it."""

    async def use(store: Store, redis: Any) -> None:
        await redis.xadd(layout.letters(0), {b"other": b"?"})
        await redis.xadd(layout.letters(0), {layout.LETTER: b"\xff"})
        await put(store, [b"v"])
        topic = Topic()
        topic.up = True
        one = DeadLetterRelay(0, store, topic, worker_metrics(), lambda: None)
        one.start(Waiting(1, 0))
        await one.emptied()
        one.stop()
        assert [letter.value for letter in topic.got] == [b"v"]

    with_store(redis_url, use)


def chunk(first: int, values: Sequence[bytes]) -> Payload:
    """A chunk of partition 0."""
    return Payload(TOPIC, 0, [Record(first + i, v) for i, v in enumerate(values)], first, first + len(values), 1)


def test_a_flood_of_refused_records_waits_instead_of_filling_redis(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting goes on while some wait; at the bound it waits, and goes on when the topic takes letters again."""
    monkeypatch.setattr(relay, "MAX_WAITING", 10)

    async def use(store: Store, redis: Any) -> None:
        topic = Topic()
        tools = Tools(
            store=store, policy=POLICY, decoders={s: Decoder(s, ACCEPTS) for s in Stream}, partitions=1,
            topics={TOPIC: Stream.CLICK}, letters=topic, clock=Clock(), metrics=worker_metrics(),
            max_unflushed=1000,
        )  # fmt: skip
        owner = PartitionWorker(0, tools)
        await owner.take()
        owner.state.begin({TOPIC: 0})

        async def fold(payload: Payload) -> Taken:
            return await owner.count_chunk(replace(payload, generation=owner.generation), lambda: None, no_earliest)

        good = {"event_id": "1", "ts": Clock().now_ms(), "campaign_id": "c"}
        assert await fold(chunk(0, [b"{", json.dumps(good).encode(), b"{"])) is Taken.COUNTED
        await owner.flush(lambda *_: None)
        assert owner.state.counters["accepted:click"] == 1
        # Not flushed yet, and at the bound with those that are.
        assert await fold(chunk(3, [b"["] * 8)) is Taken.COUNTED
        waits = asyncio.create_task(fold(chunk(11, [b"["] * 5)))
        await owner.flush(lambda *_: None)
        done, _ = await asyncio.wait([waits], timeout=0.5)
        assert not done
        assert await redis.xlen(layout.letters(0)) == 10
        topic.up = True
        assert await waits is Taken.COUNTED
        await owner.flush(lambda *_: None)
        await owner.relay.emptied()
        assert sorted(letter.offset for letter in topic.got) == [0, *range(2, 16)]
        topic.up = False
        await fold(chunk(16, [b"["] * 10))
        waits = asyncio.create_task(fold(chunk(26, [b"["])))
        await asyncio.sleep(0)
        owner.release()
        assert await waits is Taken.STALE

    with_store(redis_url, use)


def test_letters_are_bounded_in_number_and_in_bytes(redis_url: str) -> None:
    """Those in Redis and those still to be flushed together."""

    async def use(store: Store, _: Any) -> None:
        one = DeadLetterRelay(0, store, Topic(), worker_metrics(), lambda: None)
        one.start(Waiting(5, relay.MAX_WAITING_BYTES - 10))
        assert not one.full(Waiting(relay.MAX_WAITING - 6, 9))
        assert one.full(Waiting(1, 10))
        assert one.full(Waiting(relay.MAX_WAITING - 5, 0))
        one.stop()

    with_store(redis_url, use)


async def no_earliest(topic: str, partition: int) -> int:
    """Nothing was deleted."""
    return 0


async def read(broker: str, topic: str, count: int) -> list[Any]:
    """The first records of a topic."""
    reader = AIOKafkaConsumer(topic, bootstrap_servers=broker, auto_offset_reset="earliest", enable_auto_commit=False)
    await reader.start()
    try:
        return [await reader.getone() for _ in range(count)]
    finally:
        await reader.stop()


async def make(broker: str, **configs: str) -> str:
    """A new topic."""
    name = f"t-{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_topics(
            [NewTopic(name, 1, 1, topic_configs={k.replace("_", "."): v for k, v in configs.items()})]
        )
    finally:
        await admin.close()
    return name


@asynccontextmanager
async def relaying(broker: str, topic: str, store: Store) -> AsyncIterator[tuple[DeadLetterRelay, WorkerMetrics]]:
    """A relay that is not started yet, on a producer that gives up soon."""
    metrics = worker_metrics()
    producer = AIOKafkaProducer(bootstrap_servers=broker, acks="all", linger_ms=5, request_timeout_ms=2000)
    await producer.start()
    one = DeadLetterRelay(0, store, DeadLetterProducer(producer, topic, metrics), metrics, lambda: None)
    try:
        yield one, metrics
    finally:
        one.stop()
        await producer.stop()


def test_letters_reach_a_broker_that_was_killed_and_came_back(redis_url: str, tmp_path: Path) -> None:
    """They wait in Redis meanwhile, and arrive with their headers."""
    if (lacking := missing()) is not None:
        leave_out(f"Apache Kafka: {lacking}")
    with kafka(tmp_path) as cluster:

        async def use(store: Store, redis: Any) -> None:
            topic = await make(cluster.bootstrap)
            await put(store, [str(i).encode() for i in range(50)])
            async with relaying(cluster.bootstrap, topic, store) as (one, metrics):
                cluster.broker().kill()
                one.start(Waiting(50, 0))
                while not metrics.registry.get_sample_value("pacewatch_worker_dead_letter_errors_total"):
                    await asyncio.sleep(0.05)
                assert metrics.registry.get_sample_value(GAUGE, {"partition": "0"}) == 50
                cluster.broker().start()
                await asyncio.to_thread(cluster.wait)
                await one.emptied()
                assert metrics.registry.get_sample_value(GAUGE, {"partition": "0"}) == 0
            assert await redis.xlen(layout.letters(0)) == 0
            found = await read(cluster.bootstrap, topic, 50)
            assert {r.value for r in found} == {str(i).encode() for i in range(50)}
            for record in found:
                wanted = letter_of(Record(int(record.value), record.value)).kafka_headers
                assert [h for h in record.headers if h[0] != "partition"] == [h for h in wanted if h[0] != "partition"]

        with_store(redis_url, use)


def test_letters_that_kafka_does_not_take_as_they_are_arrive_all_the_same(redis_url: str, apache_kafka: str) -> None:
    """One larger than the topic allows is cut and says so; one without key and value has an empty value."""

    async def use(store: Store, _: Any) -> None:
        topic = await make(apache_kafka, max_message_bytes="50000")
        await put(store, [b"x" * 300_000, b"small", None])
        async with relaying(apache_kafka, topic, store) as (one, _):
            one.start(Waiting(3, 0))
            await one.emptied()
        found = {dict(r.headers)["offset"]: r for r in await read(apache_kafka, topic, 3)}
        assert found[b"1"].value == b"small"
        assert (found[b"2"].value, found[b"2"].key) == (b"", None)
        assert found[b"0"].value == b"x" * (300_000 // 8)
        assert dict(found[b"0"].headers)["truncated_from_bytes"] == b"300000"

    with_store(redis_url, use)
