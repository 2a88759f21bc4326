"""What a flush tells of the reading itself, beside what was counted. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from kpis.contract import layout
from streams.partitions.tools import KnownEnd


def gauges(
    now_ms: int,
    ends: Mapping[str, KnownEnd | None],
    offsets: Mapping[str, int],
    canary_ms: int | None = None,
    *,
    caught_up: bool,
    held: bool,
) -> dict[str, int]:
    """The meta fields of one partition.

    Args:
        now_ms: the worker's clock.
        ends: topic to where it ends; None while unknown.
        offsets: topic to the next offset to read.
        canary_ms: when the last canary that was read had been sent, real time; None before the first, 0 for none.
        caught_up: whether every topic is read to its end.
        held: whether reading waits.
    """
    lags = {f"{layout.LAG}{t}": max(0, end.offset - offsets[t]) for t, end in ends.items() if end is not None}
    canary = {} if canary_ms is None else {layout.CANARY: canary_ms}
    return {layout.FLUSHED_AT: now_ms, layout.CAUGHT_UP: int(caught_up), layout.HELD: int(held), **canary, **lags}
