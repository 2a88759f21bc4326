"""What a terminal of some size shows, by a small emulator: the picture itself, not what was written to make it."""

from __future__ import annotations

import pyte

_HISTORY = 1_000


class Emulated:
    """A terminal whose other screen is apart from the first, as of real ones.

    Args:
        columns: of it.
        rows: of it.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.first = pyte.HistoryScreen(columns, rows, history=_HISTORY)
        self.other = pyte.HistoryScreen(columns, rows, history=_HISTORY)
        self.is_other = False
        self._fed = 0

    def show(self, drawn: str) -> None:
        """Bring it up to date with all that was written so far; what is cut in the middle waits for the rest."""
        rest = drawn[self._fed :]
        last = rest.rfind("\n")
        self._fed += last + 1
        for at, part in enumerate(rest[: last + 1].split("\x1b[?1049")):
            if at:
                self.is_other = part.startswith("h")
            pyte.Stream(self.other if self.is_other else self.first).feed(part[1:] if at else part)

    @property
    def shown(self) -> list[str]:
        """The lines of the screen that is seen."""
        return [line.rstrip() for line in (self.other if self.is_other else self.first).display]

    @property
    def all(self) -> list[str]:
        """The lines of the first screen, those too that have gone off its top."""
        columns = range(self.first.columns)
        gone = ["".join(line[column].data for column in columns).rstrip() for line in self.first.history.top]
        return [*gone, *(line.rstrip() for line in self.first.display)]

    @property
    def scrolled(self) -> int:
        """How many lines have gone off the top of the other screen."""
        return len(self.other.history.top)
