"""What a batch gives added measures: amounts that are summed, levels, and ids. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kpis.arrays import Int64s, Mask
from kpis.measures import Kind, Takes
from kpis.units import MICROS
from streams.events.decode import Batch
from streams.events.takings import Form, MeasurePlan, Taking

Summed = tuple[int, Int64s]
"""A column, and what each event adds to it."""


@dataclass(slots=True)
class AddedAmounts:
    """What a batch gives.

    Attributes:
        sums: column, and what each event adds.
        levels: column, the level that each event tells, and which of them tell one.
        ids: sketch, and which id each event has; None for none.
    """

    sums: list[Summed] = field(default_factory=list)
    levels: list[tuple[int, Int64s, Mask]] = field(default_factory=list)
    ids: list[tuple[str, list[bytes | None]]] = field(default_factory=list)


NOTHING_ADDED = AddedAmounts()


def added_amounts(batch: Batch, plan: MeasurePlan) -> AddedAmounts:
    """What the events of a batch give the measures beside the core."""
    takings = plan.takings[batch.stream]
    if not takings or not batch.times:
        return NOTHING_ADDED
    columns, found = _BatchColumns(batch, plan.filtered(batch.stream)), AddedAmounts()
    for taking in takings:
        chosen = columns.chosen(taking)
        if chosen is not None and not chosen.any():
            continue
        if taking.kind is Kind.DISTINCT:
            ids = columns.ids(taking, chosen)
            found.ids.append((taking.sketch, ids))
            found.sums.append((taking.column, np.fromiter((i is not None for i in ids), np.int64, len(ids))))
            continue
        values, has = columns.values(taking)
        if taking.kind is Kind.LEVEL:
            found.levels.append((taking.column, values, has if chosen is None else has & chosen))
        else:
            found.sums.append((taking.column, values if chosen is None else values * chosen))
    return found


class _BatchColumns:
    """The columns of a batch as arrays, each made once."""

    def __init__(self, batch: Batch, filtered: Mapping[str, Iterable[str]]) -> None:
        self._batch, self._size = batch, len(batch.times)
        self._codes = {name: {value: n for n, value in enumerate(values, 1)} for name, values in filtered.items()}
        self._made: dict[Any, Any] = {}

    def chosen(self, taking: Taking) -> Mask | None:
        """Which events a measure takes; None for all."""
        asked = [("name", frozenset({taking.name})), *taking.where] if taking.name else taking.where
        found: Mask | None = None
        for name, allowed in asked:
            codes = self._codes[name]
            is_allowed = np.zeros(len(codes) + 1, np.bool_)
            is_allowed[[codes[value] for value in allowed]] = True
            mine = is_allowed[self._coded(name)]
            found = mine if found is None else found & mine
        return found

    def ids(self, taking: Taking, chosen: Mask | None) -> list[bytes | None]:
        """The ids that a distinct count takes."""
        assert taking.field is not None
        ids: list[Any] = self._batch.fields[taking.field]
        return ids if chosen is None else [i if c else None for i, c in zip(ids, chosen.tolist(), strict=True)]

    def values(self, taking: Taking) -> tuple[Int64s, Mask]:
        """What a measure takes of each event, and which of them have it."""
        batch, all_have = self._batch, self._once("all", lambda: np.ones(self._size, np.bool_))
        if taking.field is not None:
            read = batch.fields[taking.field]
            values = self._once(taking.field, lambda: np.array([r or 0 for r in read], np.int64))
            return values, self._once((taking.field, "has"), lambda: np.array([r is not None for r in read], np.bool_))
        if taking.takes is Takes.COUNT:
            return self._once("ones", lambda: np.ones(self._size, np.int64)), all_have
        if taking.takes is Takes.MONEY or taking.form is Form.MONEY:
            return self._once("money", lambda: np.array(batch.money, np.int64)), all_have
        values = self._once("quantities", lambda: np.array(batch.quantities, np.int64))
        if taking.takes is Takes.VALUE and taking.form is Form.WHOLE:
            values = self._once("whole", lambda: values // MICROS)
        return values, all_have

    def _coded(self, name: str) -> Int64s:
        """The value of a field of each event as its number among those that filters name; 0 for any other."""
        code = self._codes[name].get
        found: Int64s = self._once(
            (name, "codes"),
            lambda: np.fromiter((code(getattr(e, name), 0) for e in self._batch.events), np.int64, self._size),
        )
        return found

    def _once(self, name: Any, make: Callable[[], Any]) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]
