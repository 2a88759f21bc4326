"""A picture of a pace line: what was counted against what is expected, through the flight. Pure.

It has no words: those are in the text that stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from monitors.alerts.notifiers.slack.png import encoded

WIDTH, HEIGHT = 600, 160
_PALETTE = ((255, 255, 255), (228, 231, 236), (152, 162, 179), (23, 92, 211))
_PAPER, _GRID, _EXPECTED, _ACTUAL = range(4)
_MARGIN = 8


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A pace line to be drawn.

    Attributes:
        as_of_ms: up to when the actual one is known.
        points: epoch milliseconds, what there was by then, and what was expected; at least two, in their order.
    """

    as_of_ms: int
    points: Sequence[tuple[int, int, int]]


def drawn(line: DrawnLine) -> bytes:
    """It as a PNG: expected in grey through the flight, actual in blue up to now, which is a thin line."""
    first, last = line.points[0][0], line.points[-1][0]
    most = max((max(actual, expected) for _, actual, expected in line.points), default=0)
    rows = [bytearray(WIDTH) for _ in range(HEIGHT)]

    def place(at_ms: int, value: int) -> tuple[int, int]:
        x = _MARGIN + (at_ms - first) * (WIDTH - 2 * _MARGIN) // max(last - first, 1)
        return x, HEIGHT - _MARGIN - 1 - max(value, 0) * (HEIGHT - 2 * _MARGIN - 1) // max(most, 1)

    _stroke(rows, [place(first, 0), place(last, 0)], _GRID)
    if first <= line.as_of_ms <= last:
        _stroke(rows, [place(line.as_of_ms, 0), place(line.as_of_ms, most)], _GRID)
    _stroke(rows, [place(at, expected) for at, _, expected in line.points], _EXPECTED)
    _stroke(rows, [place(at, actual) for at, actual, _ in line.points if at <= line.as_of_ms], _ACTUAL, thick=3)
    return encoded([bytes(row) for row in rows], _PALETTE)


def _stroke(rows: list[bytearray], way: Sequence[tuple[int, int]], colour: int, thick: int = 1) -> None:
    """Draw along a way, point by point."""
    for (x, y), (to_x, to_y) in pairwise(way):
        steps = max(abs(to_x - x), abs(to_y - y), 1)
        for step in range(steps + 1):
            _dot(rows, x + (to_x - x) * step // steps, y + (to_y - y) * step // steps, colour, thick)


def _dot(rows: list[bytearray], x: int, y: int, colour: int, thick: int) -> None:
    for row in range(max(y - thick // 2, 0), min(y + thick // 2 + 1, HEIGHT)):
        for column in range(max(x - thick // 2, 0), min(x + thick // 2 + 1, WIDTH)):
            rows[row][column] = colour
