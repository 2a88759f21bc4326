"""Record batches as Kafka stores them: told apart, checked, and read, in pieces of bounded size.

aiokafka's parser does the work. What it refuses for a header's name that is no UTF-8 is read here, for such a record
is an event like any other.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch
from aiokafka.record.util import decode_varint

from streams.kafka import codecs

MAX_RECORDS = 10_000
"""The most records in a piece: bounds what one decode call holds the loop for."""
MAX_BYTES = 4 << 20
"""The most bytes of records in a piece, but for a record that is larger by itself."""

_OVERHEAD = 12
"""Bytes before a batch's length counts."""
_LEAST = _OVERHEAD + 14
_MAGIC_AT, _ATTRIBUTES_AT, _LAST_DELTA_AT, _FIRST_TIME_AT, _COUNT_AT, _RECORDS_AT = 16, 21, 23, 27, 57, 61
_MOST_OFFSETS = 1 << 31


for _parser in (sys.modules[DefaultRecordBatch.__module__], sys.modules[LegacyRecordBatch.__module__]):
    # The parser's own decompression has no bound.
    for _name in ("gzip", "snappy", "lz4", "zstd"):
        if hasattr(_parser, f"{_name}_decode"):
            setattr(_parser, f"{_name}_decode", getattr(codecs, _name))


class LenientRecord(NamedTuple):
    """A record that aiokafka's parser refused."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


class Damaged:
    """Where reading met a batch that it could not read, by topic partition."""

    def __init__(self) -> None:
        self._at: dict[Any, int] = {}

    def again(self, tp: Any, offset: int) -> bool:
        """Whether this very offset could not be read before; it is remembered."""
        before, self._at[tp] = self._at.get(tp), offset
        return before == offset

    def expect(self, tp: Any, offset: int) -> None:
        """Take an offset for one that could not be read."""
        self._at[tp] = offset


class Slices:
    """The batches in the bytes of a fetch, in place of aiokafka's ``MemoryRecords``.

    Args:
        data: the bytes; a batch at their end may be cut off.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def size_in_bytes(self) -> int:
        """How many bytes there are."""
        return len(self._data)

    def has_next(self) -> bool:
        """Whether there is another batch; the first one counts also when its length is wrong, for it was sent whole."""
        left = len(self._data) - self._at
        return bool(self._data) and (self._at == 0 or (left >= _OVERHEAD and self._end() <= len(self._data)))

    def next_slice(self) -> bytes:
        """The bytes of the next batch.

        Raises:
            CorruptRecordException: its length is wrong; nothing after it can be told apart.
        """
        at, end = self._at, self._end() if len(self._data) >= self._at + _OVERHEAD else -1
        self._at = len(self._data)
        if not at + _LEAST <= end <= len(self._data):
            raise CorruptRecordException("the length of a batch is wrong")
        self._at = end
        return self._data[at:end]

    def first_of_next(self, after: int) -> int | None:
        """The first offset of the next batch, if that is whole and lies beyond an offset; None if it does not."""
        if not self.has_next() or self._at == 0:
            return None
        raw = self._data[self._at : self._end()]
        if len(raw) < _RECORDS_AT or raw[_MAGIC_AT] != 2:
            return None
        try:
            opened(raw)
        except Exception:  # noqa: BLE001 - the safety limit: whatever is wrong with it, it says nothing of the one before
            return None
        (first,) = struct.unpack_from(">q", raw)
        return int(first) if first > after else None

    def _end(self) -> int:
        (length,) = struct.unpack_from(">i", self._data, self._at + 8)
        return self._at + _OVERHEAD + int(length)


def opened(raw: bytes) -> Any:
    """aiokafka's batch of some bytes.

    Raises:
        CorruptRecordException: its checksum does not match, or its format is unknown.
    """
    magic = raw[_MAGIC_AT]
    if magic > 2:
        raise CorruptRecordException(f"a batch has the unknown format {magic}")
    batch = DefaultRecordBatch(raw) if magic == 2 else LegacyRecordBatch(raw, magic)
    if not batch.validate_crc():
        raise CorruptRecordException("a batch does not match its checksum")
    return batch


