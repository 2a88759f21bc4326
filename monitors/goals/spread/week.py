"""Days and hours of the week as people write them: ``mon-fri``, ``08:00-22:00``, ``sat, sun 10:00-14:00``."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import groupby

from kpis.runtime.yaml_nodes import did_you_mean, shown

DAY_MINUTES = 24 * 60
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d) ?- ?([01]\d|2[0-4]):([0-5]\d)", re.ASCII)
_WEEK = 7 * DAY_MINUTES

Hours = tuple[tuple[int, int], ...]
"""Spans of a day in minutes; one that ends beyond the day goes on in the next."""
Week = tuple[tuple[int, float], ...]
"""The weight from a minute of the week on, to the next."""
EVERY_DAY = tuple(range(7))
ALL_DAY: Hours = ((0, DAY_MINUTES),)


def days_of(text: str) -> tuple[int, ...]:
    """Days as numbers, 0 is Monday.

    Raises:
        ValueError: it is something else; so everywhere here.
    """
    found: set[int] = set()
    for part in text.lower().split(","):
        first, to, last = (word.strip() for word in part.partition("-"))
        begin, end = _day(first), _day(last) if to else _day(first)
        found |= {day % 7 for day in range(begin, end + 1 + 7 * (end < begin))}
    return tuple(sorted(found))


def hours_of(text: str) -> Hours:
    """Spans of hours; one whose end is not after its start goes on past midnight."""
    return tuple(_span(part.strip()) for part in text.split(","))


def part_of(text: str) -> tuple[tuple[int, ...], Hours]:
    """Days, hours, or days and then hours."""
    at = re.search(r"\d", text)
    days, hours = (text.strip(), "") if at is None else (text[: at.start()].strip(), text[at.start() :])
    return (days_of(days) if days else EVERY_DAY), (hours_of(hours) if hours else ALL_DAY)


@lru_cache(maxsize=1024)
def week_of(served: tuple[tuple[tuple[int, ...], Hours, float], ...], outside: float) -> Week:
    """The weight of each minute of the week, as the minutes from which on it is another.

    Args:
        served: parts of the week with their weights; where two overlap, the later one counts.
        outside: the weight of all the rest.
    """
    weights = [outside] * _WEEK
    for days, hours, weight in served:
        for begin, end in ((day * DAY_MINUTES + a, day * DAY_MINUTES + b) for day in days for a, b in hours):
            for first, last in ((begin, min(end, _WEEK)), (0, end - _WEEK)):
                weights[first : max(first, last)] = [weight] * max(0, last - first)
    runs, at = list[tuple[int, float]](), 0
    for weight, minutes in groupby(weights):
        runs.append((at, weight))
        at += len(list(minutes))
    return tuple(runs)


@lru_cache(maxsize=1024)
def both(a: Week, b: Week) -> Week:
    """Two weeks, multiplied; an empty one weighs 1; a week that weighs 1 throughout is empty."""
    runs = list[tuple[int, float]]()
    for at in sorted({minute for minute, _ in (*a, *b)}):
        weight = _at(a, at) * _at(b, at)
        if not runs or runs[-1][1] != weight:
            runs.append((at, weight))
    return () if runs == [(0, 1.0)] else tuple(runs)


def _at(week: Week, minute: int) -> float:
    return next((weight for start, weight in reversed(week) if start <= minute), 1.0)


def _day(text: str) -> int:
    if text not in _DAYS:
        raise ValueError(f"unknown day {shown(text)}{did_you_mean(text, _DAYS)}")
    return _DAYS.index(text)


def _span(text: str) -> tuple[int, int]:
    found = _HOURS.fullmatch(text)
    if found is None or (found[3] == "24" and found[4] != "00"):
        raise ValueError(f"must be hours such as 08:00-22:00, not {shown(text)}")
    begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if begin == end:
        raise ValueError(f"begins when it ends, not {shown(text)}; all day is 00:00-24:00")
    return begin, end if end > begin else end + DAY_MINUTES
