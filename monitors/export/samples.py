"""Collecting samples into metric families."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from kpis.series import OTHER
from monitors.export.exposition import Format, Samples, head
from monitors.metric_kinds import Definition


class Families:
    """Families by definition, in the order they are first used; every defined one appears, even without samples."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._definitions = tuple(dict.fromkeys(definitions))
        self._held = {d.name: Samples(d) for d in self._definitions}

    def add(self, definition: Definition, labels: Sequence[str], value: float | None) -> None:
        """Add a sample; None is no sample."""
        if value is not None:
            self._held[definition.name].add(labels, value)

    def text(self, text_format: Format) -> Iterator[str]:
        """All families, without the format's last line."""
        for definition in self._definitions:
            yield head(definition, text_format)
            yield from self._held[definition.name].lines


def campaign_label(campaign: str) -> str:
    """The label of a campaign; one that is really called ``__other__``, or so with ``%`` before it, gets one more."""
    return f"%{campaign}" if campaign.lstrip("%") == OTHER else campaign


def seconds(ms: int | None) -> float | None:
    """Epoch milliseconds as the seconds that metrics are in."""
    return None if ms is None else ms / 1000
