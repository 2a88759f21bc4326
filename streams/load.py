"""Loading a partition: from what Redis holds to a state that counts on from there."""

from __future__ import annotations

from collections import Counter

from streams import layout
from streams.measures import Stream
from streams.partition import Partition, PartitionPolicy
from streams.store import Lease, Store


async def load(store: Store, lease: Lease, policy: PartitionPolicy, now_ms: int) -> Partition:
    """The state of a partition just taken.

    Args:
        store: where it is kept.
        lease: the right to write it, with the meta hash.
        policy: what the partition keeps.
        now_ms: the worker's clock, for the event ids that are still remembered.

    Raises:
        Unreachable: Redis does not answer.
    """
    state = Partition(lease.partition, policy)
    meta = lease.meta
    state.offsets = {k.removeprefix(layout.OFFSET): int(v) for k, v in meta.items() if k.startswith(layout.OFFSET)}
    state.counters = Counter({k: int(v) for k, v in meta.items() if k.startswith(layout.COUNTERS)})
    if layout.CLOCK in meta:
        state.tick(int(meta[layout.CLOCK]))
        await _load_panes(store, state)
    (blocks,) = await store.hashes([layout.ahead(state.number)])
    for number in sorted(blocks, key=int):
        state.restore_ahead(int(number), blocks[number])
    fresh = [key for i in state.registry.fresh if (key := state.registry.keys[i]) is not None]
    state.adopt(await store.totals(state.number, fresh))
    await _load_seen(store, state, now_ms)
    return state


async def _load_panes(store: Store, state: Partition) -> None:
    for index, ring in enumerate(state.rings):
        if ring.head is None:
            continue
        numbers = range(ring.head - ring.window.panes + 1, ring.head + 1)
        keys = [layout.pane(state.number, ring.window.name, n * ring.window.pane_ms) for n in numbers]
        for number, rows in zip(numbers, await store.hashes(keys), strict=True):
            if rows:
                state.restore_pane(index, number, {k.decode(): v for k, v in rows.items()})


async def _load_seen(store: Store, state: Partition, now_ms: int) -> None:
    # Of all streams: records sent again are remembered also where event ids are not.
    hours = [(s, h) for s in Stream for h in state.seen.hours(now_ms)]
    keys = [layout.seen(state.number, s, h) for s, h in hours]
    for (stream, hour), digests in zip(hours, await store.sets(keys), strict=True):
        if digests:
            state.seen.restore(stream, hour, digests)
