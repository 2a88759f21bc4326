"""KPI documents, ``{as_of, windows: {name: {measure or KPI: value}}}``: how they are written, and how they are read.

What is written are the values of :func:`kpis.catalogue.document`, of many series at once, computed a column at a time.
Of what is read only the measures are taken: KPIs are computed after partitions are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from kpis.arrays import Int64s
from kpis.catalogue import CATALOGUE, Kpi
from kpis.measures import MEASURES, NAMES, Row
from kpis.units import MICROS
from kpis.windows import TOTAL

_MONEY = [m for m in MEASURES if m.is_money]
_FIELDS: list[tuple[str, Any]] = [
    *((m.name, int) for m in MEASURES),
    *((m.title, float) for m in _MONEY),
    *((k.name, float | None) for k in CATALOGUE),
]
# A struct of fixed fields encodes several times as fast as a dict.
Values: Any = msgspec.defstruct("Values", _FIELDS, gc=False)
_encode_into = msgspec.json.Encoder().encode_into
_ROOM = 2048
"""Bytes that a document of the default windows fits into: growing from less takes a fifth of the encoding."""


def documents(as_of_ms: int, names: Sequence[str], tables: Sequence[Int64s]) -> list[bytes]:
    """The documents of series.

    Args:
        as_of_ms: the watermark.
        names: the windows.
        tables: for each window the rows of all series, [series, measure].

    Returns:
        For each series its document, JSON.
    """
    document_of, windows_of = _structs(tuple(names))
    found, room = [], bytearray(_ROOM)
    for windows in map(windows_of, *(values(table) for table in tables)):
        _encode_into(document_of(as_of_ms, windows), room)
        found.append(bytes(room))
    return found


def document(as_of_ms: int, windows: Mapping[str, Row]) -> bytes:
    """The document of one series: its row in each window."""
    return documents(as_of_ms, list(windows), [np.array([row], np.int64) for row in windows.values()])[0]


@lru_cache(maxsize=16)
def _structs(names: tuple[str, ...]) -> tuple[Any, Any]:
    """The types of a document of these windows, and of its ``windows``."""
    places = [f"window_{i}" for i in range(len(names))]
    windows = msgspec.defstruct(
        "Windows", [(place, Values) for place in places], rename=dict(zip(places, names, strict=True)), gc=False
    )
    return msgspec.defstruct("Document", [("as_of", int), ("windows", windows)], gc=False), windows


def values(table: Int64s) -> list[Any]:
    """Measures, money in units and KPIs of each row [series, measure]."""
    columns: list[list[Any]] = [*table.T.tolist()]
    columns += [(table[:, m.column] / MICROS).tolist() for m in _MONEY]
    columns += [_quotients(kpi, table) for kpi in CATALOGUE]
    return list(map(Values, *columns))


def _quotients(kpi: Kpi, table: Int64s) -> list[float | None]:
    above = table[:, kpi.above.column].astype(np.float64)
    below = table[:, kpi.below.column].astype(np.float64)
    known = below > 0
    up, down = kpi.factors
    found: Any = np.divide(above * up, below * down, out=np.zeros(len(table)), where=known).astype(object)
    found[~known] = None
    quotients: list[float | None] = found.tolist()
    return quotients


_Measures = msgspec.defstruct("_Measures", [(name, int, 0) for name in NAMES], gc=False)
_Document = msgspec.defstruct("_Document", [("windows", dict[str, _Measures])], gc=False)  # type: ignore[valid-type]
_decode = msgspec.json.Decoder(_Document).decode
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What reading a document may raise."""


def rows_of(raw: bytes) -> tuple[Iterable[str], Iterable[Row]]:
    """The windows of a stored document, and the row of each.

    Raises:
        UNREADABLE: it is no document.
    """
    found: Any = _decode(raw)
    return found.windows, map(msgspec.structs.astuple, found.windows.values())


def total_of(raw: bytes) -> Row:
    """The total row of a stored document.

    Raises:
        UNREADABLE, KeyError: it is no document, or has no total.
    """
    return dict(zip(*rows_of(raw), strict=True))[TOTAL]
