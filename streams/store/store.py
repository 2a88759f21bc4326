"""Redis, seen from the write side: take a partition, load it, flush it.

Every write of a partition goes through one script that checks ``(epoch, seq)``, so state and offsets never disagree
and an owner that was replaced writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from importlib.resources import files
from typing import Any

import msgspec

from kpis.contract import layout
from kpis.contract.claimed import Columns, asked, read_columns
from kpis.contract.documents import total_of
from kpis.contract.published import Layout
from kpis.contract.redis_client import answers, replay_key
from kpis.measures import WIDTH, ZERO, Row, unpack
from kpis.runtime.errors import Misconfigured, Unusable
from kpis.times import QUARTER_MS, day_of, quarter_of
from streams.state.flush import Flush
from streams.store.commands import Script, announce, script
from streams.store.concurrency import in_turns
from streams.store.lease import Lease, Waiting, checked


def _script(*names: str) -> str:
    return "".join(files(__package__).joinpath(f"{name}.lua").read_text() for name in names)


_FLUSH, _APPLY = _script("commands", "flush"), _script("commands", "apply")
_STAGE, _TAKE, _DRAIN, _OLDER, _CLAIM = map(_script, ("stage", "take", "drain", "older", "claim"))
_CHUNK = 2_000
_VALUES, _BYTES = 20_000, 2 << 20
"""Values and bytes that one script writes at most: it holds Redis for some 30 ms then, on a busy machine for 80."""
_PIECE = 2
"""A larger flush is written in pieces that are so many times smaller: there are many, and others want to be served."""
_STAGED_AT_ONCE, _CARRIED_OUT_AT_ONCE = 8, 3
"""Pieces on their way at a time: a worker that catches up is slow to see an answer. Redis may get to all of them before
it serves somebody else, so there are few of those that take it long."""
_STAGED_S = 86_400
_SCAN = 10_000
_LONGEST_TEXT = 500


class Store:
    """The write side's Redis.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.
        history_days: for how many days history is kept.
        dedupe_hours: for how many hours event ids are kept.

    Attributes:
        is_fresh: whether Redis held nothing when the layout was published first: nothing has been counted before.
    """

    def __init__(self, redis: Any, address: str, history_days: int, dedupe_hours: int) -> None:
        self._redis = redis
        self._address = address
        self._keep_s = (history_days + 1) * 86_400
        self._seen_s = (dedupe_hours + 2) * 3600
        self._layout: Layout | None = None
        self.is_fresh = False
        self._flush = redis.register_script(_FLUSH)
        self._stage = redis.register_script(_STAGE)
        self._apply = redis.register_script(_APPLY)
        self._take = redis.register_script(_TAKE)
        self._drain = redis.register_script(_DRAIN)
        self._claim = redis.register_script(_CLAIM)
        self._read_older = redis.register_script(_OLDER)

    async def publish_layout(self, found: Layout, grow: bool = False) -> None:
        """Tell readers the partition count, currency, windows and history; ``grow`` allows more partitions than before.

        Raises:
            Misconfigured: the data in Redis is in another currency, or has another partition count.
        """
        held = {k.decode(): v.decode() for k, v in (await self._call(self._redis.hgetall(layout.LAYOUT))).items()}
        for name, setting in (("currency", "PACEWATCH_CURRENCY"), ("partitions", "PACEWATCH_PARTITIONS")):
            mine = found.fields[name]
            if grow and name == "partitions" and int(held.get(name, 0)) < found.partitions:
                continue
            if name in held and held[name] != mine:
                raise Misconfigured(
                    setting,
                    f"Redis at {self._address} holds data with {name} {held[name]}, not {mine}",
                    "use another Redis database, or the same value",
                )
        await self._call(self._redis.hset(layout.LAYOUT, mapping=found.fields))
        self.is_fresh = self.is_fresh or (not held and self._layout is None)
        self._layout = found

    async def take(self, partition: int, floor_ms: int) -> Lease:
        """Become the owner of a partition; every earlier owner is fenced from here on.

        Args:
            partition: which.
            floor_ms: the real time, which the new epoch is at least.

        Raises:
            Unreachable: Redis does not answer.
        """
        if self._layout is not None:
            # A Redis that lost everything lost this too.
            await self.publish_layout(self._layout)
        while True:
            keys = [layout.meta(partition), layout.staged(partition)]
            flat = await self._call(self._take(keys=keys, args=[floor_ms]))
            meta = {k.decode(): v.decode() for k, v in zip(flat[::2], flat[1::2], strict=True)}
            lease = Lease(partition, int(meta[layout.EPOCH]), int(meta[layout.SEQ]), meta)
            if layout.STAGED not in meta:
                return lease
            # The owner before committed a flush and did not come to carry it out.
            await self._carry_out(lease)

    async def claim(
        self, fields: Sequence[str], known: Columns, *, now_ms: int = 0, anew: Collection[str] = ()
    ) -> Columns:
        """Give fields of measures columns of stored rows, for good; those that have one keep it.

        Those that others claimed are retired: nobody is known to count them, until they are claimed again.

        Args:
            fields: see :func:`kpis.contract.claimed.fields_of`.
            known: what was claimed before; where Redis forgot some of it, it is claimed again as it was.
            now_ms: since when what is new, or was retired, is counted.
            anew: those fields that the caller did not count before, though others may have.

        Returns:
            All columns that were ever claimed.

        Raises:
            Misconfigured: there is no room for all of them; none was claimed.
            Unreachable: Redis does not answer.
        """
        args = [WIDTH, layout.MOST_COLUMNS, now_ms, *asked(known, fields, anew)]
        status, found = await self._call(self._claim(keys=[layout.COLUMNS], args=args))
        if status == b"full":
            raise Misconfigured(
                "PACEWATCH_CATALOGUE",
                f"{int(found)} columns of rows were claimed so far, and {layout.MOST_COLUMNS - WIDTH} is the most",
                "define fewer measures anew, or use another Redis database",
            )
        return read_columns(dict(zip(found[::2], found[1::2], strict=True)))

    async def write(self, lease: Lease, flush: Flush) -> None:
        """Write a flush. Sending it again after an error is safe: it is written once.

        A large one is written in pieces, each of which holds Redis for a short time only. They are staged, committed
        in one step, and then carried out: by this owner, or by the next one before it loads the partition.

        Raises:
            Fenced: another owner took the partition; nothing was written, or that owner carries it out.
            LostWrites: Redis does not hold this owner's last write; nothing was written.
            Unreachable: Redis does not answer; whether it was written is unknown.
        """
        older = await self._older(lease.partition, flush.late)
        built = script(lease.partition, flush, older, self._keep_s, self._seen_s)
        announce(built, lease.partition, f"{lease.epoch}-{lease.seq + 1}", flush.documents)
        seq = lease.seq + 1
        if built.values <= _VALUES and built.size <= _BYTES:
            written = self._flush(keys=built.keys, args=[lease.epoch, lease.seq, seq, built.packed()])
            checked(lease, await self._call(written))
        else:
            await self._write_in_pieces(lease, built.pieces(_VALUES // _PIECE, _BYTES // _PIECE))
        lease.seq = seq

    async def _write_in_pieces(self, lease: Lease, pieces: Sequence[Script]) -> None:
        keys = [layout.meta(lease.partition), layout.staged(lease.partition)]
        fence = [lease.epoch, lease.seq, lease.seq + 1]

        async def stage(number: int) -> str:
            args = [*fence, number, pieces[number].piece(), _STAGED_S, len(pieces)]
            return checked(lease, await self._call(self._stage(keys=keys, args=args)))

        async def carry_out(number: int) -> str:
            args = [lease.epoch, number]
            return checked(lease, await self._call(self._apply(keys=[*keys, *pieces[number].keys], args=args)))

        # The first piece clears what an earlier try staged, the last one commits, or ends, the flush.
        if "repeated" in await in_turns(stage, len(pieces), _STAGED_AT_ONCE):
            # It was committed before, and the answer lost.
            await self._carry_out(lease)
        else:
            await in_turns(carry_out, len(pieces), _CARRIED_OUT_AT_ONCE)

    async def _carry_out(self, lease: Lease) -> None:
        """Carry out what is left of a committed flush."""
        keys = [layout.meta(lease.partition), layout.staged(lease.partition)]
        for number in sorted(map(int, await self._call(self._redis.hkeys(keys[1])))):
            raw = await self._call(self._redis.hget(keys[1], str(number)))
            written = msgspec.msgpack.decode(raw, type=tuple[list[str], msgspec.Raw])[0] if raw else []
            checked(lease, await self._call(self._apply(keys=[*keys, *written], args=[lease.epoch, number])))

    async def goal_series(self) -> frozenset[str]:
        """The series of campaigns that have a goal, as a monitor last said; none when what it said is unusable."""
        try:
            return frozenset(name.decode("utf-8", "replace") for name in await self._members(layout.GOAL_CAMPAIGNS))
        except Unusable:
            return frozenset()

    async def replay_key(self) -> bytes:
        """What the headers of records that are sent again are signed with."""
        return bytes(await self._call(replay_key(self._redis)))

    async def park(self, partition: int, why: str, since_ms: int, tries: int) -> None:
        """Tell readers that a partition cannot go on; after a day without a try they forget it."""
        found = {"why": why[:_LONGEST_TEXT], "since": str(since_ms), "tries": str(tries)}
        await self._call(self._redis.hset(layout.parked(partition), mapping=found))
        await self._call(self._redis.expire(layout.parked(partition), _STAGED_S))

    async def unpark(self, partition: int) -> None:
        """Tell readers that it goes on."""
        await self._call(self._redis.unlink(layout.parked(partition)))

    async def totals(self, partition: int, series: Iterable[str]) -> dict[str, Row]:
        """The stored totals of those series that have a document."""
        names = list(series)
        if not names:
            return {}
        found: dict[str, Row] = {}
        for at in range(0, len(names), _CHUNK):
            some = names[at : at + _CHUNK]
            raws = await self._call(self._redis.hmget(layout.kpi(partition), some))
            found |= {n: total_of(raw) for n, raw in zip(some, raws, strict=True) if raw is not None}
        return found

    async def documents(self, partition: int) -> dict[str, bytes]:
        """All KPI documents of a partition."""
        raw = await self._call(self._redis.hgetall(layout.kpi(partition)))
        return {k.decode(): v for k, v in raw.items()}

    async def hashes(self, keys: Sequence[str]) -> list[dict[bytes, bytes]]:
        """Whole hashes, in the order of their keys."""
        return await self._many("hgetall", keys)

    async def members(self, key: str) -> set[bytes]:
        """A whole set, which may be large."""
        return await self._members(key)

    async def sizes(self, keys: Sequence[str]) -> list[int]:
        """How many members each set has."""
        return await self._many("scard", keys)

    async def letters(self, partition: int, most: int) -> list[tuple[bytes, bytes]]:
        """The oldest dead letters that wait: id and encoded letter."""
        found = await self._call(self._redis.xrange(layout.letters(partition), count=most))
        return [(place, fields.get(layout.LETTER.encode(), b"")) for place, fields in found]

    async def drop_letters(self, partition: int, letters: Iterable[tuple[bytes, int]]) -> Waiting:
        """Remove letters, named by id and size, that Kafka has; answers what still waits."""
        args = [x for letter in letters for x in letter]
        count, size = await self._call(self._drain(keys=[layout.letters(partition), layout.meta(partition)], args=args))
        return Waiting(int(count or 0), int(size or 0))

    async def _members(self, key: str) -> set[bytes]:
        found: set[bytes] = set()
        cursor = 0
        while True:
            cursor, some = await self._call(self._redis.sscan(key, cursor, count=_SCAN))
            found.update(some)
            if not cursor:
                return found

    async def _many(self, name: str, keys: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for at in range(0, len(keys), _CHUNK):
            pipe = self._redis.pipeline(transaction=False)
            for key in keys[at : at + _CHUNK]:
                getattr(pipe, name)(key)
            found += await self._call(pipe.execute())
        return found

    async def _older(self, partition: int, late: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Sequence[int]]:
        by_key: dict[str, list[tuple[str, int]]] = {}
        for place in late:
            key = layout.history(partition, place[0], day_of(place[1] * QUARTER_MS))
            by_key.setdefault(key, []).append(place)
        found: dict[tuple[str, int], Sequence[int]] = {}
        keys = list(by_key)
        for at in range(0, len(keys), _CHUNK):
            some = keys[at : at + _CHUNK]
            args = [bytes(quarter_of(n * QUARTER_MS) for _, n in by_key[key]) for key in some]
            # Of many keys each has its own row or two: one script costs a tenth of as many commands.
            for key, rows in zip(some, await self._call(self._read_older(keys=some, args=args)), strict=True):
                found |= {
                    place: unpack(row, max(WIDTH, len(row) // 8)) if row else ZERO
                    for place, row in zip(by_key[key], rows, strict=True)
                }
        return found

    async def _call(self, pending: Any) -> Any:
        with answers(self._address):
            return await pending
