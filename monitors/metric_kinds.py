"""What a metric is: its name, type, help and labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

Family = CounterMetricFamily | GaugeMetricFamily


class Type(StrEnum):
    """The metric types in use."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Definition:
    """One metric. ``labels`` are in the order in which samples give their values."""

    name: str
    type: Type
    help: str
    labels: tuple[str, ...] = ()

    def family(self) -> Family:
        """An empty family to add samples to."""
        if self.type is Type.COUNTER:
            return CounterMetricFamily(self.name, self.help, labels=self.labels)
        return GaugeMetricFamily(self.name, self.help, labels=self.labels)


def counter_of(name: str, text: str, *labels: str) -> Definition:
    """A counter, whose name ends in _total."""
    return Definition(f"pacewatch_{name}_total", Type.COUNTER, text, labels)


def gauge_of(name: str, text: str, *labels: str) -> Definition:
    """A gauge."""
    return Definition(f"pacewatch_{name}", Type.GAUGE, text, labels)
