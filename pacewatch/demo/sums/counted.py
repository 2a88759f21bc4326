"""Waiting until the worker has counted what was sent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping

from redis.asyncio import Redis
from redis.exceptions import RedisError

from kpis.contract import layout
from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Recoverable
from kpis.units import how_many
from monitors.read.snapshot import Snapshot

_POLL_S = 0.1
_DONE = tuple(prefix.encode() for prefix in (layout.ACCEPTED, layout.DUPLICATE, layout.REJECTED))


class NotCounted(Recoverable):
    """The worker made no progress for too long."""


async def missing(redis: Redis, ends: Mapping[tuple[str, int], int]) -> int:
    """How many records the worker has not counted yet.

    Args:
        redis: answers bytes.
        ends: the offset after the last record, by (topic, partition).
    """
    pipe = redis.pipeline(transaction=False)
    for topic, partition in ends:
        pipe.hget(layout.meta(partition), f"{layout.OFFSET}{topic}")
    found = await pipe.execute()
    return sum(max(end - int(next_offset or 0), 0) for end, next_offset in zip(ends.values(), found, strict=True))


async def done_with(redis: Redis, partitions: int) -> int:
    """How many events the worker is done with: counted, left out as repeats, or refused.

    Args:
        redis: answers bytes.
        partitions: how many there are.
    """
    pipe = redis.pipeline(transaction=False)
    for partition in range(partitions):
        pipe.hgetall(layout.meta(partition))
    return sum(int(n) for meta in await pipe.execute() for name, n in meta.items() if name.startswith(_DONE))


async def until_counted(redis: Redis, ends: Mapping[tuple[str, int], int], patience_s: float = 120.0) -> None:
    """Wait until offsets in Redis, which are written together with the numbers, have reached ``ends``.

    Raises:
        NotCounted: nothing moved for ``patience_s`` seconds.
    """
    least, moved = None, monotonic()
    while True:
        try:
            left = await missing(redis, ends)
        except (RedisError, OSError):
            left = least if least is not None else 1
        if left == 0:
            return
        if least is None or left < least:
            least, moved = left, monotonic()
        if monotonic() - moved > patience_s:
            raise NotCounted(
                f"the worker still has {how_many(left, 'record')} to count and made no progress for {patience_s:.0f} s"
            )
        await asyncio.sleep(_POLL_S)


def left_out(snapshot: Snapshot) -> Iterator[str]:
    """A line on what was refused, and one on what was repeated, where there is any."""
    reasons: Counter[str] = Counter()
    for name, count in snapshot.counter(layout.REJECTED).items():
        reasons[name.partition(":")[2]] += count
    if reasons:
        said = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
        refused = how_many(reasons.total(), "event was refused and is", "events were refused and are")
        yield f"{refused} in the dead letter topic: {said}"
    repeats = sum(snapshot.counter(layout.DUPLICATE).values())
    if repeats:
        left_out = how_many(repeats, "event was left out because its", "events were left out because their")
        yield f"{left_out} id was counted before"
