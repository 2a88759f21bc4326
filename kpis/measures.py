"""Measures: the integers everything else is made of.

A measure is a count or a sum over the events of one or more streams. Counts are plain integers, money is integer
micros (millionths) of the base currency. A row of measures is an int64 vector that begins with :data:`MEASURES`, the
core, in that order; those that users add follow (see :mod:`kpis.catalogue`). Rows of the same series in different
partitions are added before any formula is applied.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from kpis.units import Unit


class Stream(StrEnum):
    """The five event streams; the value is the ``type`` of a replay event."""

    IMPRESSION = "impression"
    CLICK = "click"
    CONVERSION = "conversion"
    SPEND = "spend"
    MEASURE = "measure"
    """What is no ad event: sessions, followers, registrations, hours."""

    @property
    def topic_suffix(self) -> str:
        """The last part of the topic's name: ``impressions``, ``clicks``, ``conversions``, ``spend``, ``measures``."""
        return "spend" if self is Stream.SPEND else f"{self.value}s"

    @classmethod
    def of_topic(cls, topic: str) -> Stream | None:
        """The stream whose topic this is, whatever stands before its suffix; None when it is that of none."""
        return next((stream for stream in cls if topic.endswith(stream.topic_suffix)), None)


class Kind(StrEnum):
    """How the events of a measure come to one number."""

    SUM = "sum"
    """They are added."""
    LEVEL = "level"
    """The last one by event time holds; over a window it is the mean of its panes' last ones."""
    DISTINCT = "distinct"
    """How many different ids they have, by a sketch: about right; below zero (:data:`UNKNOWN`) where none says it."""


class Takes(StrEnum):
    """What of an event a measure takes."""

    COUNT = "count"
    """One an event, whatever its quantity."""
    QUANTITY = "quantity"
    """Its quantity."""
    MONEY = "money"
    """Its money: cost, revenue, or amount."""
    VALUE = "value"
    """The value of an event of ``ads.measures``."""
    FIELD = "field"
    """A field of it that is a number, or for distinct counts an id."""


UNKNOWN = -(2**40)
"""A distinct count that is not known, as of windows below an hour: so far below zero that sums with it are too."""
MONEY = "money"
"""The unit of all money, in formulas."""
Filter = tuple[tuple[str, tuple[str, ...]], ...]
"""Fields, and which values each may have."""


