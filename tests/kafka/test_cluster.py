"""The cluster that the fault tests hurt: three real brokers, killed, halted and brought back."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.conftest import leave_out
from tests.kafka.launcher import Cluster, kafka, missing

pytestmark = pytest.mark.slow
TOPIC = "t"


async def create(cluster: Cluster) -> None:
    """A topic of which every broker has a copy."""
    admin = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)
    await admin.start()
    try:
        answer = await admin.create_topics([NewTopic(TOPIC, 3, 3)])
        assert [error for _, error, *_ in answer.topic_errors] == [0]
    finally:
        await admin.close()


async def produce(cluster: Cluster, value: bytes) -> None:
    """One record into each partition, on as many brokers as the topic asks for."""
    # A halted broker says nothing: ask again soon, and idempotent, so that a record sent twice is there once.
    options = {"bootstrap_servers": cluster.bootstrap, "request_timeout_ms": 5000, "enable_idempotence": True}
    async with AIOKafkaProducer(**options) as producer:
        for partition in range(3):
            await producer.send_and_wait(TOPIC, value, partition=partition)


async def consume(cluster: Cluster, count: int) -> list[bytes]:
    """The first records of all partitions, sorted."""
    options = {"bootstrap_servers": cluster.bootstrap, "auto_offset_reset": "earliest"}
    async with AIOKafkaConsumer(TOPIC, **options) as reader:
        return sorted([(await reader.getone()).value for _ in range(count)])


async def story(cluster: Cluster) -> None:
    """What happens to the cluster."""
    await create(cluster)
    await produce(cluster, b"1 all")

    cluster.broker(2).kill()
    await produce(cluster, b"2 one dead")
    cluster.broker(2).start()
    cluster.wait()

    cluster.broker(3).send(signal.SIGSTOP)
    cluster.wait([1, 2])
    await produce(cluster, b"3 one halted")
    cluster.broker(3).send(signal.SIGCONT)
    cluster.wait()

    await produce(cluster, b"4 all again")
    values = [b"1 all", b"2 one dead", b"3 one halted", b"4 all again"]
    assert await consume(cluster, 12) == [v for v in values for _ in range(3)]


def test_a_cluster_of_three_outlives_a_killed_and_a_halted_broker(tmp_path: Path) -> None:
    """Brokers come back on their ports with their data, and nothing that was acknowledged is lost."""
    lacking = missing()
    if lacking is not None:
        leave_out(f"Apache Kafka: {lacking}")
    with kafka(tmp_path, size=3) as cluster:
        asyncio.run(asyncio.wait_for(story(cluster), 120))
    assert not any(cluster.broker(n).running for n in (1, 2, 3))


def test_a_killed_broker_with_sasl_comes_back_with_its_records(tmp_path: Path) -> None:
    """SASL is an extra of the launcher, whose own question whether the broker serves logs in too."""
    lacking = missing()
    if lacking is not None:
        leave_out(f"Apache Kafka: {lacking}")
    login = 'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p" user_u="p";'
    extra = {
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "listener.name.plaintext.plain.sasl.jaas.config": login,
    }
    client = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "PLAIN",
        "sasl_plain_username": "u",
        "sasl_plain_password": "p",
    }

    async def use(cluster: Cluster) -> None:
        options = {"bootstrap_servers": cluster.bootstrap, **client}
        async with AIOKafkaProducer(**options, acks="all") as producer:
            await producer.send_and_wait(TOPIC, b"before")
        cluster.broker().kill()
        cluster.broker().start()
        cluster.wait()
        async with AIOKafkaConsumer(TOPIC, **options, auto_offset_reset="earliest") as reader:
            assert (await reader.getone()).value == b"before"

    with kafka(tmp_path, extra={**extra, "auto.create.topics.enable": "true"}, client=client) as cluster:
        asyncio.run(asyncio.wait_for(use(cluster), 120))
