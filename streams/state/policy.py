"""What a partition keeps."""

from __future__ import annotations

from dataclasses import dataclass

from kpis.measures import Stream
from kpis.windows import Window
from streams.events.takings import CORE_PLAN, MeasurePlan
from streams.state.registry import SeriesPolicy


@dataclass(frozen=True, slots=True)
class PartitionPolicy:
    """What a partition keeps.

    Attributes:
        windows: rolling windows, the last one 24h.
        series: how groups become series.
        dedupe: streams whose event ids count once.
        dedupe_hours: for how many hours an id is remembered.
        partitions: how many partitions there are; 0 when that is not known, and nothing is told of misrouted events.
        plan: what is counted beside the core.
    """

    windows: tuple[Window, ...]
    series: SeriesPolicy
    dedupe: frozenset[Stream]
    dedupe_hours: int
    partitions: int = 0
    plan: MeasurePlan = CORE_PLAN
