"""Mapping files: how the columns of a CSV file become event fields.

::

    timezone: Asia/Shanghai            # of times that name no zone
    delimiter: ";"                     # a comma unless given
    header: [when, campaign, paid]     # only when the file has no header row
    columns:                           # event field: column
      ts: {column: when, unit: s}      # ms, s, us, or text (RFC 3339 and its like); or format: "%d/%m/%Y %H:%M"
      campaign_id: campaign
      amount: {column: paid, unit: micros}                   # units, cents or micros
      type: {column: what, values: {imp: impression}}        # cells not named here pass
    constants: {type: spend, currency: CNY}

Without ``columns`` every column that is named like an event field is taken. Without an ``event_id`` the file's name and
the row's line make one, so replaying the same file twice counts it once. An empty cell is an absent field.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from kpis.series import DIMENSIONS

MONEY = ("cost", "revenue", "amount", "value")
"""Amounts: money, and the value of a measure, which may be of anything."""
FIELDS = (
    "type",
    "event_id",
    "ts",
    "campaign_id",
    *DIMENSIONS,
    "currency",
    "quantity",
    *MONEY,
    "kind",
    "name",
    "user_id",
)
"""The event fields that a mapping may name."""
TO_MS = {"ms": Decimal(1), "s": Decimal(1000), "us": Decimal("0.001")}
TO_UNITS = {"units": 0, "cents": -2, "micros": -6}
_MAX_EXPONENT = 40
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?")


class BadCell(ValueError):
    """A cell cannot become its field.

    Attributes:
        column: its column.
        problem: what is wrong with it.
    """

    def __init__(self, column: str, problem: str) -> None:
        super().__init__(f"column {column!r}: {problem}")
        self.column = column
        self.problem = problem


class MappedColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where one field comes from; see the module for what the attributes mean."""

    column: str
    unit: Literal["ms", "s", "us", "text", "units", "cents", "micros"] | None = None
    format: str | None = None
    values: dict[str, str] = {}


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping file; see the module for what the attributes mean."""

    columns: dict[str, str | MappedColumn] = {}
    constants: dict[str, str | int] = {}
    timezone: str | None = None
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","
    header: list[str] = []

    @property
    def wanted(self) -> set[str]:
        """The columns that the file must have."""
        return {c if isinstance(c, str) else c.column for c in self.columns.values()}

    def event(self, row: dict[str, str], default_id: str) -> dict[str, object]:
        """The event of one row.

        Args:
            row: cell by column name.
            default_id: the event id when the row brings none.

        Raises:
            BadCell: a cell cannot become its field.
        """
        columns = self.columns or {name: name for name in row if name in FIELDS}
        found: dict[str, object] = {"event_id": default_id, **self.constants}
        for field, source in columns.items():
            column = MappedColumn(source) if isinstance(source, str) else source
            text = row[column.column].strip()
            if text := column.values.get(text, text):
                found[field] = self._value(field, column, text)
        return found

    def _value(self, field: str, column: MappedColumn, text: str) -> object:
        if field == "ts":
            return self._time(column, text)
        if field in MONEY:
            number = _number(column.column, text).scaleb(TO_UNITS[column.unit or "units"])
            return format(number, "f")
        if field == "quantity":
            number = _number(column.column, text)
            if number != number.to_integral_value():
                raise BadCell(column.column, f"{text[:40]!r} is not a whole number")
            return int(number)
        return text

    def _time(self, column: MappedColumn, text: str) -> int:
        """Epoch milliseconds of a time cell."""
        guess = "ms" if re.fullmatch(r"-?[0-9]+", text) else "text"
        unit = "text" if column.format else column.unit or guess
        if unit != "text":
            return int(_number(column.column, text) * TO_MS[unit] // 1)
        try:
            moment = datetime.strptime(text, column.format) if column.format else datetime.fromisoformat(text)  # noqa: DTZ007
            if moment.tzinfo is None:
                if self.timezone is None:
                    raise BadCell(column.column, f"{text[:40]!r} names no zone, and the mapping has no timezone")
                moment = moment.replace(tzinfo=ZoneInfo(self.timezone))
            return int(Decimal(str(moment.timestamp())) * 1000 // 1)
        except BadCell:
            raise
        except (ValueError, OverflowError):
            raise BadCell(column.column, f"{text[:40]!r} is not a time") from None


def _number(column: str, text: str) -> Decimal:
    if _NUMBER.fullmatch(text) is None:
        raise BadCell(column, f"{text[:40]!r} is not a number")
    number = Decimal(text) if len(text) <= _MAX_EXPONENT else Decimal("Infinity")
    if not number.is_finite() or abs(number.adjusted()) > _MAX_EXPONENT:
        raise BadCell(column, f"{text[:40]!r} is not a usable number")
    return number
