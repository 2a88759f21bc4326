"""The same loop by hand over confluent-kafka, tuned as its users tune it."""

import msgspec
from confluent_kafka import Consumer, TopicPartition
from kit import EVENTS, GROUP, KAFKA, TOPICS, Stopwatch, write_counts
from windows import Event, Rolling

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
decode, rolling, watch = msgspec.json.Decoder(Event).decode, Rolling(), Stopwatch()
watch.start()
while rolling.counted < EVENTS:
    by_topic: dict[str, list[Event]] = {t: [] for t in TOPICS}
    for message in reader.consume(1000, timeout=0.25):
        by_topic[message.topic()].append(decode(message.value()))
    for stream, topic in enumerate(TOPICS):
        rolling.add(stream, by_topic[topic])
    if rolling.due():
        rolling.flush()
rolling.flush()
watch.done(rolling.counted)
write_counts(rolling.counts)
reader.close()
