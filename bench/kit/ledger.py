"""What the worker must have come to: a backlog's events, added up again for any span of time, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from kpis.measures import INDEX, NAMES, WIDTH, Row, Stream
from kpis.series import key, split
from kpis.units import MICROS
from kpis.windows import TOTAL, parse_window

_COUNTED = {Stream.IMPRESSION: "impressions", Stream.CLICK: "clicks", Stream.CONVERSION: "conversions"}
_EVER = (-(1 << 62), 1 << 62)
Documents = Mapping[str, bytes]
"""KPI documents as they stand in Redis, by series."""


class _Event(msgspec.Struct, gc=False):
    ts: int
    campaign_id: str
    channel: str
    amount: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)


class Ledger:
    """All events in the order of their times, by campaign and channel, with running sums.

    It shares no code with the worker's counting, only the names of measures and what panes a window has.

    Args:
        records: stream, key and value of each event, see :func:`bench.kit.backlog.records`.
    """

    def __init__(self, records: Iterable[tuple[Stream, str, str]]) -> None:
        decode = msgspec.json.Decoder(_Event).decode
        series: dict[tuple[str, str], int] = {}
        facts: list[tuple[int, int, int, int, int]] = []
        for stream, _, value in records:
            event = decode(value)
            place = series.setdefault((event.campaign_id, event.channel), len(series))
            count = INDEX[_COUNTED[stream]] if stream in _COUNTED else -1
            spend = int(event.amount * MICROS) if event.amount else 0
            revenue = int(event.revenue * MICROS) if event.revenue else 0
            facts.append((place, event.ts, count, spend, revenue))
        table = np.array(facts, np.int64).reshape(-1, 5)
        table = table[np.lexsort((table[:, 1], table[:, 0]))]
        counted = table[:, 2] >= 0
        rows = np.zeros((len(table) + 1, WIDTH), np.int64)
        rows[1:][counted, table[counted, 2]] = 1
        rows[1:, INDEX["spend_micros"]] = table[:, 3]
        rows[1:, INDEX["revenue_micros"]] = table[:, 4]
        self._times: NDArray[np.int64] = table[:, 1].copy()
        self._sums: NDArray[np.int64] = rows.cumsum(axis=0)
        self._ends = np.searchsorted(table[:, 0], np.arange(len(series) + 1))
        self._channels: dict[str, dict[str, int]] = {}
        for (campaign, channel), place in series.items():
            self._channels.setdefault(campaign, {})[channel] = place

    def series(self) -> Iterator[str]:
        """Every campaign, and every channel of it."""
        for campaign, channels in self._channels.items():
            yield key(campaign)
            yield from (key(campaign, [("channel", c)]) for c in channels)

    def row(self, series: str, since_ms: int, until_ms: int) -> Row:
        """What the events of a series from one time to another, both included, add up to."""
        campaign, breakdown = split(series)
        channels = self._channels.get(campaign, {})
        places = [channels[c] for _, c in breakdown if c in channels] if breakdown else list(channels.values())
        total = np.zeros(WIDTH, np.int64)
        for place in places:
            first, end = self._ends[place : place + 2]
            times = self._times[first:end]
            total += self._sums[first + np.searchsorted(times, until_ms, "right")]
            total -= self._sums[first + np.searchsorted(times, since_ms)]
        return tuple(total.tolist())


def differences(documents: Documents, ledger: Ledger) -> list[str]:
    """Each series and window whose measures are not those of the ledger, as of the document's own time."""
    found = [f"{series} is missing" for series in ledger.series() if series not in documents]
    for series, raw in documents.items():
        document = msgspec.json.decode(raw)
        for window, values in document["windows"].items():
            want = ledger.row(series, *_span(window, document["as_of"]))
            have = tuple(values[name] for name in NAMES)
            if have != want:
                found.append(f"{series} in {window}: {_named(have)} instead of {_named(want)}")
    return found


def _span(window: str, as_of_ms: int) -> tuple[int, int]:
    if window == TOTAL:
        return _EVER
    cut = parse_window(window)
    return (cut.pane_of(as_of_ms) - cut.panes + 1) * cut.pane_ms, as_of_ms


def _named(row: Row) -> dict[str, Any]:
    return dict(zip(NAMES, row, strict=True))