@dataclass(frozen=True, slots=True)
class Counting:
    """Which events a measure takes, and what of each.

    Attributes:
        takes: what of each event.
        name: of ``ads.measures``, which events: those of this name; empty for all, on other streams.
        where: fields and the values that each may have; an event must have one of each.
        field: what :attr:`Takes.FIELD` reads.
    """

    takes: Takes = Takes.VALUE
    name: str = ""
    where: Filter = ()
    field: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number of every row.

    Attributes:
        name: its name in Redis documents and in ``pacewatch kpi`` (what is in millionths ends in ``_micros``).
        unit: ``EVENTS`` sums counts, ``MICROS`` money in micros of the base currency, ``AMOUNT`` millionths of ``of``.
        streams: the streams whose events add to it.
        can_fall: whether refunds or corrections take away from it; what never falls is a counter in Prometheus.
        is_bought: whether too much of it is a miss too: what is bought, not what comes of it.
        column: its place in a row. A level has two: the sum of its panes' last values, and after it how many they are.
        kind: how its events come to one number.
        counting: which events, and what of them; None in the core, whose streams say that.
        of: what it is in, where that is neither a count nor money: ``hours``.
        meaning: one sentence for people.
        source: who counts it so.
    """

    name: str
    unit: Unit
    streams: tuple[Stream, ...]
    can_fall: bool
    is_bought: bool
    column: int
    kind: Kind = Kind.SUM
    counting: Counting | None = None
    of: str = ""
    meaning: str = ""
    source: str = ""

    def __hash__(self) -> int:
        return hash(self.name)

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
        """Whether it is counted in micros of the base currency."""
        return self.unit is Unit.MICROS

    @property
    def in_micros(self) -> bool:
        """Whether it is counted in millionths, of money or of anything else."""
        return self.unit.in_micros

    @property
    def word(self) -> str:
        """What it is in, for the units of formulas; empty for counts."""
        return MONEY if self.is_money else self.of

    @property
    def width(self) -> int:
        """How many columns of a row it has."""
        return 2 if self.kind is Kind.LEVEL else 1


_BUYING = (Stream.SPEND, Stream.IMPRESSION, Stream.CLICK)
_CONVERSION = (Stream.CONVERSION,)

MEASURES: tuple[Measure, ...] = (
    Measure("impressions", Unit.EVENTS, (Stream.IMPRESSION,), can_fall=False, is_bought=True, column=0,
            meaning="Ads that were shown."),
    Measure("clicks", Unit.EVENTS, (Stream.CLICK,), can_fall=False, is_bought=False, column=1,
            meaning="Ads that were clicked."),
    Measure("conversions", Unit.EVENTS, _CONVERSION, can_fall=True, is_bought=False, column=2,
            meaning="What people did that the campaign is for, of all kinds; a refund takes away."),
    Measure("spend_micros", Unit.MICROS, _BUYING, can_fall=True, is_bought=True, column=3,
            meaning="What ads cost."),
    Measure("revenue_micros", Unit.MICROS, _CONVERSION, can_fall=True, is_bought=False, column=4,
            meaning="What conversions of all kinds bring; a refund takes away."),
)  # fmt: skip
"""The core: the first columns of every row. What users add stands after them; reordering is not compatible."""

WIDTH = len(MEASURES)
NAMES: tuple[str, ...] = tuple(m.name for m in MEASURES)
INDEX: Mapping[str, int] = {name: i for i, name in enumerate(NAMES)}
TOTALS: Mapping[str, Measure] = {m.title: m for m in MEASURES}
"""The measures by their titles: the totals that a goal may be about."""

Row = tuple[int, ...]
ZERO: Row = (0,) * WIDTH


@lru_cache(maxsize=64)
def zeros(width: int) -> Row:
    """A row of nothing, so many columns wide."""
    return (0,) * width


def pack(row: Sequence[int]) -> bytes:
    """A row as stored in Redis: little-endian int64, one for each measure."""
    return struct.pack(f"<{len(row)}q", *row)


def trimmed(row: Sequence[int]) -> Sequence[int]:
    """A row without the zeros at its end, but for the core's: as it is stored."""
    end = len(row)
    while end > WIDTH and not row[end - 1]:
        end -= 1
    return row[:end]


def wide(row: Sequence[int], width: int) -> Row:
    """A row with zeros at its end, at least so wide."""
    return (*row, *(0,) * (width - len(row)))


def fits(row: Sequence[int]) -> bool:
    """Whether 64 bits hold each measure of a row."""
    return min(row) >= -(2**63) and max(row) < 2**63


def pack_within(row: Sequence[int], held: Sequence[int]) -> bytes:
    """A row as stored; a measure that 64 bits cannot hold stays what it was in ``held``."""
    return pack(trimmed([new if -(2**63) <= new < 2**63 else old for new, old in zip(row, held, strict=True)]))


def unpack(data: bytes, width: int = WIDTH) -> Row:
    """The first columns of a stored row; one written before a measure was appended gets zeros for it.

    Raises:
        ValueError: the bytes are no row of int64 (not a multiple of eight long).
    """
    if len(data) % 8:
        raise ValueError(f"a packed row has {len(data)} bytes, not a multiple of 8")
    row: Row = struct.unpack(f"<{len(data) // 8}q", data)
    return (row + (0,) * (width - len(row)))[:width]


def add(rows: Iterable[Sequence[int]]) -> Row:
    """The sum of rows, column by column; a row that is shorter than another has zeros there."""
    total = [0] * WIDTH
    for row in rows:
        total += [0] * (len(row) - len(total))
        for i, value in enumerate(row):
            total[i] += value
    return tuple(total)
