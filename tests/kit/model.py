"""The brute-force model: keeps every event and recomputes everything from the start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from kpis.measures import INDEX, WIDTH, Row, Stream
from kpis.series import key
from kpis.times import QUARTER_MS
from kpis.windows import Window
from streams.events.decode import Batch
from streams.events.schema import Event

QUANTITY = {Stream.IMPRESSION: "impressions", Stream.CLICK: "clicks", Stream.CONVERSION: "conversions"}
MONEY = {s: "revenue_micros" if s is Stream.CONVERSION else "spend_micros" for s in Stream if s is not Stream.MEASURE}


@dataclass(frozen=True)
class Fact:
    """One accepted event: its stream, time, series and what it adds."""

    stream: Stream
    time: int
    campaign: str
    channel: str | None
    quantity: int
    money: int

    @property
    def series(self) -> list[str]:
        """The campaign, and its channel where there is one."""
        return [key(self.campaign), *([key(self.campaign, [("channel", self.channel)])] if self.channel else [])]

    @property
    def row(self) -> Row:
        """What it adds, as a row."""
        row = [0] * WIDTH
        if self.stream in QUANTITY:
            row[INDEX[QUANTITY[self.stream]]] += self.quantity
        if self.stream in MONEY:
            row[INDEX[MONEY[self.stream]]] += self.money
        return tuple(row)


def batch_of(facts: Iterable[Fact], stream: Stream) -> Batch:
    """The batch that the decoder would make of these events."""
    batch = Batch(stream)
    for fact in facts:
        batch.times.append(fact.time)
        batch.events.append(Event("id", fact.time, fact.campaign, channel=fact.channel))
        batch.quantities.append(fact.quantity)
        batch.money.append(fact.money)
    return batch


@dataclass
class Model:
    """Every event ever accepted."""

    facts: list[Fact] = field(default_factory=list)

    def window(self, window: Window, clock: int) -> dict[str, Row]:
        """Rows of all series with anything inside the window that ends at the clock."""
        return self._sum(f for f in self.facts if f.time <= clock and window.covers(f.time, clock))

    def totals(self) -> dict[str, Row]:
        """Rows of all series, ever."""
        return self._sum(self.facts)

    def history(self, clock: int) -> dict[tuple[str, int], Row]:
        """Rows by series and quarter hour, up to the clock."""
        rows: dict[tuple[str, int], list[int]] = {}
        for fact in self.facts:
            if fact.time <= clock:
                for series in fact.series:
                    row = rows.setdefault((series, fact.time // QUARTER_MS), [0] * WIDTH)
                    for i, value in enumerate(fact.row):
                        row[i] += value
        return {place: tuple(row) for place, row in rows.items()}

    @staticmethod
    def _sum(facts: Iterable[Fact]) -> dict[str, Row]:
        rows: dict[str, list[int]] = {}
        for fact in facts:
            for series in fact.series:
                row = rows.setdefault(series, [0] * WIDTH)
                for i, value in enumerate(fact.row):
                    row[i] += value
        return {series: tuple(row) for series, row in rows.items() if any(row)}


def without_zeros(rows: dict[str, Row]) -> dict[str, Row]:
    """Rows that hold something."""
    return {series: row for series, row in rows.items() if any(row)}
