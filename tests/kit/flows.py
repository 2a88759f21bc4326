"""Streams of quarter hours as tests write them, and what a monitor sees of them: the plain way, without arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from kpis.arrays import Int64s
from kpis.measures import WIDTH, ZERO, Row, Stream, add
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from kpis.windows import parse_window
from monitors.goals.values import Flight
from monitors.read.past import Past, of_quarters
from monitors.read.snapshot import StreamHealth
from monitors.sight import Sight

WINDOWS = ("1h", "24h")


def array(rows: Iterable[Sequence[int]]) -> Int64s:
    """Rows as an array, [quarter, measure]."""
    return np.array(list(rows), np.int64).reshape(-1, WIDTH)


def hourly(rows: Iterable[Row], start_ms: int = 0) -> Past:
    """The past of hours, all that came in each in its four quarter hours alike (the rest in the first)."""
    quarters = [tuple(n // 4 + (n % 4 if place == 0 else 0) for n in whole) for whole in rows for place in range(4)]
    return of_quarters(start_ms, array(quarters))


def seen(
    flight: Flight,
    rows: Sequence[Row],
    at_ms: int,
    start_ms: int = 0,
    streams: Mapping[Stream, StreamHealth] | None = None,
) -> Sight:
    """A campaign at a moment.

    Args:
        flight: the campaign's.
        rows: its quarter hours, those after the moment left out.
        at_ms: the moment.
        start_ms: when the first of them began, a whole hour.
        streams: how its streams stand.
    """
    known = [row if start_ms + n * QUARTER_MS <= at_ms else ZERO for n, row in enumerate(rows)]
    hours = max((at_ms - start_ms) // HOUR_MS, 0)
    after = known[hours * 4 : (at_ms - start_ms) // QUARTER_MS + 1]
    recent_ms = max(at_ms - at_ms % DAY_MS - DAY_MS, start_ms - start_ms % DAY_MS)
    return Sight(
        as_of_ms=at_ms,
        history_from_ms=min(start_ms, flight.start_ms),
        to_date=between(known, flight.start_ms, min(at_ms + 1, flight.end_ms), start_ms),
        windows={name: _window(known, name, at_ms, start_ms) for name in WINDOWS},
        past=of_quarters(start_ms, array(known[: hours * 4])),
        open_quarters=tuple(after) + (ZERO,) * ((at_ms % HOUR_MS) // QUARTER_MS + 1 - len(after)),
        streams=streams or {},
        recent_ms=recent_ms,
        recent=array(
            known[n] if 0 <= (n := (ms - start_ms) // QUARTER_MS) < len(known) else ZERO
            for ms in range(recent_ms, at_ms - at_ms % DAY_MS + DAY_MS, QUARTER_MS)
        ),
    )


def between(rows: Sequence[Row], from_ms: int, to_ms: int, start_ms: int = 0) -> Row:
    """The sum of the quarter hours that overlap a span."""
    starts = ((start_ms + n * QUARTER_MS, row) for n, row in enumerate(rows))
    return add(row for ms, row in starts if ms < to_ms and ms + QUARTER_MS > from_ms)


def _window(rows: Sequence[Row], name: str, at_ms: int, start_ms: int) -> Row:
    last = at_ms // QUARTER_MS * QUARTER_MS + QUARTER_MS
    return between(rows, last - parse_window(name).span_ms, at_ms + 1, start_ms)
