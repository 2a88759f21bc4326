"""Which columns rows have, and how they are taken from what is stored. Pure, but for :class:`SharedFormat`.

With the core alone rows are read as they are stored. A catalogue with more has rows of its own: documents are read by
the names of columns, packed rows by where ``pw:columns`` says they lie.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from kpis.arrays import Int64s
from kpis.catalogue import CORE, Catalogue
from kpis.contract.claimed import Columns, stored_names
from kpis.contract.documents import rows_of
from kpis.measures import UNKNOWN, Kind, Measure, Row, zeros

Windows = tuple[Iterable[str], Iterable[Row]]


@dataclass(frozen=True)
class RowFormat:
    """How rows of a catalogue are read.

    A distinct count is never made of rows: how many different ids there are is for sketches to say. Of documents its
    column has how many events had one, of packed rows it is below zero, which is unknown, where any had.

    Attributes:
        catalogue: whose rows.
        columns: where its measures lie in stored rows.
    """

    catalogue: Catalogue = CORE
    columns: Columns = field(default_factory=Columns)

    @cached_property
    def width(self) -> int:
        """How many columns a row has."""
        return self.catalogue.width

    @cached_property
    def is_core(self) -> bool:
        """Whether rows are the core's, as they are stored."""
        return self.width == CORE.width

    @cached_property
    def zero(self) -> Row:
        """A row of nothing."""
        return zeros(self.width)

    @cached_property
    def distinct(self) -> tuple[Measure, ...]:
        """The measures that sketches count."""
        return tuple(m for m in self.catalogue.added_measures if m.kind is Kind.DISTINCT)

    @cached_property
    def uncounted(self) -> tuple[int, ...]:
        """Their columns: what rows do not say."""
        return tuple(measure.column for measure in self.distinct)

    def windows_of(self, raw: bytes) -> Windows:
        """The windows of a stored document, and the row of each; of distinct counts how many events had an id.

        Raises:
            kpis.contract.documents.UNREADABLE: it is no document.
        """
        if self.is_core:
            return rows_of(raw)
        found: Any = self._decoder.decode(raw)
        return found.windows, map(msgspec.structs.astuple, found.windows.values())

    def unpacked(self, packed: Sequence[bytes]) -> Int64s:
        """Stored rows as rows of the catalogue, [row, column].

        Raises:
            ValueError: one of them is no row of int64.
        """
        if any(len(one) % 8 for one in packed):
            raise ValueError("a packed row has bytes that are not a multiple of 8")
        size = 8 * self.columns.width
        whole = b"".join(one[:size].ljust(size, b"\0") for one in packed)
        found = self.columns.taken(np.frombuffer(whole, "<i8").reshape(-1, self.columns.width), self.catalogue)
        if self.uncounted:
            places = list(self.uncounted)
            found[:, places] = -(found[:, places] != 0).astype(np.int64)
        return found

    @cached_property
    def _decoder(self) -> Any:
        fields: list[tuple[Any, ...]] = []
        for measure in self.catalogue.measures:
            # What no worker counts yet is nowhere: no document has such a name.
            names = self.columns.documented(measure) or [f"{name} " for name in stored_names(measure)]
            fields += [(f"c{len(fields) + i}", int, 0, name) for i, name in enumerate(names[: measure.width])]
        row = msgspec.defstruct(
            "_Row", [one[:3] for one in fields], rename={one[0]: one[3] for one in fields}, gc=False
        )
        document = msgspec.defstruct("_Wide", [("windows", dict[str, row])], gc=False)  # type: ignore[valid-type]
        return msgspec.json.Decoder(document)


CORE_FORMAT = RowFormat()


@dataclass
class SharedFormat:
    """The format that all readers of one Redis share; the reader of snapshots sets it.

    Attributes:
        now: what is read by.
    """

    now: RowFormat = CORE_FORMAT


def unknown(rows: Mapping[str, Row], columns: Sequence[int]) -> Mapping[str, Row]:
    """Rows of several series added, with what cannot be added (distinct counts) unknown where any of them has some."""
    if not columns:
        return rows
    return {
        name: tuple((UNKNOWN if v else 0) if i in columns else v for i, v in enumerate(row))
        for name, row in rows.items()
    }
