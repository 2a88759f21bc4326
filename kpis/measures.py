"""Measures: the integers everything else is made of.

A measure is a count or a sum over the events of one or more streams. Counts are plain integers, money is integer
micros (millionths) of the base currency. A row of measures is an int64 vector in the order of :data:`MEASURES`;
rows of the same series in different partitions are added before any formula is applied.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

MICROS = 1_000_000
"""Micros in one unit of currency."""


class Stream(StrEnum):
    """The four event streams; the value is the ``type`` of a replay event."""

    IMPRESSION = "impression"
    CLICK = "click"
    CONVERSION = "conversion"
    SPEND = "spend"

    @property
    def topic_suffix(self) -> str:
        """The last part of the topic's name: ``impressions``, ``clicks``, ``conversions``, ``spend``."""
        return "spend" if self is Stream.SPEND else f"{self.value}s"


class Unit(StrEnum):
    """What a measure's integer counts."""

    EVENTS = "events"
    MICROS = "micros"


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of every row.

    Attributes:
        name: its name in Redis documents and in ``pacewatch kpi`` (money ends in ``_micros``).
        unit: events, or micros of the base currency.
        streams: the streams whose events add to it.
    """

    name: str
    unit: Unit
    streams: tuple[Stream, ...]


MEASURES: tuple[Measure, ...] = (
    Measure("impressions", Unit.EVENTS, (Stream.IMPRESSION,)),
    Measure("clicks", Unit.EVENTS, (Stream.CLICK,)),
    Measure("conversions", Unit.EVENTS, (Stream.CONVERSION,)),
    Measure("spend_micros", Unit.MICROS, (Stream.SPEND, Stream.IMPRESSION, Stream.CLICK)),
    Measure("revenue_micros", Unit.MICROS, (Stream.CONVERSION,)),
)
"""All measures, in column order. Appending is compatible with stored rows; reordering is not."""

WIDTH = len(MEASURES)
NAMES: tuple[str, ...] = tuple(m.name for m in MEASURES)
INDEX: Mapping[str, int] = {name: i for i, name in enumerate(NAMES)}

Row = tuple[int, ...]
ZERO: Row = (0,) * WIDTH


def pack(row: Sequence[int]) -> bytes:
    """A row as stored in Redis: little-endian int64, one for each measure."""
    return struct.pack(f"<{len(row)}q", *row)


def fits(row: Sequence[int]) -> bool:
    """Whether 64 bits hold each measure of a row."""
    return min(row) >= -(2**63) and max(row) < 2**63


def pack_within(row: Sequence[int], held: Sequence[int]) -> bytes:
    """A row as stored; a measure that 64 bits cannot hold stays what it was in ``held``."""
    return pack([new if -(2**63) <= new < 2**63 else old for new, old in zip(row, held, strict=True)])


def unpack(data: bytes) -> Row:
    """A stored row; one written before a measure was appended gets zeros for it.

    Raises:
        ValueError: the bytes are no row of int64 (not a multiple of eight long).
    """
    if len(data) % 8:
        raise ValueError(f"a packed row has {len(data)} bytes, not a multiple of 8")
    row: Row = struct.unpack(f"<{len(data) // 8}q", data)
    return (row + ZERO[len(row) :])[:WIDTH]


def add(rows: Iterable[Sequence[int]]) -> Row:
    """The sum of rows, column by column."""
    total = [0] * WIDTH
    for row in rows:
        for i, value in enumerate(row):
            total[i] += value
    return tuple(total)
