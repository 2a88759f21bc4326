"""Dead letters as values: what a refused record becomes on its way over Redis to ``ads.rejected``. Pure.

A letter keeps the record's bytes and own headers. Pacewatch's headers follow them: ``reason``, ``topic``,
``partition`` and ``offset`` of the record, ``error`` where processing failed unexpectedly (the error's type), and
``truncated_from_bytes`` where only the start of its value was kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from kpis.reasons import Reject
from streams.kafka.chunks import Payload

LARGEST = 1_000_000
"""Bytes of value, key and headers together that are kept whole: what a Kafka of default settings takes."""
KEPT = 512 * 1024
"""Bytes kept of the value of a larger record; its key and own headers are left out."""
ERROR = "error"
TRUNCATED = "truncated_from_bytes"
NO_ERRORS: Mapping[int, str] = MappingProxyType({})

Header = tuple[str, bytes | None]


class DeadLetter(msgspec.Struct, frozen=True, array_like=True):
    """One refused record.

    Attributes:
        value: its bytes, or their start.
        key: its key.
        headers: its own headers.
        reason: why it was refused.
        topic: where it came from.
        partition: likewise.
        offset: likewise.
        truncated_from: how long the value was before it was cut; None when all of it is here.
        error: the type of the error that processing it ended in; None where there was none.
    """

    value: bytes | None
    key: bytes | None
    headers: tuple[Header, ...]
    reason: str
    topic: str
    partition: int
    offset: int
    truncated_from: int | None = None
    # Fields are stored in this order, and letters of before a field was appended lack it.
    error: str | None = None

    @property
    def kafka_headers(self) -> list[Header]:
        """The headers it is sent with."""
        own: list[Header] = [
            ("reason", self.reason.encode()),
            ("topic", self.topic.encode()),
            ("partition", str(self.partition).encode()),
            ("offset", str(self.offset).encode()),
        ]
        if self.error is not None:
            own.append((ERROR, self.error.encode()))
        if self.truncated_from is not None:
            own.append((TRUNCATED, str(self.truncated_from).encode()))
        return [*self.headers, *own]

    def cut(self, to_bytes: int) -> DeadLetter:
        """The same with only the start of its value, and nothing else of unbounded size."""
        value = self.value or b""
        whole = len(value) if self.truncated_from is None else self.truncated_from
        return msgspec.structs.replace(self, value=value[:to_bytes], key=None, headers=(), truncated_from=whole)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(DeadLetter).decode


def of_chunk(
    payload: Payload, rejected: Iterable[tuple[int, Reject]], errors: Mapping[int, str] = NO_ERRORS
) -> list[bytes]:
    """The letters of a chunk's refused records, encoded.

    Args:
        payload: the chunk.
        rejected: places of records in it, and why they were refused.
        errors: offset to the type of the error that processing the record ended in.
    """
    return [_encode(_of_record(payload, payload.records[i], reason, errors)) for i, reason in rejected]


def read(raw: bytes) -> DeadLetter:
    """A letter that was encoded.

    Raises:
        msgspec.MsgspecError: the bytes are none.
    """
    return _decode(raw)


def of_kafka(record: Any) -> DeadLetter | None:
    """The letter that a record of ``ads.rejected`` holds; None when it is not one of ours."""
    headers: list[Header] = list(record.headers or ())
    try:
        cut = int(headers.pop()[1] or b"") if headers and headers[-1][0] == TRUNCATED else None
        error = (headers.pop()[1] or b"").decode() if headers and headers[-1][0] == ERROR else None
        names = tuple(name for name, _ in headers[-4:])
        if names != ("reason", "topic", "partition", "offset"):
            return None
        reason, topic, partition, offset = ((value or b"").decode() for _, value in headers[-4:])
        place = (topic, int(partition), int(offset))
        return DeadLetter(record.value, record.key, tuple(headers[:-4]), reason, *place, cut, error)
    except ValueError:
        return None


def _of_record(payload: Payload, record: Any, reason: Reject, errors: Mapping[int, str]) -> DeadLetter:
    headers, place = tuple(record.headers or ()), (payload.topic, payload.partition, record.offset)
    error = errors.get(record.offset) if reason is Reject.INTERNAL_ERROR else None
    letter = DeadLetter(record.value, record.key, headers, reason.value, *place, error=error)
    size = len(record.value or b"") + len(record.key or b"") + sum(len(n) + len(v or b"") for n, v in headers)
    return letter if size <= LARGEST else letter.cut(KEPT)
