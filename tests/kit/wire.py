"""Record batches as producers, brokers and compaction make them, and a broker's answers to fetches of them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cramjam
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from streams.kafka.batches import Damaged, Slices
from streams.kafka.fetch import Piece, WholeBatches

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
TP = TopicPartition("ads.clicks", 0)
_CRC_AT, _ATTRIBUTES_AT, _RECORDS_AT = 17, 21, 61
CONTROL = 0x20

Row = tuple[int, bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...]]
"""Offset, key, value, headers."""


@dataclass
class Written:
    """One batch of a partition.

    Attributes:
        raw: its bytes.
        first: its first offset.
        end: the offset after it.
        rows: its events; none of control batches and aborted ones.
        is_damaged: whether its bytes were changed on the way.
    """

    raw: bytes
    first: int
    end: int
    rows: list[Row] = field(default_factory=list)
    is_damaged: bool = False


def batch(
    first: int, rows: Sequence[Row], codec: str = "none", *, producer: int = -1, attributes: int = 0, gap: int = 0
) -> Written:
    """A batch whose records have these offsets, and ``gap`` more after the last that compaction left empty."""
    number = CODECS.index(codec)
    builder = DefaultRecordBatchBuilder(2, number, int(producer >= 0), producer, 0, 0, 1 << 24)
    for offset, key, value, headers in rows:
        assert builder.append(offset - first, 1000 + offset, key, value, list(headers)) is not None
    raw = bytearray(builder.build())
    (delta,) = struct.unpack_from(">i", raw, 23)
    struct.pack_into(">q", raw, 0, first)
    struct.pack_into(">i", raw, 23, delta + gap)
    return Written(sealed(raw, attributes), first, first + delta + gap + 1, list(rows))


def sealed(raw: bytearray, attributes: int = 0) -> bytes:
    """A batch with more attributes, and a checksum that fits."""
    (held,) = struct.unpack_from(">h", raw, _ATTRIBUTES_AT)
    struct.pack_into(">h", raw, _ATTRIBUTES_AT, held | attributes)
    struct.pack_into(">I", raw, _CRC_AT, calc_crc32c(bytes(raw[_ATTRIBUTES_AT:])))
    return bytes(raw)


def repacked(written: Written, codec: str, content: bytes) -> Written:
    """The same batch with its records compressed in another way."""
    raw = bytearray(written.raw[:_RECORDS_AT]) + content
    struct.pack_into(">i", raw, 8, len(raw) - 12)
    (held,) = struct.unpack_from(">h", raw, _ATTRIBUTES_AT)
    struct.pack_into(">h", raw, _ATTRIBUTES_AT, held & ~7 | CODECS.index(codec))
    return Written(sealed(raw), written.first, written.end, written.rows)


def records_of(written: Written) -> bytes:
    """The records of a batch that is not compressed."""
    return written.raw[_RECORDS_AT:]


def unsized_zstd(content: bytes) -> bytes:
    """A zstd frame that does not say its size."""
    compressor = cramjam.zstd.Compressor(3)
    compressor.compress(content)
    return bytes(compressor.finish())


def linked_lz4(content: bytes) -> bytes:
    """An LZ4 frame whose blocks hang on each other."""
    compressor = cramjam.lz4.Compressor(level=1, content_checksum=True, block_linked=True)
    compressor.compress(content)
    return bytes(compressor.finish())


class Broker:
    """Answers fetches of a partition as a broker does: from the batch that holds an offset on, cut at a size."""

    def __init__(self, batches: Sequence[Written], most: int = 1 << 20, aborted: Sequence[Any] = ()) -> None:
        self._batches, self._most, self._aborted = batches, most, aborted
        self._damaged = Damaged()
        self.fetches = 0

    def fetch(self, offset: int) -> WholeBatches:
        """One answer, as the consumer reads it; batches that begin within the size are sent, and the last one cut."""
        self.fetches += 1
        data = b"".join(b.raw for b in self._batches if b.end > offset)
        whole = next((len(b.raw) for b in self._batches if b.end > offset), 0)
        sent = data[: max(whole, self._most)]
        return WholeBatches(self._damaged, TP, Slices(sent), self._aborted, offset, None, None, True, 1)

    def read(self, start: int, most_fetches: int = 10_000) -> tuple[list[Row], list[tuple[int, int]], list[Piece]]:
        """All that a consumer gets from an offset on: rows, and the ranges (first, end) that it passed over."""
        at, end = start, self._batches[-1].end if self._batches else start
        rows: list[Row] = []
        skipped: list[tuple[int, int]] = []
        got: list[Piece] = []
        while at < end:
            assert self.fetches < most_fetches, f"reading does not come beyond {at}"
            fetched = self.fetch(at)
            for piece in fetched:
                got.append(piece)
                rows += [(r.offset, r.key, r.value, tuple(map(tuple, r.headers))) for r in piece.records]
                if piece.skipped:
                    skipped.append((piece.next_offset - piece.skipped, piece.next_offset))
                assert piece.next_offset == fetched.next_fetch_offset
            at = fetched.next_fetch_offset
        return rows, skipped, got
