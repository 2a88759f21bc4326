"""Streams that arrive late, or not for a while: what a monitor sees of them at each look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from bench.trust.engine import WINDOWS
from kpis.arrays import Int64s
from kpis.measures import MEASURES, WIDTH, Stream
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.read.past import joined, nothing_yet, open_quarters
from monitors.read.snapshot import StreamHealth
from monitors.sight import Sight

Arrived = Mapping[Stream, Int64s]
"""Of each stream, up to which time it has arrived at each look; what is not named arrives at once."""


def always_late(at: Int64s, stream: Stream, late_ms: int) -> Arrived:
    """A feed that is late by as much, always."""
    return {stream: np.maximum(at - late_ms, 0)}


def stalled(at: Int64s, streams: tuple[Stream, ...], from_ms: int, for_ms: int) -> Arrived:
    """Feeds of which nothing arrives for a while, and then all at once."""
    inside = (at > from_ms) & (at <= from_ms + for_ms)
    return dict.fromkeys(streams, np.where(inside, from_ms, at))


def late_sights(
    at: Int64s, stream: Int64s, arrived: Arrived, habit_ms: Mapping[Stream, int]
) -> Iterator[tuple[int, Sight]]:
    """What a monitor sees at each look, minutes apart.

    Args:
        at: the looks.
        stream: what happened since the look before, a row each.
        arrived: what of it has arrived at each look.
        habit_ms: how late the worker knows a feed to be, once something of it has come.
    """
    step = int(at[1] - at[0])
    upto = np.concatenate([np.zeros((1, WIDTH), np.int64), np.cumsum(stream, axis=0)])
    places = np.arange(len(at), dtype=np.int64) + 1
    reached = np.stack([arrived.get(m.streams[0], at) // step for m in MEASURES], axis=1)
    past = nothing_yet(0)
    for n, now in enumerate(at.tolist()):
        first = max((now - 1) // DAY_MS - 1, 0) * DAY_MS
        edges = np.minimum(np.arange(first, now + QUARTER_MS, QUARTER_MS) // step, places[n])
        known = np.minimum(edges[:, None], reached[n][None, :])
        recent = np.diff(np.take_along_axis(upto, known, axis=0), axis=0)
        hour = now - now % HOUR_MS
        if past.end_ms != hour:
            past = joined(past, first, recent, hour)
        total = upto[reached[n], np.arange(WIDTH)]
        windows = {w.name: _window(upto, reached[n], n + 1 - w.span_ms // step, total) for w in WINDOWS}
        yield (
            now,
            Sight(
                as_of_ms=now,
                history_from_ms=0,
                to_date=tuple(total.tolist()),
                windows=windows,
                past=past,
                open_quarters=open_quarters(first, recent, past, now - 1),
                streams=_health(arrived, habit_ms, n, now),
                recent_ms=first,
                recent=recent,
            ),
        )


def _window(upto: Int64s, reached: Int64s, back: int, total: Int64s) -> tuple[int, ...]:
    before = upto[np.minimum(max(back, 0), reached), np.arange(WIDTH)]
    return tuple((total - before).tolist())


def _health(arrived: Arrived, habit_ms: Mapping[Stream, int], look: int, now: int) -> Mapping[Stream, StreamHealth]:
    found: dict[Stream, StreamHealth] = {}
    for stream in Stream:
        reached = int(arrived[stream][look]) if stream in arrived else now
        late = habit_ms.get(stream, 0) if reached > MINUTE_MS else 0
        found[stream] = StreamHealth(now - late, reached or None, late)
    return found