def pieces(batch: Any, raw: bytes, start: int) -> Iterator[tuple[list[Any], int]]:
    """The records of a batch from an offset on, in lists of bounded size, and how many bytes each is, about.

    Args:
        batch: what :func:`opened` returned.
        raw: its bytes.
        start: a batch is sent whole, however far inside it the fetch began.

    Raises:
        Exception: it cannot be read; what was yielded before is right.
    """
    before = codecs.Decompressed.decompressed
    iter(batch)
    # Asked for an iterator again, as islice does, a batch that was begun fails.
    records = chain(batch)
    size = codecs.Decompressed.decompressed - before or len(raw)
    # That many records at most, as they have nine bytes at least.
    each = size // max(1, min(_count(raw), size // 9)) + 1
    step = max(1, min(MAX_RECORDS, MAX_BYTES // each))
    at = start
    while True:
        try:
            part = list(islice(records, step))
        except (ValueError, CorruptRecordException):
            if raw[_MAGIC_AT] != 2:
                raise
            yield from (([r], each) for r in _leniently(raw) if r.offset >= at)
            return
        if not part:
            return
        if raw[_MAGIC_AT] == 2 and part[-1].offset >= batch.next_offset:
            # Reading would go on beyond what there is, and then begin anew.
            raise CorruptRecordException("a record lies beyond its batch")
        if part[0].offset < at:
            part = [r for r in part if r.offset >= at]
        if part:
            at = max(at, part[-1].offset + 1)
            yield part, each * len(part)


def _count(raw: bytes) -> int:
    """How many records a batch has; of the old formats, where one batch wraps others, nothing says so."""
    return int(struct.unpack_from(">i", raw, _COUNT_AT)[0]) if raw[_MAGIC_AT] == 2 else len(raw)


def end_of(raw: bytes, start: int) -> int | None:
    """The offset after a damaged batch, if its header can be believed; None if it cannot.

    Args:
        raw: its bytes.
        start: the offset that reading stands at, somewhere in it.
    """
    if len(raw) < _RECORDS_AT or raw[_MAGIC_AT] != 2:
        return None
    (base,) = struct.unpack_from(">q", raw)
    (delta,), (count,) = struct.unpack_from(">i", raw, _LAST_DELTA_AT), struct.unpack_from(">i", raw, _COUNT_AT)
    # Damage would hardly change both of them alike; after a compaction there may be fewer records than offsets.
    believable = 0 <= delta < _MOST_OFFSETS and count == delta + 1 and base <= start <= base + delta
    return int(base + delta + 1) if believable else None


def _leniently(raw: bytes) -> Iterator[LenientRecord]:
    (base,), (attributes,) = struct.unpack_from(">q", raw), struct.unpack_from(">h", raw, _ATTRIBUTES_AT)
    first_time, last_time = struct.unpack_from(">qq", raw, _FIRST_TIME_AT)
    (count,) = struct.unpack_from(">i", raw, _COUNT_AT)
    data = bytearray(codecs.BY_ID[attributes & 7](raw[_RECORDS_AT:]))
    appended = bool(attributes & 8)
    at = 0
    for _ in range(count):
        length, at = decode_varint(data, at)
        end = at + length
        time, at = decode_varint(data, at + 1)
        offset, at = decode_varint(data, at)
        key, at = _bytes(data, at)
        value, at = _bytes(data, at)
        headers, at = _headers(data, at)
        if at != end:
            raise ValueError("a record has another length than it says")
        yield LenientRecord(
            base + offset, last_time if appended else first_time + time, int(appended), key, value, headers
        )
    if at != len(data):
        raise ValueError("a batch has more than its records")


def _headers(data: bytearray, at: int) -> tuple[list[tuple[str, bytes | None]], int]:
    found: list[tuple[str, bytes | None]] = []
    count, at = decode_varint(data, at)
    if not 0 <= count <= len(data):
        raise ValueError("a record has an impossible number of headers")
    for _ in range(count):
        name, at = _bytes(data, at)
        value, at = _bytes(data, at)
        found.append(((name or b"").decode("utf-8", "backslashreplace"), value))
    return found, at


def _bytes(data: bytearray, at: int) -> tuple[bytes | None, int]:
    size, at = decode_varint(data, at)
    if size < 0:
        return None, at
    if at + size > len(data):
        raise ValueError("a record reaches beyond its batch")
    return bytes(data[at : at + size]), at + size
