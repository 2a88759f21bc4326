"""An experiment as a value: variants of a campaign that are compared by a share, from a start on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from kpis.catalogue import Kpi
from kpis.measures import Stream
from monitors.goals.parents.scope import Scope
from monitors.goals.values import Campaign, Flight


@dataclass(frozen=True, slots=True)
class Variant:
    """One of what is compared.

    Attributes:
        name: for people.
        series: the keys of the series that it is the sum of.
    """

    name: str
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Experiment:
    """Variants, and what they are compared by.

    Attributes:
        experiment: its id.
        name: for people.
        kpi: a share of counts.
        variants: what is compared, two at least; lifts are shown against the first.
        start_ms: events from here on count, to the quarter hour.
        end_ms: the first moment after it; None for none.
        timezone: how people read its times.
        alpha: the chance that anything false is ever said of it.
        least_effect: lifts below it are not worth telling; 0 for none.
        is_even: whether each variant should be tried equally often.
        account: whose it is; empty for nobody's.
        owner: who looks after it; empty for nobody.
        slack_channel: where it is told; empty for where all others are.
    """

    experiment: str
    name: str
    kpi: Kpi
    variants: tuple[Variant, ...]
    start_ms: int
    end_ms: int | None = None
    timezone: str = "UTC"
    alpha: float = 0.05
    least_effect: float = 0.0
    is_even: bool = False
    account: str = ""
    owner: str = ""
    slack_channel: str = ""

    @property
    def series(self) -> tuple[str, ...]:
        """The keys of all series that it is about."""
        return tuple(name for variant in self.variants for name in variant.series)

    @property
    def streams(self) -> frozenset[Stream]:
        """The streams that its counts come from."""
        return frozenset((*self.kpi.above.streams, *self.kpi.below.streams))

    @property
    def pairs(self) -> int:
        """How many comparisons there are, among which the chance of a false one is shared."""
        return len(self.variants) * (len(self.variants) - 1) // 2

    def moved(self, ms: int) -> Experiment:
        """The same so many milliseconds later."""
        return replace(self, start_ms=self.start_ms + ms, end_ms=None if self.end_ms is None else self.end_ms + ms)

    @property
    def stands_for(self) -> Campaign:
        """What it is told as: no event has its id.

        What was told of it is of another one once its start is later, whether or not it had an end: so its flight, for
        whoever keeps what was told, is over when it has begun.
        """
        return Campaign(
            f"{Scope.EXPERIMENT}={self.experiment}",
            self.name,
            Flight(self.start_ms, self.start_ms + 1, self.timezone),
            (),
            account=self.account,
            owner=self.owner,
            slack_channel=self.slack_channel,
            scope=Scope.EXPERIMENT,
        )
