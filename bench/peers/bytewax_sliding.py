"""Bytewax as its documentation says: a Kafka input, ``fold_window`` over a SlidingWindower, a sink of its own.

Windows: 1m sliding by 10 s, and 5m sliding by 30 s. Bytewax gives out a window when it closes, not while it fills: what
is in Redis is up to ten seconds, and thirty, behind. Set beyond the defaults: folding without an order, since counts
need none; and streams apart in the key, since several topics of a backlog are read at different speeds, and what lies
behind the latest event of its key is late, and lost. One fold keeps a campaign's channels together, at a fifth of the
state. The counts are taken from the windows: an event is in six of a minute.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.operators.windowing import EventClock, SlidingWindower, fold_window
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main
from kit import KAFKA, OF_TOPIC, TOPICS, Stopwatch, store, write_counts

WINDOWS = {"1m": (timedelta(minutes=1), timedelta(seconds=10)), "5m": (timedelta(minutes=5), timedelta(seconds=30))}
Channels = dict[str, int]
watch, sixfold = Stopwatch(), Counter[str]()


class Rows(StatelessSinkPartition[tuple[str, tuple[int, Channels]]]):
    """Writes closed windows, in all and by channel."""

    def __init__(self, window: str) -> None:
        self._window = window

    def write_batch(self, items: list[tuple[str, tuple[int, Channels]]]) -> None:
        """Write some."""
        rows: dict[str, int] = {}
        for name, (_, channels) in items:
            total = rows[name] = sum(channels.values())
            campaign, _, stream = name.partition(":")
            rows |= {f"{campaign}|{channel}:{stream}": n for channel, n in channels.items()}
            if self._window == "1m":
                sixfold[name] += total
        store.hset(f"peer:kpi:{self._window}", mapping=rows)


class Sink(DynamicSink[tuple[str, tuple[int, Channels]]]):
    """Makes the partition of each worker."""

    def __init__(self, window: str) -> None:
        self._window = window

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> Rows:
        """Make one."""
        return Rows(self._window)


def keyed(message: KafkaSourceMessage) -> tuple[str, dict[str, Any]]:
    """An event by campaign and stream."""
    watch.start()
    event = orjson.loads(message.value)
    return f"{event['campaign_id']}:{OF_TOPIC[message.topic]}", event


def more(state: Channels, event: dict[str, Any]) -> Channels:
    """The state after another event."""
    state[event["channel"]] = state.get(event["channel"], 0) + 1
    return state


def both(one: Channels, other: Channels) -> Channels:
    """The state of two windows."""
    return dict(Counter(one) + Counter(other))


clock = EventClock(lambda event: datetime.fromtimestamp(event["ts"] / 1000, UTC), timedelta(seconds=10))
flow = Dataflow("peer")
events = op.map("keyed", op.input("topics", flow, KafkaSource(KAFKA.split(","), TOPICS, tail=False)), keyed)
for name, (length, step) in WINDOWS.items():
    windower = SlidingWindower(length, step, datetime(2020, 1, 1, tzinfo=UTC))
    folded = fold_window(f"fold-{name}", events, clock, windower, dict, more, both, ordered=False)
    op.output(f"write-{name}", folded.down, Sink(name))
run_main(flow)
counts = {name: total // 6 for name, total in sixfold.items()}
watch.done(sum(counts.values()))
write_counts(counts)
