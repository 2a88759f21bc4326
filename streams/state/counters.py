"""Counters of a partition, by the names of their meta fields: they are written with the state, and never go back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from kpis.arrays import Mask
from kpis.contract import layout
from streams.events.decode import Batch
from streams.state.registry import Sign

_OF_SIGNS = {
    Sign.FOLDED: layout.FOLDED,
    Sign.FOLDED_CAMPAIGN: layout.FOLDED_CAMPAIGNS,
    Sign.MISROUTED: layout.MISROUTED,
}


class EventCounters(Counter[str]):
    """Meta counter to its value."""

    def count(self, batch: Batch, keep: Mask | None, signs: Mapping[Sign, int]) -> None:
        """Count the events of a batch.

        Args:
            batch: decoded.
            keep: which of its events are no repeats; None when they were not compared.
            signs: how many of those have each sign.
        """
        stream = batch.stream
        counted = len(batch.times) if keep is None else int(keep.sum())
        if keep is not None:
            self[f"{layout.DUPLICATE}{stream}"] += len(batch.times) - counted
        self[f"{layout.ACCEPTED}{stream}"] += counted
        for _, reason in batch.rejected:
            self[f"{layout.REJECTED}{stream}:{reason}"] += 1
        for sign, count in signs.items():
            self[f"{_OF_SIGNS[sign]}{stream}"] += count

    def note(self, topic: str, gaps: Mapping[str, int]) -> None:
        """Count what is missing from a topic: meta counter's prefix to how many."""
        for prefix, gain in gaps.items():
            if gain:
                self[f"{prefix}{topic}"] += gain
