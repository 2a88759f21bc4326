"""Rows of a CSV file as events."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from kpis.runtime.errors import Misconfigured
from pacewatch.replay.lines import Lines
from pacewatch.replay.mapping import BadCell, Mapping


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One row.

    Attributes:
        line: the line it starts on.
        lines: how many lines it covers.
        event: its event's fields, or what is wrong with it.
    """

    line: int
    lines: int
    event: dict[str, object] | str


class CsvRows:
    """The rows of an open CSV file. The first row names the columns, unless the mapping does."""

    def __init__(self, lines: Lines, mapping: Mapping) -> None:
        self._lines = lines
        self._mapping = mapping
        self._unreadable: list[tuple[int, str]] = []
        self._reached = 0

    def __iter__(self) -> Iterator[CsvRow]:
        """Every row, good or bad, in file order; blank lines are skipped.

        Raises:
            BrokenFile: the file cannot be read to its end.
            Misconfigured: the header lacks a column that the mapping names.
        """
        header = list(self._mapping.header)
        if header:
            self._check(header)
        reader = csv.reader(self._text(), delimiter=self._mapping.delimiter, strict=True)
        while True:
            start = self._reached + 1
            cells: list[str] | str | None
            try:
                cells = next(reader, None)
            except csv.Error as e:
                cells = f"no CSV row ({e})"
            if cells is None:
                yield from self._not_text()
                return
            count = self._reached - start + 1 - len(self._unreadable)
            yield from self._not_text()
            if isinstance(cells, str):
                yield CsvRow(start, max(count, 1), cells)
            elif not header and cells:
                header = cells
                self._check(header)
            elif cells:
                yield CsvRow(start, count, self._event(header, cells, start))

    def _event(self, header: list[str], cells: list[str], line: int) -> dict[str, object] | str:
        if len(cells) != len(header):
            return f"{len(cells)} cells under a header of {len(header)}"
        try:
            return self._mapping.event(dict(zip(header, cells, strict=True)), f"{self._lines.path.name}:{line}")
        except BadCell as e:
            return f"column {e.column!r}: {e.problem}"

    def _check(self, header: list[str]) -> None:
        missing = sorted(self._mapping.wanted - set(header))
        if missing:
            known = ", ".join(header)[:500]
            raise Misconfigured(str(self._lines.path), f"no column {', '.join(missing)}", f"its columns are {known}")

    def _text(self) -> Iterator[str]:
        """The lines as text; one that is no text is noted and leaves an empty line, so that line numbers stay right."""
        for number, line in self._lines:
            self._reached = number
            try:
                if line is None:
                    raise ValueError("longer than a million bytes")
                yield line.decode("utf-8") + "\n"
            except ValueError as e:
                problem = "not UTF-8" if isinstance(e, UnicodeDecodeError) else str(e)
                self._unreadable.append((number, problem))
                yield "\n"

    def _not_text(self) -> Iterator[CsvRow]:
        for number, problem in self._unreadable:
            yield CsvRow(number, 1, problem)
        self._unreadable.clear()
