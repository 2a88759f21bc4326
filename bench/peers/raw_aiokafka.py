"""aiokafka's getmany alone: fetched, and not looked at."""

import asyncio

from aiokafka import AIOKafkaConsumer, TopicPartition
from kit import EVENTS, KAFKA, TOPICS, Stopwatch


async def main() -> None:
    """Fetch every record."""
    reader = AIOKafkaConsumer(bootstrap_servers=KAFKA, auto_offset_reset="earliest", enable_auto_commit=False)
    await reader.start()
    reader.assign([TopicPartition(t, p) for t in TOPICS for p in range(4)])
    watch, counted = Stopwatch(), 0
    watch.start()
    while counted < EVENTS:
        counted += sum(map(len, (await reader.getmany(timeout_ms=1000)).values()))
    watch.done(counted)
    await reader.stop()


asyncio.run(main())
