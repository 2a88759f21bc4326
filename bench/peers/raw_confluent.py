"""confluent-kafka's consume alone, tuned as its users tune it: fetched, and not looked at."""

from confluent_kafka import Consumer, TopicPartition
from kit import EVENTS, GROUP, KAFKA, TOPICS, Stopwatch

reader = Consumer(
    {
        "bootstrap.servers": KAFKA,
        "group.id": GROUP,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "fetch.queue.backoff.ms": 5,
    }
)
reader.assign([TopicPartition(t, p, 0) for t in TOPICS for p in range(4)])
watch, counted = Stopwatch(), 0
watch.start()
while counted < EVENTS:
    counted += len(reader.consume(1000, timeout=1.0))
watch.done(counted)
reader.close()
