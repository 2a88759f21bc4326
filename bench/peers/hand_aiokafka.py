"""A loop by hand over aiokafka: getmany, msgspec, dicts, a Redis pipeline. No dedupe, no fence, no dead letters."""

import asyncio

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from kit import EVENTS, KAFKA, TOPICS, Stopwatch, write_counts
from windows import Event, Rolling


async def main() -> None:
    """Count every event."""
    reader = AIOKafkaConsumer(bootstrap_servers=KAFKA, auto_offset_reset="earliest", enable_auto_commit=False)
    await reader.start()
    reader.assign([TopicPartition(t, p) for t in TOPICS for p in range(4)])
    decode, rolling, watch = msgspec.json.Decoder(Event).decode, Rolling(), Stopwatch()
    watch.start()
    while rolling.counted < EVENTS:
        for tp, records in (await reader.getmany(timeout_ms=250)).items():
            rolling.add(TOPICS.index(tp.topic), [decode(r.value) for r in records])
        if rolling.due():
            rolling.flush()
    rolling.flush()
    watch.done(rolling.counted)
    write_counts(rolling.counts)
    await reader.stop()


asyncio.run(main())
