"""Policies of the write side, as settings say."""

from __future__ import annotations

from kpis.measures import Stream
from kpis.settings.shared import Settings
from kpis.times import DAY_MS
from kpis.units import MICROS
from streams.events.decode import DecodePolicy
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy


def decode_policy(settings: Settings) -> DecodePolicy:
    """What these settings accept."""
    return DecodePolicy(
        rates=settings.rates,
        currency=settings.currency,
        max_age_ms=settings.history_days * DAY_MS,
        max_ahead_ms=settings.max_ahead_s * 1000,
        dedupe=deduped(settings),
        max_micros=settings.max_event_money * MICROS - 1,
        max_quantity=settings.max_event_quantity,
    )


def partition_policy(settings: Settings, partitions: int) -> PartitionPolicy:
    """What these settings keep per partition."""
    series, hours = series_policy(settings), settings.dedupe_hours
    return PartitionPolicy(settings.the_windows, series, deduped(settings), hours, partitions)


def series_policy(settings: Settings) -> SeriesPolicy:
    """How these settings make series."""
    return SeriesPolicy(settings.the_breakdowns, settings.max_series, settings.max_campaigns)


def deduped(settings: Settings) -> frozenset[Stream]:
    """The streams whose ids count once."""
    return frozenset(s for s in Stream if s is not Stream.IMPRESSION or settings.dedupe_impressions)
