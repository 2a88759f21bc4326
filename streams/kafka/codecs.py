"""Decompressing record batches, in every framing that Kafka's producers write, and never beyond a bound.

A batch of 1 MB may be made of a thousand times as much: whoever can produce could take all memory of every consumer.
:class:`TooLarge` is raised in the act, before that much was made.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import cramjam
import numpy as np

LARGEST = 256 << 20
"""Bytes that one batch may become."""
_LEAST, _RATIO = 1 << 16, 16
"""Room that is tried first, bytes at least and for each byte of a frame: more costs time, and is rarely needed."""
_XERIAL, _XERIAL_HEADER = b"\x82SNAPPY\x00", 16


class TooLarge(ValueError):
    """A batch would become larger than :data:`LARGEST`."""

    def __init__(self) -> None:
        super().__init__(f"a batch would become more than {LARGEST >> 20} MiB")


class Decompressed:
    """How many bytes were decompressed in this process: what a batch took is the difference."""

    decompressed = 0


def gzip(payload: Any) -> bytes:
    """Of gzip, with any number of members."""
    rest, found, room = bytes(payload), [], LARGEST
    while rest:
        member = zlib.decompressobj(wbits=31)
        found.append(member.decompress(rest, room + 1))
        room -= len(found[-1])
        if room < 0:
            raise TooLarge
        if not member.eof:
            raise EOFError("a gzip member is cut off")
        rest = member.unused_data
    return _done(b"".join(found))


def snappy(payload: Any) -> bytes:
    """Of snappy: one raw block, or blocks in the framing of the Java client."""
    data = memoryview(payload)
    blocks = list(_xerial(data)) if data[: len(_XERIAL)] == _XERIAL else [data]
    if sum(map(cramjam.snappy.decompress_raw_len, blocks)) > LARGEST:
        raise TooLarge
    return _done(b"".join(bytes(cramjam.snappy.decompress_raw(b)) for b in blocks))


def lz4(payload: Any) -> bytes:
    """Of LZ4 frames, whose blocks may hang on each other."""
    return _done(_within(cramjam.lz4.decompress_into, payload))


def zstd(payload: Any) -> bytes:
    """Of zstd frames, whether they say their size or not."""
    return _done(_within(cramjam.zstd.decompress_into, payload))


BY_ID: dict[int, Callable[[Any], bytes]] = {0: bytes, 1: gzip, 2: snappy, 3: lz4, 4: zstd}
"""Decoders by the number that a batch's attributes name."""


def missing() -> list[str]:
    """The codecs that do not give back what was packed, here and now."""
    packed: dict[str, tuple[Callable[[Any], bytes], Any]] = {
        "gzip": (gzip, cramjam.gzip.compress),
        "snappy": (snappy, cramjam.snappy.compress_raw),
        "lz4": (lz4, cramjam.lz4.compress),
        "zstd": (zstd, cramjam.zstd.compress),
    }
    return [name for name, (unpack, pack) in packed.items() if unpack(bytes(pack(b"x" * 100))) != b"x" * 100]


def _done(data: bytes) -> bytes:
    Decompressed.decompressed += len(data)
    return data


def _within(decompress_into: Callable[[Any, Any], int], payload: Any) -> bytes:
    """Decompress into memory that is there already: what does not fit ends it. Untouched pages of it take nothing."""
    if not len(payload):
        return b""
    for room in (max(_LEAST, _RATIO * len(payload)), LARGEST):
        found = np.empty(min(room, LARGEST), np.uint8)
        try:
            return found[: decompress_into(payload, found)].tobytes()
        except cramjam.DecompressionError as e:
            if room >= LARGEST:
                raise (TooLarge() if "whole buffer" in str(e) else e) from None
    raise AssertionError("the last room is the largest")


def _xerial(data: memoryview) -> Iterator[memoryview]:
    at = _XERIAL_HEADER
    while at < len(data):
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
        if size < 0 or at + size > len(data):
            raise ValueError("a snappy block is cut off")
        yield data[at : at + size]
        at += size
