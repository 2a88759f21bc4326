"""What a flush says about itself to readers: the stream of changes."""

from __future__ import annotations

from typing import Any

import pytest

from kpis.contract import layout
from streams.state.flush import Flush
from streams.store.store import Store
from tests.contract.streams.test_store import NOW, redis_url, single_redis_url, with_store

__all__ = ["redis_url", "single_redis_url"]


def flush_of(*series: str) -> Flush:
    """A flush that writes documents and nothing else."""
    return Flush(
        watermark_ms=NOW, offsets={}, documents=dict.fromkeys(series, b"{}"), panes={}, dropped_panes=(), history={},
        late={}, seen={}, early={}, dropped_early=(), letters=(), counters={}, gauges={}, events=0,
    )  # fmt: skip


async def entries(redis: Any) -> list[tuple[str, dict[bytes, bytes]]]:
    """The stream of changes of partition 0."""
    return [(at.decode(), fields) for at, fields in await redis.xrange(layout.changes(0))]


def test_every_flush_names_the_documents_it_wrote_one_that_wrote_none_too(redis_url: str) -> None:
    async def use(store: Store, redis: Any) -> None:
        lease = await store.take(0, NOW)
        for series in (("a", "ü|channel=x y"), (), ("b",)):
            await store.write(lease, flush_of(*series))
        assert await entries(redis) == [
            (f"{NOW}-1", {b"s": "a\nü|channel=x y".encode()}),
            (f"{NOW}-2", {b"s": b""}),
            (f"{NOW}-3", {b"s": b"b"}),
        ]

    with_store(redis_url, use)


def test_a_flush_sent_again_is_named_once_and_the_next_owner_goes_on(redis_url: str) -> None:
    async def use(store: Store, redis: Any) -> None:
        lease = await store.take(0, NOW)
        await store.write(lease, flush_of("a"))
        lease.seq -= 1
        await store.write(lease, flush_of("a"))
        await store.write(await store.take(0, NOW), flush_of("b"))
        assert [at for at, _ in await entries(redis)] == [f"{NOW}-1", f"{NOW + 1}-2"]

    with_store(redis_url, use)


def test_the_stream_of_changes_is_bounded_in_flushes_and_in_names(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "CHANGES_LIMIT", 9)

    async def use(store: Store, redis: Any) -> None:
        lease = await store.take(0, NOW)
        for number in range(layout.CHANGES_KEPT):
            await store.write(lease, flush_of(f"{number}"))
        await store.write(lease, flush_of("too", "many", "s"))
        found = await entries(redis)
        assert len(found) == layout.CHANGES_KEPT
        assert [fields for _, fields in found[-2:]] == [{b"s": f"{layout.CHANGES_KEPT - 1}".encode()}, {b"many": b"1"}]

    with_store(redis_url, use)
