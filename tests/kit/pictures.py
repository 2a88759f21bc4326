"""Pictures as they lie in a PNG file: read, and made smaller by a palette."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence

from monitors.alerts.notifiers.slack.png import encoded

Pixel = tuple[int, ...]
_KEPT = 96


def pixels(png: bytes) -> list[list[Pixel]]:
    """The points of a picture, 8 bits a channel, row by row; a palette's colours in place of their numbers."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, head, colours = 8, b"", b"", b""
    while at < len(png):
        size, name = int.from_bytes(png[at : at + 4]), png[at + 4 : at + 8]
        body = png[at + 8 : at + 8 + size]
        assert zlib.crc32(name + body) == int.from_bytes(png[at + 8 + size : at + 12 + size])
        head = body if name == b"IHDR" else head
        colours = body if name == b"PLTE" else colours
        data += body if name == b"IDAT" else b""
        at += 12 + size
    width, depth, kind = int.from_bytes(head[:4]), head[8], head[9]
    assert depth == 8
    wide = {2: 3, 3: 1, 6: 4}[kind]
    rows = _unfiltered(zlib.decompress(data), width * wide, wide)
    assert len(rows) == int.from_bytes(head[4:8])
    palette = [tuple(colours[n : n + 3]) for n in range(0, len(colours), 3)]
    cut = [[tuple(row[n : n + wide]) for n in range(0, len(row), wide)] for row in rows]
    return [[palette[point[0]] for point in row] for row in cut] if kind == 3 else cut


def smaller(png: bytes, *, is_exact: bool = False) -> bytes:
    """The same picture with 256 colours at most: the most common ones as they are, steps between the others.

    Exactly those that it has where asked.
    """
    exact = pixels(png)
    common = {
        point: (point[0], point[1], point[2])
        for point, _ in Counter(p for row in exact for p in row).most_common(None if is_exact else _KEPT)
    }
    rows = [[common.get(point) or _coarse(point) for point in row] for row in exact]
    palette = [colour for colour, _ in Counter(point for row in rows for point in row).most_common(256)]
    numbers = {colour: number for number, colour in enumerate(palette)}
    near = {point: _nearest(point, palette) for row in rows for point in row if point not in numbers}
    colours = [(red, green, blue) for red, green, blue in palette]
    return encoded([bytes(numbers.get(p, near.get(p, 0)) for p in row) for row in rows], colours)


def _coarse(point: Pixel) -> tuple[int, int, int]:
    red, green, blue = (min(round(part / 12) * 12 + (3 if part > 246 else 0), 255) for part in point[:3])
    return red, green, blue


def _nearest(point: Pixel, palette: Sequence[Pixel]) -> int:
    far = [sum((a - b) ** 2 for a, b in zip(point, colour, strict=True)) for colour in palette]
    return far.index(min(far))


def _unfiltered(data: bytes, size: int, wide: int) -> list[bytearray]:
    rows: list[bytearray] = []
    above = bytearray(size)
    for start in range(0, len(data), size + 1):
        kind, row = data[start], bytearray(data[start + 1 : start + 1 + size])
        for n in range(size):
            left = row[n - wide] if n >= wide else 0
            corner = above[n - wide] if n >= wide else 0
            row[n] = (row[n] + _predicted(kind, left, above[n], corner)) % 256
        rows.append(row)
        above = row
    return rows


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    match kind:
        case 0:
            return 0
        case 1:
            return left
        case 2:
            return up
        case 3:
            return (left + up) // 2
    guess = left + up - corner
    near = sorted(((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner)))
    return near[0][2]
