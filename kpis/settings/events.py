"""Settings about what is counted: money, windows, breakdowns, bounds, repeats."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

from pydantic import Field, field_validator

from kpis.series import DIMENSIONS
from kpis.settings.environment import EnvSettings
from kpis.windows import Window, parse_windows


class EventSettings(EnvSettings):
    """What is counted."""

    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="Base currency, ISO 4217.")
    fx_rates: str = Field("", description="Other currencies in base units: EUR=1.08,GBP=1.27.")
    windows: str = Field(
        "1m,5m,1h,24h", description="Rolling windows, from 1m to 24h, commas between; 24h is always kept."
    )
    breakdowns: str = Field(
        "channel",
        description="Breakdowns, commas between, of account, channel, ad_group, creative, variant, country, device; "
        "channel+country is one of two dimensions.",
    )
    history_days: int = Field(40, ge=2, le=4000, description="Days of quarter hours kept, and accepted late.")
    max_ahead_s: int = Field(300, ge=0, le=86_400, description="Seconds an event may lie ahead of now.")
    max_series: int = Field(
        20_000,
        ge=1,
        le=10_000_000,
        description="Series in memory per partition; beyond it new breakdown values are __other__.",
    )
    # 100,000 campaigns over four partitions, and a fifth more on one of them.
    max_campaigns: int = Field(
        30_000, ge=1, le=10_000_000, description="Campaigns in memory per partition; beyond it new ones are __other__."
    )
    max_event_money: int = Field(
        10**10, ge=1, le=10**10, description="The most money of one event, in units of the base currency."
    )
    max_event_quantity: int = Field(10**9, ge=1, le=10**9, description="The largest count one event may carry.")
    catalogue: Path | None = Field(
        None, description="Catalogue file: packs, measures and KPIs beside the core's. Read again when it changes."
    )
    dedupe_impressions: bool = Field(False, description="Count impressions once per event_id too.")
    dedupe_hours: int = Field(24, ge=1, le=24 * 40, description="Hours an event id is remembered.")

    @field_validator("windows")
    @classmethod
    def _windows(cls, value: str) -> str:
        parse_windows(value)
        return value

    @field_validator("breakdowns")
    @classmethod
    def _breakdowns(cls, value: str) -> str:
        parse_breakdowns(value)
        return value

    @field_validator("fx_rates")
    @classmethod
    def _fx_rates(cls, value: str) -> str:
        parse_rates(value)
        return value

    @property
    def the_windows(self) -> tuple[Window, ...]:
        """The rolling windows, shortest first; the last is 24h."""
        return parse_windows(self.windows)

    @property
    def the_breakdowns(self) -> tuple[tuple[str, ...], ...]:
        """The breakdowns, each a tuple of dimensions."""
        return parse_breakdowns(self.breakdowns)

    @property
    def rates(self) -> dict[str, Decimal]:
        """Base units for one unit of each known currency; the base itself is 1."""
        return parse_rates(self.fx_rates) | {self.currency: Decimal(1)}


def parse_breakdowns(text: str) -> tuple[tuple[str, ...], ...]:
    """Read a breakdown list: ``channel,channel+country``.

    Raises:
        ValueError: a dimension is unknown.
    """
    found = tuple(tuple(d.strip() for d in part.split("+")) for part in text.split(",") if part.strip())
    for dimension in (d for breakdown in found for d in breakdown):
        if dimension not in DIMENSIONS:
            raise ValueError(f"unknown dimension {dimension[:40]!r}; known are {', '.join(DIMENSIONS)}")
    return found


def parse_rates(text: str) -> dict[str, Decimal]:
    """Read exchange rates: ``EUR=1.08,GBP=1.27``.

    Raises:
        ValueError: an entry is not CODE=positive decimal.
    """
    rates: dict[str, Decimal] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        code, _, rate = entry.partition("=")
        try:
            rates[code] = Decimal(rate)
        except InvalidOperation:
            raise ValueError(f"{entry[:40]!r} is not CODE=rate") from None
        if not (len(code) == 3 and code.isascii() and code.isupper()):
            raise ValueError(f"{code[:40]!r} is not a currency code")
        if not rates[code].is_finite() or rates[code] <= 0:
            raise ValueError(f"the rate of {code} is not positive")
    return rates
