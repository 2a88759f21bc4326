"""Rolling windows and their panes.

A window is a span that ends now, cut into panes of equal length. An event belongs to the pane its time falls in. At
time ``t`` the window covers the pane of ``t`` and the ``panes - 1`` before it: it grows from ``span - pane`` to
``span`` and then sheds its oldest pane.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS

_SPAN = re.compile(r"(\d{1,4})([mhd])")
_UNIT_MS = {"m": 60_000, "h": HOUR_MS, "d": DAY_MS}
DAY = "24h"
"""The window that is always kept: its panes are the quarter hours of history."""
TOTAL = "total"
"""What stands beside the windows in a document: everything ever counted."""


@dataclass(frozen=True, slots=True)
class Window:
    """One rolling window.

    Attributes:
        name: as configured, e.g. ``5m``.
        span_ms: its length in milliseconds.
        panes: how many panes it is cut into.
    """

    name: str
    span_ms: int
    panes: int

    @property
    def pane_ms(self) -> int:
        """The length of a pane in milliseconds."""
        return self.span_ms // self.panes

    def pane_of(self, at_ms: int) -> int:
        """The number of the pane (since the epoch) that a time falls in."""
        return at_ms // self.pane_ms

    def covers(self, at_ms: int, now_ms: int) -> bool:
        """Whether an event of time ``at_ms`` is inside the window that ends ``now_ms``."""
        age = self.pane_of(now_ms) - self.pane_of(at_ms)
        return 0 <= age < self.panes


def parse_window(text: str) -> Window:
    """Read one window: a number and m, h or d (``5m``, ``24h``), one minute to a day.

    Windows of up to an hour have 60 panes, longer ones panes of a quarter hour.

    Raises:
        ValueError: it is no such span, or longer than a day, or does not divide into panes.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is not a window such as 5m, 1h or 24h")
    span = int(match[1]) * _UNIT_MS[match[2]]
    if not 60_000 <= span <= DAY_MS:
        raise ValueError(f"window {text} is not between 1m and 24h")
    panes = 60 if span <= 3_600_000 else span // QUARTER_MS
    if span % panes or (span > 3_600_000 and span % QUARTER_MS):
        raise ValueError(f"window {text} does not divide into quarter hours")
    return Window(text, span, panes)


def parse_windows(text: str) -> tuple[Window, ...]:
    """Read a window list: shortest first, without repeats, always with 24h.

    Raises:
        ValueError: one of them is no window, or two have the same length.
    """
    names = {part.strip() for part in text.split(",") if part.strip()}
    windows = sorted({parse_window(n) for n in names} | {parse_window(DAY)}, key=lambda w: w.span_ms)
    if len({w.span_ms for w in windows}) < len(windows):
        raise ValueError("two windows have the same length")
    return tuple(windows)
