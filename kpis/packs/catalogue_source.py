"""The catalogue file while a process uses it."""

from __future__ import annotations

from pathlib import Path

from kpis.catalogue import CORE, Catalogue
from kpis.packs.catalogue_file import parse, read_text
from kpis.runtime.watched_file import WatchedFile


class CatalogueSource(WatchedFile[Catalogue]):
    """Holds the catalogue of the last good version of a file, see :class:`~kpis.runtime.watched_file.WatchedFile`.

    Args:
        path: the file; None for the core alone.

    Raises:
        InvalidCatalogue: the first version cannot be used.
    """

    def __init__(self, path: Path | None) -> None:
        super().__init__("catalogue file", path, read_text, parse, CORE)
