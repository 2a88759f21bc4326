"""What a campaign's goals may be, guessed from the days it has had: flight, daily total, bounds of ratios. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor, log10

import numpy as np

from kpis.arrays import Floats, Int64s
from kpis.catalogue import CATALOGUE, Kpi
from kpis.measures import TOTALS
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from kpis.units import MICROS

DAYS = 7
"""The last whole days that a run rate is the mean of."""
AHEAD_DAYS = 30
"""For how long a campaign is taken to run on: no event says when it ends."""
SLACK = 0.25
"""What a ratio may be worse by, and the least band of a daily total on each side."""
_PER_DAY = DAY_MS // QUARTER_MS
_TRIALS, _SUCCESSES = 1_000, 20
"""What a share is guessed from at least."""
_DAILY = ("spend", "impressions", "clicks")
"""A daily goal is for the first of these that there is any of."""


@dataclass(frozen=True, slots=True)
class GuessedTotal:
    """A goal for a daily total.

    Attributes:
        name: of what.
        target: a day's, in units of the measure.
        band: part of the target that it may differ by without a warning.
        days: the whole days that it is the mean of; 0 when it is what less than a day would come to.
    """

    name: str
    target: float
    band: float
    days: int


@dataclass(frozen=True, slots=True)
class GuessedRatio:
    """A bound of a ratio.

    Attributes:
        kpi: of which.
        was: what it was.
        bound: with slack: the least or, where less is better, the most that it is to be.
    """

    kpi: Kpi
    was: float
    bound: float


@dataclass(frozen=True, slots=True)
class Guess:
    """A campaign's first goals.

    Attributes:
        campaign: its id as in events.
        start_ms: the first quarter hour that has anything.
        end_ms: the day that its flight is taken to end before.
        is_older: whether it may have begun before what is kept.
        total: its daily goal; None when nothing that one is for was counted.
        ratios: bounds of those that enough is known of.
    """

    campaign: str
    start_ms: int
    end_ms: int
    is_older: bool
    total: GuessedTotal | None
    ratios: tuple[GuessedRatio, ...]


def guess(campaign: str, first_ms: int, quarters: Int64s, now_ms: int) -> Guess | None:
    """A campaign's goals; None when it has had nothing for two days.

    Args:
        campaign: its id.
        first_ms: the first millisecond of the quarter hours, a UTC midnight.
        quarters: what was counted in each, [quarter, measure], whole days, today's the last.
        now_ms: now.
    """
    days = quarters.reshape(-1, _PER_DAY, quarters.shape[1]).sum(axis=1)
    busy = np.flatnonzero((days != 0).any(axis=1))
    if not len(busy) or busy[-1] < len(days) - 2:
        return None
    first, today = int(busy[0]), len(days) - 1
    midnight_ms, is_older = first_ms + today * DAY_MS, first == 0
    # The rest of its first day was no part of it: nothing is missed there.
    begun_ms = first_ms + int(np.flatnonzero((quarters != 0).any(axis=1))[0]) * QUARTER_MS
    start_ms = first_ms if is_older else begun_ms
    # On the first day it began some time: of whole days only what is after it says how it runs.
    whole = days[max(first + 1, today - DAYS) : today]
    if len(whole):
        rates = whole.astype(np.float64)
    else:
        part = days[first:].sum(axis=0, keepdims=True).astype(np.float64)
        rates = part * np.float64(DAY_MS / max(now_ms - begun_ms, HOUR_MS))
    recent = tuple(int(x) for x in days[max(first, today - DAYS) :].sum(axis=0))
    return Guess(
        campaign, start_ms, midnight_ms + (1 + AHEAD_DAYS) * DAY_MS, is_older,
        _total(rates, len(whole)), tuple(_ratios(recent)),
    )  # fmt: skip


def _total(rates: Floats, days: int) -> GuessedTotal | None:
    for name in _DAILY:
        measure = TOTALS[name]
        each = rates[:, measure.column] / (MICROS if measure.in_micros else 1)
        mean = float(each.mean())
        if mean > 0:
            spread = float(each.std() / mean) if len(each) > 1 else 0.0
            return GuessedTotal(name, rounded(mean), min(max(SLACK, round(2 * spread, 2)), 0.45), days)
    return None


def _ratios(row: tuple[int, ...]) -> Iterator[GuessedRatio]:
    for kpi in CATALOGUE:
        value = kpi.of(row)
        if value is None or value <= 0 or not kpi.is_headline or not _is_enough(kpi, row):
            continue
        bound = value * (1 - SLACK) if kpi.higher_is_better else value * (1 + SLACK)
        yield GuessedRatio(kpi, value, rounded(bound))


def _is_enough(kpi: Kpi, row: tuple[int, ...]) -> bool:
    if kpi.is_proportion:
        above, below = kpi.parts(row)
        return above >= _SUCCESSES and below >= _TRIALS
    return row[kpi.noise.column] >= kpi.min_volume


def rounded(value: float) -> float:
    """A number as people write it: two digits."""
    if value <= 0:
        return 0.0
    places = 1 - floor(log10(value))
    return round(value, places)
