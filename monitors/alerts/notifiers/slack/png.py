"""PNG with a palette, as little of it as pictures of lines need (W3C, "Portable Network Graphics"). Pure."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encoded(rows: Sequence[bytes], palette: Sequence[tuple[int, int, int]]) -> bytes:
    """A picture as a file.

    Args:
        rows: from above; a byte for each point, its place in the palette. All of one length, and not none.
        palette: red, green and blue, 256 colours at most.
    """
    head = len(rows[0]).to_bytes(4) + len(rows).to_bytes(4) + bytes((8, 3, 0, 0, 0))
    body = zlib.compress(b"".join(b"\x00" + row for row in rows), 9)
    colours = bytes(part for colour in palette for part in colour)
    parts = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", body), (b"IEND", b""))
    return _SIGNATURE + b"".join(map(_chunk, *zip(*parts, strict=True)))


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)
