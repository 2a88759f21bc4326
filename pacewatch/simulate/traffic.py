"""What a simulated campaign does: pure values."""

from __future__ import annotations

from dataclasses import dataclass

from kpis.units import MICROS


@dataclass(frozen=True, slots=True)
class TrafficChange:
    """Something that happens to a campaign in mid flight.

    Attributes:
        at_ms: when, epoch milliseconds.
        ctr: what its click-through rate is multiplied by from then on.
        cvr: what its conversion rate is multiplied by from then on.
    """

    at_ms: int
    ctr: float = 1.0
    cvr: float = 1.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """The traffic of one campaign.

    Attributes:
        campaign: its id.
        start_ms: its first event, epoch milliseconds.
        end_ms: when it stops; None for never.
        every_ms: milliseconds between two impression events.
        batch: impressions in one impression event.
        ctr: the chance that an impression is clicked.
        cvr: the chance that a click converts.
        cost_micros: what one impression event costs, micros.
        value_micros: the mean revenue of a conversion, micros; single ones lie within half of it.
        spend_every: impression events per spend event.
        channels: channel names and their weights.
        change: what happens to it in mid flight.
    """

    campaign: str
    start_ms: int
    end_ms: int | None
    every_ms: float
    batch: int
    ctr: float
    cvr: float
    cost_micros: int
    value_micros: int = 40 * MICROS
    spend_every: int = 1
    channels: tuple[tuple[str, float], ...] = (("search", 1.0),)
    change: TrafficChange | None = None

    def rates_at(self, at_ms: int) -> tuple[float, float]:
        """The click-through and conversion rate at a time."""
        if self.change is None or at_ms < self.change.at_ms:
            return self.ctr, self.cvr
        return self.ctr * self.change.ctr, self.cvr * self.change.cvr
