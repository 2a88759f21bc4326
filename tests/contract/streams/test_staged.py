"""A flush that is too large for one script: however it is interrupted, it has happened whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redis.exceptions import ConnectionError as Broken

from kpis.contract import layout
from kpis.runtime.errors import Fenced, LostWrites, Unreachable
from streams.state.flush import Flush
from streams.state.packed_rows import PackedRows
from streams.state.partition import Partition
from streams.store import store
from streams.store.commands import Script
from streams.store.lease import Lease
from streams.store.load import load
from streams.store.store import Store
from tests.contract.streams.test_store import (
    NOW,
    POLICY,
    click,
    documents,
    fold,
    opened,
    redis_url,
    single_redis_url,
    with_store,
)

__all__ = ["redis_url", "single_redis_url"]

DAY = 86_400_000
FACTS = [click(i * 700, f"c{i % 40}") for i in range(200)] + [click(3 * DAY, "late"), click(-90_000, "ahead")]
IDS = [i.to_bytes(8, "big") for i in range(len(FACTS))]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a small flush makes many."""
    monkeypatch.setattr(store, "_VALUES", 200)
    monkeypatch.setattr(store, "_BYTES", 16_000)


class Cut:
    """Breaks the connection at one of a store's script calls: before it is carried out, or before its answer comes.

    Attributes:
        calls: how many there were.
    """

    def __init__(self, made: Store, at: int, *, answered: bool) -> None:
        self.calls = 0
        for name in ("_flush", "_stage", "_apply"):
            setattr(made, name, self._wrapped(getattr(made, name), at, answered))

    def _wrapped(self, whole: Any, at: int, answered: bool) -> Any:
        async def call(**named: Any) -> Any:
            self.calls += 1
            # Others begin while this one is on its way.
            mine = self.calls
            if mine == at and not answered:
                raise Broken("cut")
            answer = await whole(**named)
            if mine == at:
                raise Broken("cut")
            return answer

        return call


def make(state: Partition) -> Flush:
    """A large flush of everything, with letters."""
    fold(state, FACTS, IDS)
    state.letters += [b"letter" * 100, b"another"]
    return state.take_flush({layout.CAUGHT_UP: 1})


async def seen(made: Store, redis: Any) -> dict[str, Any]:
    """All that Redis holds of the partition, but for who owns it."""
    keys = [k.decode() async for k in redis.scan_iter("pw:{0}:*", count=1000)]
    found: dict[str, Any] = {}
    for key in sorted(keys):
        kind = (await redis.type(key)).decode()
        if kind == "hash":
            found[key] = await redis.hgetall(key)
        elif kind == "set":
            found[key] = await redis.smembers(key)
        else:
            found[key] = [fields for _, fields in await redis.xrange(key)]
    meta = found[layout.meta(0)]
    for name in (layout.EPOCH, layout.SEQ):
        meta.pop(name.encode(), None)
    return found


async def reference(made: Store, redis: Any) -> dict[str, Any]:
    """What an uninterrupted flush in one script leaves."""
    with one_script():
        lease, state = await opened(made)
        await made.write(lease, make(state))
    found = await seen(made, redis)
    await redis.flushall()
    return found


@contextmanager
def one_script() -> Iterator[None]:
    """Without pieces."""
    held = store._VALUES, store._BYTES
    store._VALUES, store._BYTES = 10**9, 10**9
    try:
        yield
    finally:
        store._VALUES, store._BYTES = held


def plain(redis: Any) -> Store:
    """Another worker's."""
    return Store(redis, "test", 40, 24)


CALLS = 120
"""More than there are."""


@pytest.mark.parametrize("answered", [False, True], ids=["lost request", "lost answer"])
@pytest.mark.parametrize("who", ["the same owner", "the next owner"])
def test_a_flush_that_is_cut_anywhere_happens_whole_or_not_at_all(redis_url: str, who: str, answered: bool) -> None:
    """At every single call: sent again by the same owner, or found by the next one, with letters exactly once."""

    async def use(made: Store, redis: Any) -> None:
        whole = await reference(made, redis)
        for at in range(1, CALLS):
            one = plain(redis)
            lease, state = await opened(one)
            flush = make(state)
            cut = Cut(one, at, answered=answered)
            try:
                await one.write(lease, flush)
                assert cut.calls < at
                break
            except Unreachable:
                pass
            if who == "the same owner":
                await one.write(lease, flush)
                assert lease.seq == 1
                assert await seen(one, redis) == whole
            else:
                other = plain(redis)
                lease, state = await opened(other)
                assert state.offsets in ({}, {"ads.clicks": len(FACTS)})
                if state.offsets:
                    assert await seen(other, redis) == whole
                    assert state.counters["accepted:click"] == len(FACTS)
                else:
                    # Not committed: it reads all of it again, and nothing of the first try is left.
                    assert not await redis.exists(layout.staged(0))
                    await other.write(lease, make(state))
                    assert await seen(other, redis) == whole
            await redis.flushall()
        else:
            pytest.fail("the flush has more calls than were cut")

    with_store(redis_url, use)


