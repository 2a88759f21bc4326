"""From the bytes of fetches to records: whatever a topic holds, it is read, or passed over and counted."""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable
from typing import Any

import cramjam
import pytest
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.kafka import codecs
from streams.kafka.batches import MAX_BYTES, MAX_RECORDS
from tests.kit.wire import (
    CODECS,
    CONTROL,
    Broker,
    Row,
    Written,
    batch,
    linked_lz4,
    records_of,
    repacked,
    sealed,
    unsized_zstd,
)

BYTES = st.none() | st.binary(max_size=40)
HEADERS = st.lists(st.tuples(st.text(max_size=5), BYTES), max_size=2).map(tuple)
ABORT, COMMIT = struct.pack(">hh", 0, 0), struct.pack(">hh", 0, 1)


@st.composite
def partitions(draw: st.DrawFn) -> tuple[list[Written], list[tuple[int, int]]]:
    """Batches of a partition in order, with holes between them and inside, and its aborted transactions."""
    at = draw(st.integers(0, 1000))
    made: list[Written] = []
    aborted: list[tuple[int, int]] = []
    for producer in range(draw(st.integers(1, 6))):
        rows: list[Row] = []
        first = at
        for _ in range(draw(st.integers(1, 8))):
            rows.append((at, draw(BYTES), draw(BYTES), draw(HEADERS)))
            at += draw(st.integers(1, 3))
        kind, codec = draw(st.sampled_from(["plain", "committed", "aborted"])), draw(st.sampled_from(CODECS))
        written = batch(first, rows, codec, producer=producer if kind != "plain" else -1, gap=draw(st.integers(0, 2)))
        made.append(written)
        at = max(at, written.end)
        if kind != "plain":
            if kind == "aborted":
                written.rows = []
                aborted.append((producer, first))
            mark = ABORT if kind == "aborted" else COMMIT
            end = batch(at, [(at, mark, b"\0" * 6, ())], producer=producer, attributes=CONTROL)
            end.rows = []
            made.append(end)
            at = end.end + draw(st.integers(0, 3))
    return made, aborted


@settings(deadline=None)
@given(partitions(), st.integers(0, 20), st.integers(1, 2000))
def test_every_record_of_any_batches_is_read_once(
    partition: tuple[list[Written], list[tuple[int, int]]], start: int, most: int
) -> None:
    """With any codec, transactions, holes, from any offset on, and with answers cut anywhere."""
    made, aborted = partition
    start += made[0].first
    rows, skipped, _ = Broker(made, most, aborted).read(min(start, made[-1].end))
    assert rows == [row for b in made for row in b.rows if row[0] >= start]
    assert skipped == []


@settings(deadline=None)
@given(partitions(), st.integers(1, 2000), st.randoms(use_true_random=False), st.data())
def test_of_damaged_batches_exactly_theirs_is_passed_over(
    partition: tuple[list[Written], list[tuple[int, int]]], most: int, rng: random.Random, data: st.DataObject
) -> None:
    """Bytes anywhere after the first offset: length, format, checksum, header, records. All other batches are read."""
    made, aborted = partition
    # A broken mark would leave its transaction open.
    damageable = [i for i, b in enumerate(made) if not struct.unpack_from(">h", b.raw, 21)[0] & 0x30]
    for i in data.draw(st.sets(st.sampled_from(damageable))) if damageable else ():
        raw = bytearray(made[i].raw)
        for at in [rng.randrange(8, len(raw)) for _ in range(rng.choice([1, 1, 20]))]:
            raw[at] ^= rng.randrange(1, 256)
        # The partition leader's epoch means nothing to a consumer.
        made[i].is_damaged = raw[:12] + raw[16:] != made[i].raw[:12] + made[i].raw[16:]
        made[i].raw = bytes(raw)
    broker = Broker(made, most, aborted)
    rows, skipped, _ = broker.read(made[0].first)
    passed = {offset for first, end in skipped for offset in range(first, end)}
    whole = {offset for b in made if not b.is_damaged for offset in range(b.first, b.end)}
    assert passed.isdisjoint(whole)
    assert rows == [row for b in made if not b.is_damaged for row in b.rows]
    assert passed >= {row[0] for b in made if b.is_damaged for row in b.rows}


def test_damage_on_the_way_heals() -> None:
    """A batch is fetched again before it is given up."""
    good = batch(5, [(5, b"k", b"v", ())])
    bad = Written(good.raw[:-1] + b"?", good.first, good.end, good.rows)
    broker = Broker([bad])
    assert list(broker.fetch(5)) == []
    broker._batches = [good]
    assert broker.read(5)[:2] == (good.rows, [])


