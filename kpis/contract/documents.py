"""KPI documents, ``{as_of, windows: {name: {measure or KPI: value}}}``: how they are written, and how they are read.

What is written are the values of :func:`kpis.catalogue.document`, of many series at once, computed a column at a time.
Of what is read only the measures are taken: KPIs are computed after partitions are added. Added measures stand in it by
their names where they are not zero. Beside that ``beyond`` is the row of all that was ever counted, columns after the
core's, for the next owner of the partition: what a name means may change, what a column holds never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import msgspec
import numpy as np

from kpis.arrays import Int64s, used
from kpis.catalogue import CATALOGUE, Kpi
from kpis.measures import MEASURES, NAMES, WIDTH, Row
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
Names = tuple[str, ...]


def documents(as_of_ms: int, names: Sequence[str], tables: Sequence[Int64s], added: Names = ()) -> list[bytes]:
    """The documents of series.

    Args:
        as_of_ms: the watermark.
        names: the windows, the last one ``total``.
        tables: for each window the rows of all series, [series, column].
        added: what each column beyond the core's is called; empty for one that is not shown. What is zero is left out.

    Returns:
        For each series its document, JSON.
    """
    document_of, windows_of = _structs(tuple(names), added)
    rest = _beyond(tables[-1]) if added else repeat(None)
    found, room = [], bytearray(_ROOM)
    for windows, row in zip(map(windows_of, *(values(table, added) for table in tables)), rest, strict=False):
        _encode_into(document_of(as_of_ms, windows, row), room)
        found.append(bytes(room))
    return found


def document(as_of_ms: int, windows: Mapping[str, Row], added: Names = ()) -> bytes:
    """The document of one series: its row in each window."""
    tables = [np.array([row], np.int64) for row in windows.values()]
    return documents(as_of_ms, list(windows), tables, added)[0]


@lru_cache(maxsize=16)
def _structs(names: Names, added: Names) -> tuple[Any, Any]:
    """The types of a document of these windows, and of its ``windows``."""
    places = [f"window_{i}" for i in range(len(names))]
    windows = msgspec.defstruct(
        "Windows", [(place, Any) for place in places], rename=dict(zip(places, names, strict=True)), gc=False
    )
    fields: list[Any] = [("as_of", int), ("windows", windows), ("beyond", list[int] | None, None)]
    return msgspec.defstruct("Document", fields, gc=False, omit_defaults=True), windows


@lru_cache(maxsize=16)
def _values_of(added: Names) -> Any:
    """The type of the values of a window; names may be words that Python has a use for."""
    if not any(added):
        return Values
    places = {f"added_{i}": name for i, name in enumerate(added) if name}
    fields: list[Any] = [*_FIELDS, *((place, int, 0) for place in places)]
    return msgspec.defstruct("ValuesWithMore", fields, rename=places, gc=False, omit_defaults=True)


def values(table: Int64s, added: Names = ()) -> list[Any]:
    """Measures, money in units, KPIs, and added measures of each row [series, column]."""
    columns: list[Iterable[Any]] = [*table[:, :WIDTH].T.tolist()]
    columns += [(table[:, m.column] / MICROS).tolist() for m in _MONEY]
    columns += [_quotients(kpi, table) for kpi in CATALOGUE]
    if added:
        is_used: list[bool] = np.any(table[:, WIDTH:], axis=0).tolist()
        for i, name in enumerate(added):
            if name:
                columns.append(table[:, WIDTH + i].tolist() if is_used[i] else repeat(0, len(table)))
    return list(map(_values_of(added), *columns))


def _beyond(table: Int64s) -> list[list[int] | None]:
    """The columns beyond the core's of each row, up to its last one that is not zero; None where there is none."""
    rest = table[:, WIDTH:]
    lengths = used(rest).tolist()
    return [row[:n] if n else None for row, n in zip(rest.tolist(), lengths, strict=True)]


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
_Document = msgspec.defstruct(
    "_Document",
    [("windows", dict[str, _Measures]), ("beyond", list[int] | None, None)],  # type: ignore[valid-type]
    gc=False,
)
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
    """The total row of a stored document, as wide as was stored.

    Raises:
        UNREADABLE, KeyError: it is no document, or has no total.
    """
    found: Any = _decode(raw)
    total: Row = msgspec.structs.astuple(found.windows[TOTAL])
    return (*total, *found.beyond) if found.beyond else total
