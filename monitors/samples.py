"""Collecting samples into metric families, with bounded label values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256

from monitors.metrics import Definition, Family

LABEL_LIMIT = 200


class Families:
    """Families by definition, in the order they are first used; every defined one appears, even without samples."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._held: dict[str, Family] = {d.name: d.family() for d in definitions}

    def add(self, definition: Definition, labels: Iterable[str], value: float | None) -> None:
        """Add a sample; None is no sample."""
        if value is not None:
            self._held[definition.name].add_metric([label(text) for text in labels], value)

    def __iter__(self) -> Iterator[Family]:
        """All families."""
        return iter(self._held.values())


def label(text: str) -> str:
    """A label value, bounded; what is cut off is told apart by a digest."""
    if len(text) <= LABEL_LIMIT:
        return text
    return f"{text[: LABEL_LIMIT - 9]}…{sha256(text.encode(errors='replace')).hexdigest()[:8]}"


def seconds(ms: int | None) -> float | None:
    """Epoch milliseconds as the seconds that metrics are in."""
    return None if ms is None else ms / 1000
