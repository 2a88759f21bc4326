"""The goals file while the monitor runs, and the catalogue file that says what its goals may be about."""

from __future__ import annotations

from pathlib import Path

from kpis.packs.catalogue_source import CatalogueSource
from kpis.runtime.watched_file import WatchedFile
from monitors.goals.all_goals import Goals
from monitors.goals.file import parse, read_text


class GoalsSource(WatchedFile[Goals]):
    """Holds the goals of the last good version of a file, see :class:`~kpis.runtime.watched_file.WatchedFile`.

    With another catalogue the goals are parsed anew. As long as they cannot be, those of before go on, under the new
    catalogue where it has all that they are about, and else under the one they were written for: goals and the rows
    that they are judged by are always of one catalogue.

    Args:
        path: the file; None for no goals at all.
        catalogue: the catalogue file; None for the core alone.

    Raises:
        InvalidGoals: the first version cannot be used.
        InvalidCatalogue: the first version of the catalogue cannot be.

    Attributes:
        catalogue: the catalogue file.
    """

    def __init__(self, path: Path | None, catalogue: Path | None = None) -> None:
        self.catalogue = CatalogueSource(catalogue)
        super().__init__("goals file", path, read_text, self._parsed, Goals(catalogue=self.catalogue.value))

    @property
    def goals(self) -> Goals:
        """Of the last good version."""
        return self.value

    def refresh(self, now_s: float) -> bool:
        """Look at both files, once a second at most; whether ``value`` is another one now."""
        if not self.catalogue.refresh(now_s):
            return super().refresh(now_s)
        before = self.value
        self.read_anew()
        super().refresh(now_s)
        if self.value.catalogue is not self.catalogue.value:
            self.value = self.value.under(self.catalogue.value) or self.value
        return self.value is not before

    def _parsed(self, text: str, name: str) -> Goals:
        return parse(text, name, self.catalogue.value)
