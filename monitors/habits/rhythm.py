"""How a stream of events usually flows: how little each hour of the day may bring, and how long it pauses by habit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpis.arrays import Floats, Mask
from kpis.times import HOUR_MS, QUARTER_MS
from monitors.goals.periods import period_at
from monitors.goals.values import Flight, Period
from monitors.read.past import HOURS, Past, hours_of_day

DAYS = 7
"""Pauses of the last week are habits; what was longer ago may have been mended."""
LOW_PART = 0.5
"""An hour may bring half of what a poor one brought before: hours that scatter by 0.3 do that once in a hundred."""
LOW_QUANTILE = 0.2
FIRST_PART = 0.25
"""Of an hour of the day that was not seen yet: a quarter of the last hours. Evenings are no nights."""
YOUNG_HOURS = 3 * HOURS
"""Before three days are known, what is a habit and what is not cannot be told apart."""
NIGHT_ENDS = 7
"""Until a night was seen, nothing is expected of one: from local midnight to this hour."""
SURPRISING = 8.0
"""So many events missing at the least: chance does that once in three thousand."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How events of one measure flow.

    Attributes:
        least: what each local hour of the day brings at the least, in events an hour.
        pause_ms: how long a surprising pause lasts by habit: the second longest of the week, since what happened once
            is no habit; the longest, before three days are known; 0 without one.
        evening_stops: on how many of the last days, from yesterday back without a break, it stopped in the evening
            until midnight.
        busiest_hour: the most that an hour of the last week brought.
        a_day: events a day, on average.
        hours: whole hours since its first event.
    """

    least: Floats
    pause_ms: int
    evening_stops: int
    busiest_hour: float
    a_day: float
    hours: int


def rhythm(past: Past, column: int, timezone: str) -> Rhythm:
    """The rhythm of a measure.

    Args:
        past: the campaign's.
        column: the measure's place in a row.
        timezone: whose days they are.
    """
    return past.once(("rhythm", column, timezone), lambda: _rhythm(past, column, timezone))


def _rhythm(past: Past, column: int, timezone: str) -> Rhythm:
    counts = past.hours[-DAYS * HOURS :, column].astype(np.float64)
    began = np.flatnonzero(counts)
    counts = counts[began[0] :] if len(began) else counts[:0]
    start_ms = past.end_ms - len(counts) * HOUR_MS
    of_day = hours_of_day(start_ms, len(counts), timezone)
    recent = float(counts[-3:].mean()) if len(counts) else 0.0
    least = np.full(HOURS, recent * FIRST_PART)
    least[:NIGHT_ENDS] = 0.0
    seen: dict[int, list[float]] = {}
    for hour, count in zip(of_day.tolist(), counts.tolist(), strict=True):
        seen.setdefault(hour, []).append(count)
    for hour, found in seen.items():
        least[hour] = _low(sorted(found)) * LOW_PART
    busy = past.busy[len(past.busy) - 4 * len(counts) :, column]
    midnights = _midnights(start_ms, len(busy), timezone)
    pauses = _pauses(busy, np.repeat(least[of_day] / 4, 4), midnights)
    stops = _evening_stops(busy, midnights)
    return Rhythm(least, pauses * QUARTER_MS, stops, float(counts.max(initial=0.0)), _a_day(counts), len(counts))


def expected_at_least(held: Rhythm, from_ms: int, to_ms: int, timezone: str) -> float:
    """How many events should have come between two moments, at the least."""
    first = from_ms // HOUR_MS
    hours = min(to_ms // HOUR_MS - first + 1, DAYS * HOURS)
    of_day = hours_of_day(first * HOUR_MS, hours, timezone)
    starts = (first + np.arange(hours)) * HOUR_MS
    parts = (np.minimum(starts + HOUR_MS, to_ms) - np.maximum(starts, from_ms)).clip(0) / HOUR_MS
    return float((held.least[of_day] * parts).sum())


def _low(ascending: list[float]) -> float:
    """A low quantile of a few numbers, between neighbours in proportion."""
    place = LOW_QUANTILE * (len(ascending) - 1)
    below = int(place)
    above = min(below + 1, len(ascending) - 1)
    return ascending[below] + (place - below) * (ascending[above] - ascending[below])


def _a_day(counts: Floats) -> float:
    return float(counts.mean()) * HOURS if len(counts) else 0.0


def _runs(busy: Mask) -> list[tuple[int, int]]:
    """Where nothing came: first and last + 1 of each run of empty quarter hours that has ended."""
    edges = np.diff(np.concatenate([[False], ~busy, [False]]).astype(np.int8))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(a, b) for a, b in zip(starts.tolist(), ends.tolist(), strict=True) if b < len(busy)]


def _midnights(start_ms: int, quarters: int, timezone: str) -> list[int]:
    """The quarter hours that local days begin with, the last one first; also the one after all of them."""
    span = Flight(start_ms, start_ms + quarters * QUARTER_MS + 1, timezone)
    found: list[int] = []
    at_ms = span.end_ms - 1
    while (day_ms := period_at(span, Period.DAY, at_ms).start_ms) > start_ms:
        found.append((day_ms - start_ms) // QUARTER_MS)
        at_ms = day_ms - 1
    return found


def _pauses(busy: Mask, least: Floats, midnights: list[int]) -> int:
    """How long a surprising pause lasts by habit, in quarter hours."""
    evenings = {end + late for end in midnights for late in (0, 1)}
    found = sorted(
        (b - a for a, b in _runs(busy) if least[a:b].sum() >= SURPRISING and b not in evenings),
        reverse=True,
    )
    place = 1 if len(busy) >= YOUNG_HOURS * 4 else 0
    return found[place] if len(found) > place else 0


def _evening_stops(busy: Mask, midnights: list[int]) -> int:
    """On how many days in a row, up to yesterday, nothing came for the last hour or more."""
    found = 0
    for end in midnights:
        evening, day = busy[max(end - 4, 0) : end], busy[max(end - 48, 0) : end]
        if evening.any() or not day.any():
            break
        found += 1
    return found
