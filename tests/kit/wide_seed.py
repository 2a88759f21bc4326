"""Seeding Redis as a worker writes it that counts more than the core: by hand, for tests of the read side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from redis.asyncio import Redis

from kpis.catalogue import Catalogue
from kpis.contract import layout
from kpis.contract.claimed import Columns, fields_of, stored_names
from kpis.measures import WIDTH, pack
from kpis.packs.catalogue_file import parse
from kpis.times import QUARTER_MS, day_of, quarter_of
from tests.kit.monitor_fakes import Seed

CATALOGUE = """
measures:
  visits: {meaning: Sessions of the site.}
  hours: {unit: hours, meaning: Hours that were worked.}
  followers: {level: true, meaning: Followers.}
  reach: {stream: impressions, distinct: user_id, meaning: Different people that were served.}
  fee: {unit: money, meaning: What the agency earns.}
kpis:
  cost_per_visit: {formula: spend / visits, better: lower, meaning: Spend per session.}
  visit_rate: {formula: visits / clicks, unit: share, meaning: Sessions per click.}
  roi: {formula: (revenue - spend) / spend, meaning: Return on investment.}
  frequency: {formula: impressions / reach, meaning: Impressions per person.}
  per_hour: {formula: fee / hours, meaning: Earned per hour.}
"""
"""Of each kind of measure one, and KPIs over them."""


def catalogue() -> Catalogue:
    """It as a value."""
    return parse(CATALOGUE, "catalogue.yml")


class WideSeed(Seed):
    """Writes to Redis what a worker with a catalogue would.

    Args:
        redis: where.
        of: its catalogue.
        partitions: how many there are.
    """

    def __init__(self, redis: Redis, of: Catalogue, partitions: int = 2) -> None:
        super().__init__(redis, partitions)
        self.of = of
        self.columns = Columns()

    async def claim(self, *titles: str) -> None:
        """Claim columns of measures, in this order; of all that are added, where none is named."""
        claimed = dict(self.columns.claimed)
        for title in titles or [m.title for m in self.of.added_measures]:
            for name in fields_of(self.of.by_title[title]):
                claimed.setdefault(name, WIDTH + len(claimed))
        self.columns = Columns(claimed)
        await self._redis.hset(layout.COLUMNS, mapping=claimed)

    async def document(self, partition: int, series: str, windows: Mapping[str, Mapping[str, int]]) -> None:
        """A KPI document by stored names; what is not given is zero, and left out as workers do."""
        raw = json.dumps({"as_of": 0, "windows": windows}).encode()
        await self._redis.hset(layout.kpi(partition), series, raw)

    async def quarter(self, partition: int, series: str, at_ms: int, values: Mapping[str, int]) -> None:
        """One quarter hour of history by stored names, as wide as what is claimed."""
        row = [0] * self.columns.width
        for measure in self.of.measures:
            for name, column in zip(stored_names(measure), self.columns.of(measure) or (), strict=False):
                row[column] = values.get(name, 0)
        key = layout.history(partition, series, day_of(at_ms))
        await self._redis.hset(key, quarter_of(at_ms), pack(row))

    async def ids(self, partition: int, title: str, series: str, at_ms: int | None, ids: Iterable[str]) -> None:
        """Ids of a distinct measure in a quarter hour, or of all time."""
        (name,) = fields_of(self.of.by_title[title])
        key = layout.sketch(partition, name, series, None if at_ms is None else at_ms // QUARTER_MS)
        client: Any = self._redis
        await client.pfadd(key, *ids)
