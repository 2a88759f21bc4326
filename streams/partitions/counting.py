"""Counting the records of a chunk into a partition's state, and what it takes to find the record that cannot be.

Whatever a record does to the code that counts it, it ends as a dead letter: either its chunk counts whole, or
:class:`Uncountable` says which offsets it failed on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from kpis.reasons import Reject
from kpis.runtime.clock import wall_ms
from kpis.runtime.errors import PacewatchError, Uncountable
from streams.dead_letters import letters, replays
from streams.events.decode import Batch
from streams.kafka.chunks import Payload
from streams.partitions.canary import take_canaries
from streams.partitions.offsets import part
from streams.partitions.suspects import Suspects
from streams.partitions.tools import Tools
from streams.state.lateness import NO_ARRIVALS, Arrivals
from streams.state.partition import Partition
from streams.state.registry import Numbers


async def count_records(state: Partition, payload: Payload, start: int, suspects: Suspects, tools: Tools) -> Arrivals:
    """Count what of a chunk lies at ``start`` and beyond, once; in parts where some of it is suspect.

    Args:
        state: of its partition, which holds every offset before ``start``.
        payload: the chunk.
        start: the first offset to count.
        suspects: records known to fail are refused as ``INTERNAL_ERROR`` instead; learns of those that do.
        tools: the worker's.

    Returns:
        Its events.

    Raises:
        Uncountable: it failed. The state is void.
        Unreachable: Redis does not answer; nothing was counted.
    """
    topic, first, found = payload.topic, start, NO_ARRIVALS
    while start < payload.next_offset:
        stop = suspects.stop_at(topic, start, payload.next_offset)
        piece = part(payload, start, stop)
        if suspects.doubts(topic, start):
            screen(piece, suspects, tools)
        try:
            found = found.and_then(await _count_part(state, piece, suspects, tools))
        except PacewatchError as e:
            if start == first:
                raise
            # What was counted of the chunk cannot be told from what was not, so all of it is read again.
            raise Uncountable(payload.partition, topic, first, payload.next_offset, e) from e
        except Exception as e:
            # The safety limit: one record's effect on code that nobody foresaw must not end the others.
            if not screen(piece, suspects, tools):
                suspects.failed(topic, start, stop, type(e).__name__)
            raise Uncountable(payload.partition, topic, start, stop, e) from e
        suspects.passed(topic, stop)
        start = stop
    return found


async def _count_part(state: Partition, payload: Payload, suspects: Suspects, tools: Tools) -> Arrivals:
    """Count a whole chunk."""
    now = tools.clock.now_ms()
    batch = decode(payload, suspects, tools, now)
    state.canary_ms = max(take_canaries(payload.records, batch, wall_ms()), state.canary_ms)
    numbers = state.register(batch)
    if state.registry.fresh:
        state.adopt(await tools.store.totals(payload.partition, state.fresh))
    return _add(state, payload, batch, numbers, now_ms=now, suspects=suspects)


def _add(
    state: Partition, payload: Payload, batch: Batch, numbers: Numbers, *, now_ms: int, suspects: Suspects
) -> Arrivals:
    """Count a decoded chunk, but for the events that would overflow; returns what was counted."""
    again = replays.of_chunk(payload.records, batch.rejected, state.replay_key)
    refused = state.overflowing(batch, numbers, again)
    if refused:
        batch, numbers = batch.without(refused, Reject.OVERFLOW), np.delete(numbers, refused)
        again = replays.of_chunk(payload.records, batch.rejected, state.replay_key)
    return state.add(
        batch,
        numbers,
        payload.topic,
        payload.next_offset,
        records=len(payload.records),
        now_ms=now_ms,
        letters=letters.of_chunk(payload, batch.rejected, suspects.errors_of(payload.topic)),
        replays=again,
    )


def decode(payload: Payload, suspects: Suspects, tools: Tools, now_ms: int) -> Batch:
    """The events of a chunk; culprits are refused unread."""
    decoder = tools.decoders[tools.topics[payload.topic]]
    values = [r.value for r in payload.records]
    topic = payload.topic
    bad = (
        [i for i, r in enumerate(payload.records) if (topic, r.offset) in suspects.culprits]
        if suspects.culprits
        else []
    )
    if not bad:
        return decoder.decode(values, now_ms)
    for i in bad:
        values[i] = None
    batch = decoder.decode(values, now_ms)
    gone = set(bad)
    batch.rejected[:] = [(i, Reject.INTERNAL_ERROR if i in gone else reason) for i, reason in batch.rejected]
    return batch


def screen(payload: Payload, suspects: Suspects, tools: Tools) -> int:
    """Blame the records of a chunk that cannot even be counted into an empty state; returns how many.

    Most errors are a record's own, and need no halving with a state that must be loaded again after each attempt.
    """
    found = list(_failing(payload, payload.records, suspects, tools))
    for record, error in found:
        suspects.blame(payload.topic, record.offset, error)
    return len(found)


def _failing(payload: Payload, records: Sequence[Any], suspects: Suspects, tools: Tools) -> Iterator[tuple[Any, str]]:
    error = _rehearse(replace(payload, records=records), suspects, tools)
    if error is None:
        return
    if len(records) == 1:
        yield records[0], error
        return
    half = len(records) // 2
    yield from _failing(payload, records[:half], suspects, tools)
    yield from _failing(payload, records[half:], suspects, tools)


def _rehearse(payload: Payload, suspects: Suspects, tools: Tools) -> str | None:
    """The type of the error that counting and writing a chunk into an empty state ends in; None when it goes well."""
    now = tools.clock.now_ms()
    state = Partition(payload.partition, tools.policy)
    try:
        batch = decode(payload, suspects, tools, now)
        numbers = state.register(batch)
        state.adopt({})
        _add(state, payload, batch, numbers, now_ms=now, suspects=suspects)
        state.tick(now)
        state.take_flush({})
    except Exception as e:  # noqa: BLE001 - the safety limit: whatever it is, its name is what is wanted
        return type(e).__name__
    return None
