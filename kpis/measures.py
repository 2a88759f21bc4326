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

from kpis.units import Unit


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

    @classmethod
    def of_topic(cls, topic: str) -> Stream | None:
        """The stream whose topic this is, whatever stands before its suffix; None when it is that of none."""
        return next((stream for stream in cls if topic.endswith(stream.topic_suffix)), None)


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of every row.

    Attributes:
        name: its name in Redis documents and in ``pacewatch kpi`` (money ends in ``_micros``).
        unit: ``EVENTS`` sums the quantities of events, ``MICROS`` their money in micros of the base currency.
        streams: the streams whose events add to it.
        can_fall: whether refunds or corrections take away from it; what never falls is a counter in Prometheus.
        is_bought: whether too much of it is a miss too: what is bought, not what comes of it.
    """

    name: str
    unit: Unit
    streams: tuple[Stream, ...]
    can_fall: bool
    is_bought: bool

    @property
    def title(self) -> str:
        """Its name without unit: in goals files, in metrics, and in units of currency in documents (``spend``)."""
        return self.name.removesuffix("_micros")

    @property
    def label(self) -> str:
        """Its name for people, as the head of a column: ``Spend``."""
        return self.title.replace("_", " ").capitalize()

    @property
    def is_money(self) -> bool:
        """Whether it is counted in micros."""
        return self.unit is Unit.MICROS

    @property
    def column(self) -> int:
        """Its place in a row."""
        return INDEX[self.name]


_BUYING = (Stream.SPEND, Stream.IMPRESSION, Stream.CLICK)

MEASURES: tuple[Measure, ...] = (
    Measure("impressions", Unit.EVENTS, (Stream.IMPRESSION,), can_fall=False, is_bought=True),
    Measure("clicks", Unit.EVENTS, (Stream.CLICK,), can_fall=False, is_bought=False),
    Measure("conversions", Unit.EVENTS, (Stream.CONVERSION,), can_fall=True, is_bought=False),
    Measure("spend_micros", Unit.MICROS, _BUYING, can_fall=True, is_bought=True),
    Measure("revenue_micros", Unit.MICROS, (Stream.CONVERSION,), can_fall=True, is_bought=False),
)
"""All measures, in column order. Appending is compatible with stored rows; reordering is not."""

WIDTH = len(MEASURES)
NAMES: tuple[str, ...] = tuple(m.name for m in MEASURES)
INDEX: Mapping[str, int] = {name: i for i, name in enumerate(NAMES)}
TOTALS: Mapping[str, Measure] = {m.title: m for m in MEASURES}
"""The measures by their titles: the totals that a goal may be about."""

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
