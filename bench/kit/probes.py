"""Probes: events of campaigns that nothing else writes, so that a count seen says which of them have arrived.

The sender notes when it stamped each probe; watchers note when they first saw each count. Latency is the difference,
on the machine's monotonic clock, which all processes share. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from kpis.measures import Stream

CAMPAIGN = "probe-"
"""Before the partition's number: each partition has a probe campaign of its own."""

WINDOW = "24h"
"""Where probes are looked for: an event is in a window only once the watermark, and so every topic, got there."""

Sent = Mapping[str, Sequence[float]]
"""Counter name to the moment each of its probes was stamped, seconds."""
Seen = Mapping[str, Sequence[tuple[float, int]]]
"""Counter name to (moment, count), one for each new count that was seen."""


def counter(partition: int, stream: Stream) -> str:
    """The name of what a probe adds one to."""
    return f"{CAMPAIGN}{partition}/{stream.topic_suffix}"


def latencies(sent: Sent, seen: Seen, since: float, until: float) -> list[float]:
    """Seconds from stamp to sight of every probe stamped within a span of time.

    Raises:
        AssertionError: one was never seen.
    """
    found: list[float] = []
    for name, stamps in sent.items():
        sights = seen.get(name, ())
        counts = [count for _, count in sights]
        for number, stamp in enumerate(stamps, 1):
            if since <= stamp < until:
                place = bisect_left(counts, number)
                assert place < len(sights), f"probe {number} of {name} was never seen"
                found.append(sights[place][0] - stamp)
    return found


def percentile(values: Sequence[float], per_cent: float) -> float:
    """The value that ``per_cent`` of the values do not exceed (nearest rank)."""
    rank = -(-len(values) * per_cent // 100)
    return sorted(values)[max(0, int(rank) - 1)]
