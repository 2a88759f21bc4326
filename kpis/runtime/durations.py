"""Durations as people write them: ``90s``, ``15m``, ``2h``, ``3d``."""

from __future__ import annotations

import re

from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS

_UNITS = {"d": DAY_MS, "h": HOUR_MS, "m": MINUTE_MS, "s": 1000}
_WRITTEN = re.compile(r"(\d{1,6})([smhd])", re.ASCII)


def parse_duration(text: str) -> int | None:
    """A whole number and a unit as milliseconds; ``0`` needs no unit; None when it is not that."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return 0 if text == "0" else None
    return int(found[1]) * _UNITS[found[2]]


def written(ms: int) -> str:
    """Whole seconds in the largest unit that divides them: ``90m``, ``3d``; ``0`` is ``0s``."""
    unit = next((unit for unit, each in _UNITS.items() if ms and ms % each == 0), "s")
    return f"{ms // _UNITS[unit]}{unit}"
