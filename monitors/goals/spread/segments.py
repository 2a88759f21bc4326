"""A curve's weights over a span: cut where they change, as local clocks show it."""

from __future__ import annotations

from datetime import date

import numpy as np

from kpis.arrays import Floats, Int64s
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from monitors.goals.spread.spec import CurveSpec
from monitors.goals.spread.zones import offsets

_WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 4 * DAY_MS
"""The first Monday after the epoch."""
_EPOCH = date(1970, 1, 1).toordinal()


def segments(spec: CurveSpec, start_ms: int, end_ms: int, timezone: str) -> tuple[Int64s, Floats]:
    """The pieces of a span in which the weight of the week and the factor of the date stay the same.

    Returns:
        When each begins (the first at ``start_ms``, the last ends at ``end_ms``), and its weight.
    """
    starts: list[Int64s] = []
    weights: list[Floats] = []
    for from_ms, until_ms, offset in offsets(timezone, start_ms, end_ms):
        local = _cuts(spec, from_ms + offset, until_ms + offset)
        starts.append(local - offset)
        weights.append(_weights(spec, local))
    found, weight = np.concatenate(starts), np.concatenate(weights)
    new = np.append(True, weight[1:] != weight[:-1])
    return found[new], weight[new]


def local_hours(start_ms: int, end_ms: int, timezone: str) -> Int64s:
    """When each hour of local clocks begins in a span; the first begins with it."""
    hours = [np.array([start_ms])]
    for from_ms, until_ms, offset in offsets(timezone, start_ms, end_ms):
        first = -(-(from_ms + offset) // HOUR_MS) * HOUR_MS - offset
        hours.append(np.arange(first, until_ms, HOUR_MS))
    return np.unique(np.concatenate(hours))


def _cuts(spec: CurveSpec, low: int, high: int) -> Int64s:
    """Local times from ``low`` to before ``high`` at which a weight may change; ``low`` is the first."""
    cuts = [np.array([low])]
    if spec.week:
        minutes = np.array([minute for minute, _ in spec.week], np.int64) * MINUTE_MS
        weeks = np.arange((low - _MONDAY_MS) // _WEEK_MS, (high - _MONDAY_MS) // _WEEK_MS + 1)
        cuts.append((_MONDAY_MS + weeks[:, None] * _WEEK_MS + minutes).ravel())
    if spec.dates:
        days = _days(spec) * DAY_MS
        cuts += [days, days + DAY_MS]
    found = np.unique(np.concatenate(cuts))
    return found[(found >= low) & (found < high)]


def _weights(spec: CurveSpec, local: Int64s) -> Floats:
    found = np.ones(len(local))
    if spec.week:
        minutes = np.array([minute for minute, _ in spec.week])
        at = (local - _MONDAY_MS) % _WEEK_MS // MINUTE_MS
        found *= np.array([weight for _, weight in spec.week])[np.searchsorted(minutes, at, side="right") - 1]
    if spec.dates:
        days, day = _days(spec), local // DAY_MS
        place = np.minimum(np.searchsorted(days, day), len(days) - 1)
        found *= np.where(days[place] == day, np.array([factor for _, factor in spec.dates])[place], 1.0)
    return found


def _days(spec: CurveSpec) -> Int64s:
    return np.array([day.toordinal() - _EPOCH for day, _ in spec.dates], np.int64)
