"""A flush: all that one partition changes in Redis at once, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from kpis.measures import WIDTH, Row
from streams.state.added.levels import Triples
from streams.state.added.sketches import SketchPlace
from streams.state.packed_rows import PackedRows

NO_SKETCHES: Mapping[SketchPlace, list[bytes]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Flush:
    """What one fenced write holds. Values are absolute; the fence sees to it that what is appended is written once.

    Attributes:
        watermark_ms: of event time; None before the first event.
        offsets: topic to the next offset to read.
        documents: series to its KPI document, JSON.
        panes: (window, start in epoch ms) to the packed rows of series.
        dropped_panes: (window, start) of panes that left their window.
        history: (series, quarter number since the epoch) to packed row.
        late: (series, quarter number) to what older quarters gain; added to what Redis holds.
        seen: (stream, hour) to digests accepted.
        early: block number to bytes, for entries not due yet.
        dropped_early: block numbers that are due.
        letters: encoded dead letters; unlike all else they are appended.
        counters: meta counter to its value.
        gauges: meta fields about the reading itself (lag, caught up, time of the flush).
        events: how many records it covers, for metrics.
        sketches: (measure, series, quarter number or None for all of time) to digests of ids.
        width: how many columns rows may have.
        levels: the columns of levels, which are not added to what Redis holds.
        history_full: rows of ``history`` that could not take what came late: 64 bits do not hold it.
    """

    watermark_ms: int | None
    offsets: Mapping[str, int]
    documents: Mapping[str, bytes]
    panes: Mapping[tuple[str, int], PackedRows]
    dropped_panes: tuple[tuple[str, int], ...]
    history: Mapping[tuple[str, int], bytes]
    late: Mapping[tuple[str, int], Row]
    seen: Mapping[tuple[str, int], list[bytes]]
    early: Mapping[int, bytes]
    dropped_early: tuple[int, ...]
    letters: tuple[bytes, ...]
    counters: Mapping[str, int]
    gauges: Mapping[str, int | str]
    events: int
    history_full: int = 0
    sketches: Mapping[SketchPlace, list[bytes]] = field(default_factory=lambda: NO_SKETCHES)
    width: int = WIDTH
    levels: Triples = ()

    @property
    def letters_size(self) -> int:
        """The bytes of all letters."""
        return sum(map(len, self.letters))