FRAMES: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "gzip of two members": (
        "gzip",
        lambda b: bytes(cramjam.gzip.compress(b[:9])) + bytes(cramjam.gzip.compress(b[9:])),
    ),
    "snappy of librdkafka": ("snappy", cramjam.snappy.compress_raw),
    "lz4 with linked blocks": ("lz4", linked_lz4),
    "two lz4 frames": ("lz4", lambda b: bytes(cramjam.lz4.compress(b[:9])) + bytes(cramjam.lz4.compress(b[9:]))),
    "zstd without its size": ("zstd", unsized_zstd),
    "two zstd frames": ("zstd", lambda b: bytes(cramjam.zstd.compress(b[:9])) + unsized_zstd(b[9:])),
}


@pytest.mark.parametrize("name", FRAMES)
def test_every_framing_of_a_codec_is_read(name: str) -> None:
    """Not only that of aiokafka's own producer."""
    codec, compress = FRAMES[name]
    plain = batch(0, [(i, None, b"v" * 3000 + bytes([i]), ()) for i in range(200)])
    rows, skipped, _ = Broker([repacked(plain, codec, bytes(compress(records_of(plain))))]).read(0)
    assert (rows, skipped) == (plain.rows, [])


@pytest.mark.parametrize("codec", CODECS)
def test_pieces_are_bounded_in_bytes_and_in_number(codec: str) -> None:
    """However small a batch is on the wire; and a fetch that is left half read goes on where it was left."""
    large = batch(0, [(i, None, b" " * 60_000, ()) for i in range(250)], codec)
    many = batch(large.end, [(large.end + i, None, b"", ()) for i in range(25_000)], codec)
    rows, _, got = Broker([large, many], 1 << 30).read(0)
    assert rows == large.rows + many.rows
    assert max(len(p.records) for p in got) <= MAX_RECORDS
    assert max(sum(len(r.value) for r in p.records) for p in got) <= MAX_BYTES


@pytest.mark.parametrize("codec", CODECS[1:])
def test_a_batch_that_would_take_all_memory_is_passed_over(codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not made; what stands before and after it is read."""
    monkeypatch.setattr(codecs, "LARGEST", 1 << 20)
    before, bomb = (
        batch(0, [(0, None, b"a", ())]),
        batch(1, [(i, None, b" " * 60_000, ()) for i in range(1, 21)], codec),
    )
    after = batch(bomb.end, [(bomb.end, None, b"b", ())])
    made = codecs.Decompressed.decompressed
    rows, skipped, _ = Broker([before, bomb, after]).read(0)
    assert (rows, skipped) == (before.rows + after.rows, [(1, 21)])
    assert codecs.Decompressed.decompressed == made


def test_a_header_name_that_is_no_utf8_is_a_record_like_any_other() -> None:
    """librdkafka sends any bytes, and the parser refuses the whole batch for them."""
    plain = batch(0, [(i, b"k", b"v", (("name", b"x"),)) for i in range(3)])
    raw = bytearray(plain.raw)
    at = raw.index(b"name")
    raw[at : at + 4] = b"n\xffme"
    rows, skipped, _ = Broker([Written(sealed(raw), 0, 3)]).read(0)
    assert rows == [(0, b"k", b"v", (("n\\xffme", b"x"),)), *plain.rows[1:]]
    assert skipped == []


def test_a_batch_with_more_bytes_than_records_gives_its_records() -> None:
    """A count that lies hides nothing that it names, and nothing after it."""
    plain = batch(0, [(i, b"k", b"v", ()) for i in range(3)])
    raw = bytearray(plain.raw)
    struct.pack_into(">i", raw, 57, 2)
    after = batch(3, [(3, b"k", b"w", ())])
    rows, skipped, _ = Broker([Written(sealed(raw), 0, 3), after]).read(0)
    assert rows == plain.rows[:2] + after.rows
    assert skipped == [(2, 3)]


@pytest.mark.parametrize(("magic", "codec"), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (1, 3)])
def test_the_formats_of_old_topics_are_read(magic: int, codec: int) -> None:
    """Also compressed, where one message wraps others; LZ4 came with the second of them."""
    builder = LegacyRecordBatchBuilder(magic, codec, 1 << 20)
    for i in range(3):
        builder.append(i, 1000, b"k", b"v%d" % i)
    raw = bytes(builder.build())
    fetched = Broker([Written(raw, 0, 3)]).fetch(0)
    assert [r.value for piece in fetched for r in piece.records] == [b"v0", b"v1", b"v2"]
    assert fetched.next_fetch_offset == 3


@given(st.binary(max_size=300))
def test_reading_any_bytes_ends(data: bytes) -> None:
    """Nothing raises, and a second fetch of the same moves on."""
    broker = Broker([Written(data, 0, 1 << 40)])
    for _ in range(2):
        at = sum(1 for _ in broker.fetch(0))
    assert at >= (len(data) > 0)


def test_the_parser_uses_our_decompression() -> None:
    """Its own has no bound."""
    module = sys.modules[DefaultRecordBatch.__module__]
    assert [getattr(module, f"{n}_decode") for n in CODECS[1:]] == [codecs.gzip, codecs.snappy, codecs.lz4, codecs.zstd]
