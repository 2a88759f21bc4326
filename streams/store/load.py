"""Loading a partition: from what Redis holds to a state that counts on from there."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from kpis.arrays import Int64s
from kpis.contract import layout
from kpis.measures import WIDTH, Stream, unpack
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.store.lease import Lease
from streams.store.store import Store


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
    state.restore_meta(
        {k.removeprefix(layout.OFFSET): int(v) for k, v in meta.items() if k.startswith(layout.OFFSET)},
        {k: int(v) for k, v in meta.items() if k.startswith(layout.COUNTERS)},
    )
    if layout.CLOCK in meta:
        state.tick(int(meta[layout.CLOCK]))
        await _load_panes(store, state)
    (blocks,) = await store.hashes([layout.early(state.number)])
    for number in sorted(blocks, key=int):
        state.restore_early(int(number), blocks[number])
    state.adopt(await store.totals(state.number, state.fresh))
    await _load_seen(store, state, now_ms)
    return state


async def _load_panes(store: Store, state: Partition) -> None:
    indices = _Indices(state.registry.add)
    for index, ring in enumerate(state.rings):
        if ring.head is None:
            continue
        numbers = range(ring.head - ring.window.panes + 1, ring.head + 1)
        keys = [layout.pane(state.number, ring.window.name, n * ring.window.pane_ms) for n in numbers]
        for number, rows in zip(numbers, await store.hashes(keys), strict=True):
            if rows:
                series = np.fromiter(map(indices.__getitem__, rows), np.int64, len(rows))
                state.restore_pane(index, number, series, table(rows.values(), state.width))


async def _load_seen(store: Store, state: Partition, now_ms: int) -> None:
    # Of all streams: records sent again are remembered also where event ids are not.
    hours = [(s, h) for s in Stream for h in state.deduplicator.hours(now_ms)]
    keys = [layout.seen(state.number, s, h) for s, h in hours]
    for (stream, hour), key, size in zip(hours, keys, await store.sizes(keys), strict=True):
        if size:
            # One at a time: as they come, ids take ten times what they take once they are remembered.
            digests = await store.members(key)
            state.deduplicator.restore(stream, hour, digests)


class _Indices(dict[bytes, int]):
    """The index of each series by its name as Redis has it: the same few names come in every pane."""

    def __init__(self, add: Callable[[str], int]) -> None:
        super().__init__()
        self._add = add

    def __missing__(self, name: bytes) -> int:
        found = self[name] = self._add(name.decode())
        return found


def table(rows: Collection[bytes], width: int = WIDTH) -> Int64s:
    """Stored rows as an array [row, column]; the columns that a row does not have are zero.

    Raises:
        ValueError: a row is not of int64.
    """
    if set(map(len, rows)) <= {8 * WIDTH}:
        core = np.frombuffer(b"".join(rows), "<i8").reshape(-1, WIDTH)
        return core if width == WIDTH else np.pad(core, ((0, 0), (0, width - WIDTH)))
    return np.array([unpack(row, width) for row in rows], np.int64)
