"""A curve as a value: how a target spreads over a flight, whichever flight that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from kpis.runtime.durations import written


class Shape(StrEnum):
    """How much each moment of a flight gets, by where in the flight it is: x is 0 at its start, 1 at its end."""

    EVEN = "even"
    """The same in every second of the flight, so a day of 23 hours expects a little less than one of 25."""
    FRONT_LOADED = "front_loaded"
    """Falls evenly, from 1.5 times the mean at the start to half of it at the end: by x it expects 1.5 x - 0.5 x²."""
    BACK_LOADED = "back_loaded"
    """Rises evenly, from half the mean at the start to 1.5 times it at the end: by x it expects 0.5 x + 0.5 x²."""

    @property
    def line(self) -> tuple[float, float]:
        """Its density as a line: at the start, and how much it changes until the end; the mean is 1."""
        return _LINES[self]


_LINES = {Shape.EVEN: (1.0, 0.0), Shape.FRONT_LOADED: (1.5, -1.0), Shape.BACK_LOADED: (0.5, 1.0)}


@dataclass(frozen=True, slots=True)
class CurveSpec:
    """A curve: the shape, times the weight of the local minute, times the factor of the local date; then delayed.

    Attributes:
        shape: of the whole flight.
        learned: whether the hours of the week are learned from what was counted; until they are, all weigh the same.
        week: the weight from a minute of the week on (0 is Monday 00:00, local) to the next; empty: all weigh 1.
        dates: factors of local dates, in their order; dates that are not named have 1.
        lag_ms: by how much outcomes follow what causes them, in the mean; 0 is at once.
    """

    shape: Shape = Shape.EVEN
    learned: bool = False
    week: tuple[tuple[int, float], ...] = ()
    dates: tuple[tuple[date, float], ...] = ()
    lag_ms: int = 0

    @property
    def label(self) -> str:
        """It in a few words: ``even``, ``front_loaded, by hours, lag 3d``."""
        parts = ["learned" if self.learned else str(self.shape)]
        parts += ["by hours"] if self.week else []
        parts += ["by dates"] if self.dates else []
        parts += [f"lag {written(self.lag_ms)}"] if self.lag_ms else []
        return ", ".join(parts)

    @property
    def is_shaped(self) -> bool:
        """Whether it says what each hour of the day gets; else that is learned, from before the flight too."""
        return bool(self.week) and not self.learned

    @property
    def is_plain(self) -> bool:
        """Whether it is its shape and nothing else."""
        return not (self.week or self.dates or self.lag_ms)

    def moved(self, days: int) -> CurveSpec:
        """The same curve with its dates some days later."""
        changed: Any = tuple((day + timedelta(days=days), factor) for day, factor in self.dates)
        return CurveSpec(self.shape, self.learned, self.week, changed, self.lag_ms)