def test_an_owner_that_was_replaced_carries_out_nothing(redis_url: str) -> None:
    """At whichever step it wakes up; the next owner's numbers stand."""

    async def use(made: Store, redis: Any) -> None:
        for at in range(1, CALLS):
            zombie = plain(redis)
            lease, state = await opened(zombie)
            flush = make(state)
            cut = Cut(zombie, at, answered=True)
            try:
                await zombie.write(lease, flush)
                assert cut.calls < at
                break
            except Unreachable:
                pass
            other = plain(redis)
            mine, theirs = await opened(other)
            fold(theirs, [click(0, "new")], [b"another "])
            await other.write(mine, theirs.take_flush({}))
            before = await seen(other, redis)
            with pytest.raises(Fenced):
                await zombie.write(lease, flush)
            assert await seen(other, redis) == before
            await redis.flushall()

    with_store(redis_url, use)


def test_a_redis_that_lost_everything_amid_a_flush_is_noticed(redis_url: str) -> None:
    """At every step, and so is one that went back to before the commit."""

    async def use(made: Store, redis: Any) -> None:
        for at in range(1, CALLS):
            one = plain(redis)
            lease, state = await opened(one)
            flush = make(state)
            cut = Cut(one, at, answered=True)
            try:
                await one.write(lease, flush)
                assert cut.calls < at
                break
            except Unreachable:
                pass
            await redis.flushall()
            with pytest.raises(LostWrites):
                await one.write(lease, flush)

    with_store(redis_url, use)


def test_readers_see_offsets_and_seq_of_a_flush_only_once_all_of_it_is_there(redis_url: str) -> None:
    """So what they take for final is: documents that came before are read again when the change is announced."""

    async def use(made: Store, redis: Any) -> None:
        lease, state = await opened(made)
        flush = make(state)
        whole, looks = made._apply, []

        async def apply(**named: Any) -> Any:
            answer = await whole(**named)
            meta = await redis.hgetall(layout.meta(0))
            looks.append((meta[b"seq"], await redis.xlen(layout.changes(0)), len(await documents(made))))
            return answer

        made._apply = apply
        await made.write(lease, flush)
        assert len(looks) > 5
        assert {look[:2] for look in looks[:-1]} == {(b"0", 0)}
        assert looks[-1] == (b"1", 1, len(flush.documents))
        assert any(0 < count < len(flush.documents) for *_, count in looks)

    with_store(redis_url, use)


def test_no_call_of_a_large_flush_is_larger_than_a_piece() -> None:
    """In values and in bytes, but for a single value that is larger."""
    made = Script("meta")
    made.call("HSET", "a", [str(i) for i in range(1000)])
    made.call("SADD", "b", [b"12345678"] * 501, ttl_s=5)
    made.call("XADD", "c", ("*", "l", b"x" * 9000))
    made.call("UNLINK", "d")
    made.call("XADD", "e", ("1-1", "s", "names"))
    pieces = made.pieces(100, 500)
    assert all(p.values <= 100 or len(p.commands) == 1 for p in pieces)
    assert all(p.size <= 500 or len(p.commands) == 1 for p in pieces)
    again: dict[tuple[str, str], list[Any]] = {}
    for piece in pieces:
        for name, place, ttl, values in piece.commands:
            assert not isinstance(values, PackedRows)
            again.setdefault((name, piece.keys[place - 1]), []).extend(values)
            assert ttl == (5 if name == "SADD" else 0)
    assert again[("HSET", "a")] == [str(i) for i in range(1000)]
    assert len(again[("SADD", "b")]) == 501
    assert [c[0] for c in pieces[-1].commands] == ["XADD"]


def test_a_large_flush_loads_back_as_it_was(redis_url: str) -> None:
    """Panes, totals, ids, what waits, offsets."""

    async def use(made: Store, _: Any) -> None:
        lease, state = await opened(made)
        await made.write(lease, make(state))
        again: Lease = await made.take(0, NOW)
        loaded = await load(made, again, POLICY, NOW)
        assert loaded.offsets == state.offsets
        assert loaded.counters == state.counters
        # One event: a count and money, of a campaign and a channel.
        assert len(loaded.early) == len(state.early) == 4
        fold(loaded, FACTS[:1], IDS[:1])
        assert loaded.counters["duplicate:click"] == 1

    with_store(redis_url, use)
