"""Events that wait in Kafka before anybody reads them, of the shape that a measurement asks for."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

from confluent_kafka import Producer

from bench.kit.place import MIX
from kpis.measures import Stream
from kpis.times import DAY_MS, HOUR_MS
from tests.kit.system import System

CHANNELS = ("search", "social", "display", "video")
SERIES_PER_CAMPAIGN = 1 + len(CHANNELS)
"""With the breakdown by channel, which is the default."""
_MONEY = {
    Stream.CONVERSION: [f',"revenue":"{n}.{n}","kind":"purchase"' for n in range(10, 99)],
    Stream.SPEND: [f',"amount":"0.0{n}345"' for n in range(10, 99)],
}
"""Amounts that differ, so that a sum of them is not a count in disguise."""
_EARLIEST_LATE_MS, _LATEST_LATE_MS = 60_000, 2 * DAY_MS


@dataclass(frozen=True, slots=True)
class Backlog:
    """A shape of events.

    Attributes:
        events: how many.
        campaigns: of how many campaigns.
        span_ms: their times ascend over so many milliseconds up to now.
        creatives: of how many creatives each campaign's events are; 0 leaves the field out.
        late: the share of events that lie a minute to two days before now instead; half of these left every window.
        only: all events are of this stream; None for the usual mix.
        seed: decides every draw.
    """

    events: int
    campaigns: int
    span_ms: int = 60_000
    creatives: int = 0
    late: float = 0.0
    only: Stream | None = None
    seed: int = 0


def records(shape: Backlog, now_ms: int) -> Iterator[tuple[Stream, str, str]]:
    """The stream, key and value of each event; ids are new in every call."""
    rng = random.Random(shape.seed)
    draw = rng.random
    streams = [shape.only] if shape.only else rng.choices(list(MIX), list(MIX.values()), k=10_007)
    run = uuid4().hex[:8]
    for number in range(shape.events):
        stream = streams[number % len(streams)]
        at = now_ms - shape.span_ms + number * shape.span_ms // shape.events
        if shape.late and draw() < shape.late:
            at = now_ms - int(_EARLIEST_LATE_MS + draw() * (_LATEST_LATE_MS - _EARLIEST_LATE_MS))
        campaign = f"campaign-{int(draw() * shape.campaigns)}"
        creative = f',"creative":"creative-{int(draw() * shape.creatives)}"' if shape.creatives else ""
        money = _MONEY[stream][number % 89] if stream in _MONEY else ""
        yield (
            stream,
            campaign,
            (
                f'{{"event_id":"{run}-{number}","ts":{at},"campaign_id":"{campaign}",'
                f'"channel":"{CHANNELS[int(draw() * len(CHANNELS))]}","country":"DE"{creative}{money}}}'
            ),
        )


def truth(shape: Backlog) -> dict[str, int]:
    """The events of each campaign and stream, as ``<campaign>:<stream>``."""
    return dict(Counter(f"{campaign}:{stream}" for stream, campaign, _ in records(shape, 0)))


def produce(place: System, shape: Backlog) -> int:
    """Send a backlog, and wait until Kafka has all of it; the time, epoch ms, that its events lead up to.

    Batches are those of a busy producer: 50 ms, at most 256 KiB, not compressed.
    """
    producer = Producer(
        {
            "bootstrap.servers": place.broker,
            "linger.ms": 50,
            "batch.size": 262_144,
            "partitioner": "murmur2_random",
            "queue.buffering.max.messages": 200_000,
        }
    )
    topics = {s: place.topic(s.value) for s in Stream}
    failed: list[object] = []

    def delivered(error: object, _message: object) -> None:
        if error is not None:
            failed.append(error)

    now_ms = int(time.time() * 1000)
    for stream, key, value in records(shape, now_ms):
        while True:
            try:
                producer.produce(topics[stream], value, key, on_delivery=delivered)
            except BufferError:
                producer.poll(0.05)
            else:
                break
        producer.poll(0)
    producer.flush()
    assert not failed, f"Kafka did not take {len(failed)} events: {failed[0]}"
    return now_ms


def full_windows(campaigns: int, events_per_campaign: int) -> list[Backlog]:
    """Backlogs that put events into every pane of the default windows, longest window first.

    The last minutes come last, so that they are still in the short windows when all is counted.
    """
    spans = (DAY_MS - 60_000, HOUR_MS, HOUR_MS // 12, 60_000)
    return [
        Backlog(campaigns * events_per_campaign, campaigns, span_ms=span, seed=seed) for seed, span in enumerate(spans)
    ]
