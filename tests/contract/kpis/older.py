"""A state in Redis as an older version left it, and the same steps with this one.

``stored/before_rooms.json`` was written by the version before the modules lay in rooms, at 2026-11-22T12:00Z: two
partitions with panes, history, early events, remembered ids and a dead letter; a large flush of the second that was
committed and not carried out; alert states, and messages in the outbox. Keys, types and values are as Redis had them,
bytes in base64.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kpis.contract import layout
from kpis.contract.published import Layout
from kpis.measures import Stream
from kpis.runtime.errors import Unreachable
from kpis.times import DAY_MS
from kpis.windows import parse_windows
from streams.dead_letters import letters
from streams.events.decode import DecodePolicy, Decoder
from streams.kafka.chunks import Payload
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from streams.store import store as store_module
from streams.store.load import load
from streams.store.store import Store
from tests.kit.monitor_fakes import NOON

Dump = dict[str, dict[str, Any]]
FILE = Path(__file__).parent / "stored" / "before_rooms.json"
POLICY = PartitionPolicy(
    parse_windows("5m,1h"), SeriesPolicy((("channel",),), 100), frozenset(Stream) - {Stream.IMPRESSION}, 24, 2
)
ACCEPTED = DecodePolicy({"EUR": Decimal(1)}, "EUR", 40 * DAY_MS, 300_000, POLICY.dedupe)
# Before there was a fifth.
TOPICS: dict[Stream, str] = {stream: f"ads.{stream.topic_suffix}" for stream in Stream if stream is not Stream.MEASURE}


def event(kind: str, number: int, ago_ms: int = 60_000, **fields: object) -> dict[str, object]:
    """An event of the campaign."""
    return {"event_id": f"{kind}{number}", "ts": NOON - ago_ms, "campaign_id": "c1", "channel": "search", **fields}


async def add(state: Partition, store: Store, stream: Stream, events: list[dict[str, Any]], at: int) -> None:
    """Count events from an offset on."""
    values = [json.dumps(e).encode() for e in events]
    records = [
        SimpleNamespace(offset=at + i, value=v, key=b"k", headers=[("h", b"v")], timestamp=NOON)
        for i, v in enumerate(values)
    ]
    payload = Payload(TOPICS[stream], state.number, records, at, at + len(records), 1)
    batch = Decoder(stream, ACCEPTED).decode(values, NOON)
    numbers = state.register(batch)
    state.adopt(await store.totals(state.number, state.fresh))
    refused = letters.of_chunk(payload, batch.rejected)
    state.add(batch, numbers, payload.topic, payload.next_offset, records=len(records), now_ms=NOON, letters=refused)


async def write(redis: Any) -> None:
    """What the older version wrote, written by this one."""
    store = Store(redis, "here", 40, 24)
    await store.publish_layout(Layout(2, "EUR", ("5m", "1h", "24h"), 40))
    gauges = {layout.FLUSHED_AT: NOON, layout.CAUGHT_UP: 1, layout.HELD: 0, "lag:ads.clicks": 5}
    for number in (0, 1):
        lease = await store.take(number, NOON)
        state = await load(store, lease, POLICY, NOON)
        state.begin(dict.fromkeys(TOPICS.values(), 0))
        views = [event("i", i, quantity=100) for i in range(20)]
        await add(state, store, Stream.IMPRESSION, [*views, {"bad": 1}], 0)
        await add(state, store, Stream.CLICK, [*(event("k", i) for i in range(30)), event("k", 1)], 0)
        await add(state, store, Stream.CONVERSION, [event("v", i, revenue="10.5") for i in range(4)], 0)
        spent = [event("s", 0, amount="300.123456"), event("s", 1, ago_ms=3 * DAY_MS, amount="7")]
        await add(state, store, Stream.SPEND, spent, 0)
        await add(state, store, Stream.CLICK, [event("e", 0, ago_ms=-120_000)], 31)
        state.tick(NOON)
        await store.write(lease, state.take_flush(gauges))
        if number == 1:
            await add(state, store, Stream.CLICK, [event("z", i) for i in range(500)], 32)
            state.tick(NOON)
            await _die_half_way(store, lease, state)
    await store.park(1, "it was parked", NOON, 3)
    await redis.set(layout.REPLAY_KEY, b"K" * 32)
    await redis.sadd(layout.GOAL_CAMPAIGNS, "c1")
    await redis.zadd(layout.REPLAYED, {"ads.clicks/0/5": NOON / 1000})


async def _die_half_way(store: Store, lease: Any, state: Partition) -> None:
    """Commit a large flush, and carry out nothing of it."""

    async def dies(**_: Any) -> None:
        raise ConnectionError

    limit, whole = store_module._VALUES, store._apply
    store_module._VALUES, store._apply = 20, dies
    try:
        await store.write(lease, state.take_flush({layout.FLUSHED_AT: NOON}))
    except Unreachable:
        return
    finally:
        store_module._VALUES, store._apply = limit, whole


async def dumped(redis: Any) -> Dump:
    """All keys, as the file holds them."""
    found: Dump = {}
    for key in sorted(await redis.keys()):
        kind = (await redis.type(key)).decode()
        found[key.decode()] = {"type": kind, "value": await _value(redis, key, kind)}
    return found


async def _value(redis: Any, key: bytes, kind: str) -> Any:
    match kind:
        case "hash":
            return [[_text(f), _text(v)] for f, v in sorted((await redis.hgetall(key)).items())]
        case "set":
            return [_text(v) for v in sorted(await redis.smembers(key))]
        case "list":
            return [_text(v) for v in await redis.lrange(key, 0, -1)]
        case "zset":
            return [[_text(m), score] for m, score in await redis.zrange(key, 0, -1, withscores=True)]
        case "stream":
            return [[i.decode(), [[_text(f), _text(v)] for f, v in e.items()]] for i, e in await redis.xrange(key)]
        case _:
            return _text(await redis.get(key))


async def restore(redis: Any, state: Dump) -> None:
    """Put a dumped state into an empty Redis."""
    for key, held in state.items():
        value = held["value"]
        match held["type"]:
            case "hash":
                await redis.hset(key, mapping={_raw(f): _raw(v) for f, v in value})
            case "set":
                await redis.sadd(key, *map(_raw, value))
            case "list":
                await redis.rpush(key, *map(_raw, value))
            case "zset":
                await redis.zadd(key, {_raw(m): score for m, score in value})
            case "stream":
                for entry, fields in value:
                    await redis.xadd(key, {_raw(f): _raw(v) for f, v in fields}, entry)
            case _:
                await redis.set(key, _raw(value))


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()


def _raw(text: str) -> bytes:
    return b64decode(text)
