"""All cases by their words; calling one gives its figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bench.trust import experiments, feeds, ratios, totals
from bench.trust.figures import Figure

CASES: Mapping[str, Callable[[], Figure]] = {**ratios.CASES, **totals.CASES, **feeds.CASES, **experiments.CASES}


def part_of(name: str, part: float) -> Figure:
    """A case's figure, of a part of its runs, one at the least."""
    case = CASES[name]
    if part == 1 or not isinstance(case, partial):
        return case()
    found: Figure = case(runs=max(round(case.keywords["runs"] * part), 1))
    return found
