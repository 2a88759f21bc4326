"""The goals file while the monitor runs."""

from __future__ import annotations

from pathlib import Path

from kpis.runtime.watched_file import WatchedFile
from monitors.goals.all_goals import Goals
from monitors.goals.file import parse, read_text


class GoalsSource(WatchedFile[Goals]):
    """Holds the goals of the last good version of a file, see :class:`~kpis.runtime.watched_file.WatchedFile`.

    Args:
        path: the file; None for no goals at all.

    Raises:
        InvalidGoals: the first version cannot be used.
    """

    def __init__(self, path: Path | None) -> None:
        super().__init__("goals file", path, read_text, parse, Goals())

    @property
    def goals(self) -> Goals:
        """Of the last good version."""
        return self.value
