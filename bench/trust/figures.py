"""What a case found, with the interval that so few runs leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from monitors.pacing.intervals import wilson

Z = 1.96


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many runs were told anything they should not have been.

    Attributes:
        told: runs.
        runs: of so many.
        most: the share that is allowed.
        messages: in all of them.
    """

    told: int
    runs: int
    most: float
    messages: int

    @property
    def is_met(self) -> bool:
        """Whether the share found is allowed."""
        return self.told <= self.most * self.runs

    def __str__(self) -> str:
        low, high = wilson(self.told, self.runs, Z)
        share = f"{self.told / self.runs:.1%} ({low:.1%} to {high:.1%})"
        return f"{share} of {self.runs}, {self.messages / self.runs:.2g} messages each"

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        return f"at most {self.most:.0%}"


@dataclass(frozen=True, slots=True)
class Delay:
    """How long it took until a true miss was told.

    Attributes:
        minutes: of each run; None where it never was.
        most: the median that is allowed.
        false: runs told something before it began.
        false_most: the share of them that is allowed; None where another case says.
    """

    minutes: Sequence[float | None]
    most: float
    false: int = 0
    false_most: float | None = None

    @property
    def is_met(self) -> bool:
        """Whether the median is allowed."""
        is_quiet = self.false_most is None or self.false <= self.false_most * len(self.minutes)
        return is_quiet and self._quantile(0.5) <= self.most

    def __str__(self) -> str:
        low, middle, high = (self._quantile(q) for q in (0.1, 0.5, 0.9))
        early = f"; {self.false} of {len(self.minutes)} were told something before" if self.false else ""
        return f"{_span(middle)} (80%: {_span(low)} to {_span(high)}), {len(self.minutes)} runs{early}"

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        quiet = "" if self.false_most is None else f", at most {self.false_most:.0%} false"
        return f"median {_span(self.most)}{quiet}"

    def _quantile(self, part: float) -> float:
        found = sorted(np.inf if m is None else m for m in self.minutes)
        return float(found[min(int(part * len(found)), len(found) - 1)])


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often what came lay in the interval that had been given for it.

    Attributes:
        inside: flights.
        runs: of so many.
        least: the share that is wanted.
        most: the share that is too much: the interval would be wider than it says.
        width: its width, as a part of what came, in the middle.
    """

    inside: int
    runs: int
    least: float
    most: float
    width: float

    @property
    def is_met(self) -> bool:
        """Whether the share is what is wanted."""
        return self.least <= self.inside / self.runs <= self.most

    def __str__(self) -> str:
        low, high = wilson(self.inside, self.runs, Z)
        share = f"{self.inside / self.runs:.1%} ({low:.1%} to {high:.1%})"
        return f"{share} of {self.runs} inside, intervals {self.width:.0%} wide"

    @property
    def allowed(self) -> str:
        """What is wanted, in words."""
        return f"{self.least:.0%} to {self.most:.0%}"


Figure = Share | Delay | Coverage


def _span(minutes: float) -> str:
    if np.isinf(minutes):
        return "never"
    return f"{minutes:.0f} min" if minutes < 180 else f"{minutes / 60:.1f} h"
