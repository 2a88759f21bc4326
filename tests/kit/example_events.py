"""Events that bring measures to given amounts: what a worked example of a KPI looks like on the five topics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import count, product
from typing import Any

from kpis.catalogue import Kpi
from kpis.measures import Filter, Kind, Measure, Stream, Takes

Event = dict[str, Any]
_MONEY = {Stream.IMPRESSION: "cost", Stream.CLICK: "cost", Stream.CONVERSION: "revenue", Stream.SPEND: "amount"}


def example_events(kpi: Kpi, campaign: str, ts: int) -> list[Event]:
    """The events of a KPI's worked example, all of one moment."""
    assert kpi.example is not None, kpi.name
    return events_of(kpi.formula.measures, dict(kpi.example.of), campaign, ts)


def events_of(measures: Iterable[Measure], amounts: Mapping[str, float], campaign: str, ts: int) -> list[Event]:
    """Replay events after which each of these measures comes to its amount; they add nothing beside it.

    What asks for most goes first; a measure that takes what another one takes, too, gets the rest.
    """
    found = sorted(measures, key=_generality)
    made = _Made(campaign, ts, found, amounts)
    for measure in found:
        made.bring(measure, Decimal(str(amounts[measure.title])))
    for measure in found:
        assert amount_in(made.events, measure) == Decimal(str(amounts[measure.title])), measure.title
    return made.events


def amount_in(events: Iterable[Event], measure: Measure) -> Decimal:
    """What a measure comes to over events, by its definition, in the units that people read."""
    taken = [event for event in events if _takes(measure, event)]
    counting = measure.counting
    if measure.kind is Kind.DISTINCT and counting is not None:
        return Decimal(len({event[counting.field] for event in taken if counting.field in event}))
    if measure.kind is Kind.LEVEL:
        last = max(taken, key=lambda event: int(event["ts"]), default={"value": 0})
        return Decimal(str(last.get("value", 1)))
    return sum((_brought(measure, event) for event in taken), Decimal(0))


def _brought(measure: Measure, event: Event) -> Decimal:
    stream = Stream(event["type"])
    takes = _how(measure)
    if takes is Takes.COUNT:
        return Decimal(1)
    if takes is Takes.QUANTITY:
        return Decimal(event.get("quantity", 1))
    if takes is Takes.MONEY:
        return Decimal(event.get(_MONEY[stream], "0"))
    if takes is Takes.VALUE:
        return Decimal(str(event.get("value", 1)))
    return Decimal(str(event.get(measure.counting.field if measure.counting else "", 0)))


def _how(measure: Measure) -> Takes:
    if measure.counting is not None:
        return measure.counting.takes
    return Takes.MONEY if measure.is_money else Takes.QUANTITY


def _where(measure: Measure) -> Filter:
    return measure.counting.where if measure.counting is not None else ()


def _takes(measure: Measure, event: Event) -> bool:
    if Stream(event["type"]) not in measure.streams:
        return False
    if measure.counting is not None and measure.counting.name not in {"", event.get("name")}:
        return False
    return all(event.get(field) in allowed for field, allowed in _where(measure))


def _generality(measure: Measure) -> tuple[bool, bool, int, int]:
    where = _where(measure)
    is_distinct, is_count = measure.kind is Kind.DISTINCT, _how(measure) is Takes.COUNT
    return not is_distinct, not is_count, -len(where), sum(len(allowed) for _, allowed in where)


class _Made:
    """The events so far."""

    def __init__(self, campaign: str, ts: int, measures: list[Measure], amounts: Mapping[str, float]) -> None:
        self.events: list[Event] = []
        self._campaign, self._ts = campaign, ts
        self._measures, self._amounts = measures, amounts
        self._ids = count()

    def bring(self, measure: Measure, amount: Decimal) -> None:
        """Add what a measure lacks to come to an amount."""
        lacks = amount - amount_in(self.events, measure)
        takes = _how(measure)
        if measure.kind is Kind.LEVEL:
            self._add(measure, value=_written(amount))
        elif measure.kind is Kind.DISTINCT:
            field = measure.counting.field if measure.counting is not None else ""
            assert lacks >= 0, measure.title
            for at in range(int(lacks)):
                self._add(measure, **{field: f"{measure.title}-{at}"})
        elif takes is Takes.COUNT:
            self._count(measure, int(lacks))
        elif lacks:
            self._sum(measure, lacks)

    def _sum(self, measure: Measure, lacks: Decimal) -> None:
        takes, stream = _how(measure), measure.streams[0]
        if takes is Takes.QUANTITY:
            assert lacks > 0, measure.title
            self._add(measure, quantity=int(lacks))
        elif takes is Takes.VALUE:
            self._add(measure, value=_written(lacks))
        else:
            field = _MONEY[stream] if takes is Takes.MONEY else measure.counting.field if measure.counting else ""
            none = {} if stream is Stream.SPEND else {"quantity": 0}
            self._add(measure, **none, **{field: _written(lacks)})

    def _count(self, measure: Measure, lacks: int) -> None:
        """So many events; the last of them brings what a measure takes that adds the values of the same ones."""
        same = [m for m in self._measures if _how(m) is Takes.VALUE and _takes_alike(m, measure)]
        for at in range(lacks):
            rest = Decimal(0)
            if at == lacks - 1 and same:
                rest = Decimal(str(self._amounts[same[0].title])) - amount_in(self.events, same[0])
            none = {"value": _written(rest)} if measure.streams[0] is Stream.MEASURE else {"quantity": 0}
            self._add(measure, **none)

    def _add(self, measure: Measure, **fields: Any) -> None:
        where = _where(measure)
        possible = [dict(zip([f for f, _ in where], values, strict=True)) for values in product(*[a for _, a in where])]
        name = {"name": measure.counting.name} if measure.counting is not None and measure.counting.name else {}
        base = {
            "type": measure.streams[0].value,
            "event_id": f"{self._campaign}-{next(self._ids)}",
            "ts": self._ts,
            "campaign_id": self._campaign,
            **name,
            **fields,
        }
        # Of the values that it may have, the one that fewest others take.
        asked = min(possible, key=lambda some: sum(_takes(other, base | some) for other in self._measures))
        self.events.append(base | asked)


def _takes_alike(one: Measure, other: Measure) -> bool:
    """Whether two measures take the same events."""
    if one.counting is None or other.counting is None or one.streams != other.streams:
        return False
    return (one.counting.name, one.counting.where) == (other.counting.name, other.counting.where)


def _written(amount: Decimal) -> int | str:
    """Whole ones as a number, others as text: both are taken."""
    return int(amount) if amount == int(amount) else str(amount)
