"""Redis, seen from the write side: take a partition, load it, flush it.

Every write of a partition goes through one script that checks ``(epoch, seq)``, so state and offsets never disagree
and an owner that was replaced writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import msgspec

from streams import kpis, layout
from streams.commands import Script, announce, script
from streams.errors import Fenced, LostWrites, Misconfigured
from streams.flush import Flush
from streams.measures import ZERO, Row, unpack
from streams.redis_link import AWAY, unreachable

_FLUSH = files("streams").joinpath("flush.lua").read_text()
_TAKE = files("streams").joinpath("take.lua").read_text()
_DRAIN = files("streams").joinpath("drain.lua").read_text()
_OLDER = files("streams").joinpath("older.lua").read_text()
_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Dead letters that wait: how many (``letters``), and how many bytes they are (``size``)."""

    letters: int
    size: int

    def __add__(self, other: Waiting) -> Waiting:
        """Both together."""
        return Waiting(self.letters + other.letters, self.size + other.size)


@dataclass(slots=True)
class Lease:
    """The right to write a partition.

    Attributes:
        partition: which.
        epoch: this owner's epoch.
        seq: the sequence number of its last write.
        meta: the partition's meta hash as it was taken.
    """

    partition: int
    epoch: int
    seq: int
    meta: dict[str, str]

    @property
    def waiting(self) -> Waiting:
        """The dead letters that waited when the partition was taken."""
        return Waiting(int(self.meta.get(layout.LETTERS, 0)), int(self.meta.get(layout.LETTERS_BYTES, 0)))


@dataclass(frozen=True, slots=True)
class StoredLayout:
    """The global facts readers need: ``pw:layout``."""

    partitions: int
    currency: str
    windows: str
    history_days: int


class Store:
    """The write side's Redis.

    Args:
        redis: a client that returns bytes, see :func:`streams.redis_link.connect`.
        address: where it is, without credentials, for errors.
        history_days: for how many days history is kept.
        dedupe_hours: for how many hours event ids are kept.
    """

    def __init__(self, redis: Any, address: str, history_days: int, dedupe_hours: int) -> None:
        self._redis = redis
        self._address = address
        self._keep_s = (history_days + 1) * 86_400
        self._seen_s = (dedupe_hours + 2) * 3600
        self._layout: StoredLayout | None = None
        self._flush = redis.register_script(_FLUSH)
        self._take = redis.register_script(_TAKE)
        self._drain = redis.register_script(_DRAIN)
        self._read_older = redis.register_script(_OLDER)

    async def publish_layout(self, found: StoredLayout, grow: bool = False) -> None:
        """Tell readers the partition count, currency, windows and history; ``grow`` allows more partitions than before.

        Raises:
            Misconfigured: the data in Redis is in another currency, or has another partition count.
        """
        held = {k.decode(): v.decode() for k, v in (await self._call(self._redis.hgetall(layout.LAYOUT))).items()}
        for name, setting in (("currency", "PACEWATCH_CURRENCY"), ("partitions", "PACEWATCH_PARTITIONS")):
            mine = str(getattr(found, name))
            if grow and name == "partitions" and int(held.get(name, 0)) < found.partitions:
                continue
            if name in held and held[name] != mine:
                raise Misconfigured(
                    setting,
                    f"Redis at {self._address} holds data with {name} {held[name]}, not {mine}",
                    "use another Redis database, or the same value",
                )
        await self._call(self._redis.hset(layout.LAYOUT, mapping=asdict(found)))
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
        flat = await self._call(self._take(keys=[layout.meta(partition)], args=[floor_ms]))
        meta = {k.decode(): v.decode() for k, v in zip(flat[::2], flat[1::2], strict=True)}
        return Lease(partition, int(meta[layout.EPOCH]), int(meta[layout.SEQ]), meta)

    async def flush(self, lease: Lease, flush: Flush) -> None:
        """Write a flush. Sending it again after an error is safe: it is written once.

        Raises:
            Fenced: another owner took the partition; nothing was written.
            LostWrites: Redis does not hold this owner's last write; nothing was written.
            Unreachable: Redis does not answer; whether it was written is unknown.
        """
        older = await self._older(lease.partition, flush.late)
        built = script(lease.partition, flush, older, self._keep_s, self._seen_s)
        announce(built, lease.partition, f"{lease.epoch}-{lease.seq + 1}", flush.documents)
        await self._write(lease, built)

    async def _write(self, lease: Lease, built: Script) -> None:
        seq = lease.seq + 1
        answer = await self._call(self._flush(keys=built.keys, args=[lease.epoch, lease.seq, seq, built.packed()]))
        outcome = answer[0].decode()
        if outcome == "fenced":
            raise Fenced(lease.partition, lease.epoch, int(answer[1]))
        if outcome == "lost":
            raise LostWrites(lease.partition, lease.seq, int(answer[1]) if answer[1] else None)
        lease.seq = seq

    async def totals(self, partition: int, series: Iterable[str]) -> dict[str, Row]:
        """The stored totals of those series that have a document."""
        names = list(series)
        if not names:
            return {}
        found = await self._call(self._redis.hmget(layout.kpi(partition), names))
        return {n: document_totals(raw) for n, raw in zip(names, found, strict=True) if raw is not None}

    async def documents(self, partition: int) -> dict[str, bytes]:
        """All KPI documents of a partition."""
        raw = await self._call(self._redis.hgetall(layout.kpi(partition)))
        return {k.decode(): v for k, v in raw.items()}

    async def hashes(self, keys: Sequence[str]) -> list[dict[bytes, bytes]]:
        """Whole hashes, in the order of their keys."""
        return await self._many("hgetall", keys)

    async def sets(self, keys: Sequence[str]) -> list[set[bytes]]:
        """Whole sets, in the order of their keys."""
        return await self._many("smembers", keys)

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
            key = layout.history(partition, place[0], layout.day_of(place[1] * layout.QUARTER_MS))
            by_key.setdefault(key, []).append(place)
        found: dict[tuple[str, int], Sequence[int]] = {}
        keys = list(by_key)
        for at in range(0, len(keys), _CHUNK):
            some = keys[at : at + _CHUNK]
            args = [bytes(layout.quarter_of(n * layout.QUARTER_MS) for _, n in by_key[key]) for key in some]
            # Of many keys each has its own row or two: one script costs a tenth of as many commands.
            for key, rows in zip(some, await self._call(self._read_older(keys=some, args=args)), strict=True):
                found |= {place: unpack(row) if row else ZERO for place, row in zip(by_key[key], rows, strict=True)}
        return found

    async def _call(self, pending: Any) -> Any:
        try:
            return await pending
        except AWAY as e:
            raise unreachable(self._address, e) from e


class _Document(msgspec.Struct):
    windows: dict[str, dict[str, int | float | None]]


_decode_document = msgspec.json.Decoder(_Document).decode


def document_totals(raw: bytes) -> Row:
    """The total row of a stored KPI document."""
    return kpis.row_of(_decode_document(raw).windows[layout.TOTAL])
