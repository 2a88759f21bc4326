"""Faust as its documentation says: an agent for each topic, an event at a time, and hopping tables.

Windows: 1m hopping by 10 s, and 5m hopping by 30 s. The longer ones are left out: 24h by quarter hours would be 96 more
table writes for every event.
"""

import os
import tempfile

os.environ["FAUST_DATADIR"] = tempfile.mkdtemp(prefix="peer-faust-")

import faust
from kit import EVENTS, GROUP, KAFKA, OF_TOPIC, TOPICS, Stopwatch, store, write_counts

app = faust.App(
    GROUP,
    broker=f"kafka://{KAFKA}",
    store="memory://",
    web_enabled=False,
    topic_partitions=4,
    topic_replication_factor=1,
    consumer_auto_offset_reset="earliest",
)
minute = app.Table("minute", default=int, partitions=4).hopping(60, 10, expires=120)
minutes = app.Table("minutes", default=int, partitions=4).hopping(300, 30, expires=600)
watch, counted, changed, counts = Stopwatch(), 0, set(), {}


class Event(faust.Record):
    """The fields that count."""

    campaign_id: str
    channel: str


def agent_of(topic: str) -> None:
    """Count one topic."""

    # Agents are known by name: without one of their own, the last would replace the others.
    @app.agent(app.topic(topic, value_type=Event), name=f"count-{OF_TOPIC[topic]}")
    async def count(events):  # type: ignore[no-untyped-def]
        global counted  # noqa: PLW0603
        async for event in events:
            watch.start()
            for key in (event.campaign_id, f"{event.campaign_id}|{event.channel}"):
                minute[key] += 1
                minutes[key] += 1
                changed.add(key)
            name = f"{event.campaign_id}:{OF_TOPIC[topic]}"
            counts[name] = counts.get(name, 0) + 1
            counted += 1


for each in TOPICS:
    agent_of(each)


@app.timer(0.5)
async def write() -> None:
    """Write what changed; stop when all is counted."""
    keys = list(changed)
    changed.clear()
    if keys:
        store.hset("peer:kpi", mapping={key: f"{minute[key].now()},{minutes[key].now()}" for key in keys})
    if counted >= EVENTS:
        watch.done(counted)
        write_counts(counts)
        os._exit(0)


if __name__ == "__main__":
    import sys

    sys.argv = ["faust", "-q", "worker", "-l", "error"]
    app.main()
