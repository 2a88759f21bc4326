"""The catalogue that a worker counts by: from its file to columns of stored rows that are claimed for good.

A new version of the file is used once its columns are claimed; partitions are then taken anew, each with rows as wide
as all columns that any worker ever claimed. What cannot be used changes nothing, and is said once. A measure is counted
since the last partition was taken anew with it: what readers divide by it begins there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping

from kpis.catalogue import CORE, Catalogue
from kpis.contract.claimed import NO_CLAIMS, Columns, fields_of
from kpis.measures import Stream
from kpis.packs.catalogue_source import CatalogueSource
from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Misconfigured
from streams.events.decode import DecodePolicy, Decoder
from streams.events.takings import CORE_PLAN, MeasurePlan
from streams.store.store import Store

log = logging.getLogger(__name__)


class CatalogueInUse:
    """What is counted beside the core, as of now.

    Args:
        source: the file.
        store: where columns are claimed.
        accepts: what decoders accept.
        clock: says since when something is counted.

    Attributes:
        catalogue: the last one whose columns were claimed.
        problem: why the file as it is now is not used; empty while it is.
    """

    def __init__(
        self, source: CatalogueSource, store: Store, accepts: DecodePolicy, clock: Clock | None = None
    ) -> None:
        self.catalogue: Catalogue = CORE
        self.problem = ""
        self._source, self._store, self._accepts = source, store, accepts
        self._clock = clock or Clock()
        self._columns = NO_CLAIMS
        self._anew: frozenset[str] = frozenset()
        self._decoders: tuple[MeasurePlan, Mapping[Stream, Decoder]] | None = None

    async def begin(self) -> None:
        """Use the file as it is at the start.

        Raises:
            Misconfigured: there is no room for its columns.
            Unreachable: Redis does not answer.
        """
        found = self._source.value
        if self._store.is_fresh:
            # Nothing was counted before: of all there will ever be, all is counted.
            await self._store.claim(_fields(found), self._columns, now_ms=0, anew=_fields(found))
        await self._claim(found)
        self.catalogue = found
        if self.catalogue is not CORE:
            log.info("%s", _said(self.catalogue))

    async def refresh(self) -> bool:
        """Look at the file, and claim what it adds; answers whether another catalogue is in use now.

        Raises:
            Unreachable: Redis does not answer; the next look tries again.
        """
        await asyncio.to_thread(self._source.refresh, monotonic())
        problem, found = self._source.problem, self._source.value
        # By now all partitions were taken anew with what the last look found.
        self._anew = frozenset()
        is_new = found is not self.catalogue and found != self.catalogue
        if is_new:
            try:
                added = frozenset(_fields(found)) - frozenset(_fields(self.catalogue))
                await self._claim(found, added)
                self._anew = added
            except Misconfigured as e:
                is_new, problem = False, str(e)
        if problem and problem != self.problem:
            log.error("%s; the last good version stays in use", problem)
        self.problem = problem
        if is_new:
            self.catalogue = found
            log.info("%s; partitions are taken anew with it", _said(found))
        return is_new

    async def plan(self) -> MeasurePlan:
        """What is counted from now on, in columns that include those of all other workers.

        Raises:
            Misconfigured: Redis forgot the columns, and has no room for them any more.
            Unreachable: Redis does not answer.
        """
        catalogue = self.catalogue
        columns = await self._claim(catalogue, self._anew)
        return CORE_PLAN if catalogue is CORE and not columns.claimed else MeasurePlan(catalogue, columns)

    def decoders(self, plan: MeasurePlan) -> Mapping[Stream, Decoder]:
        """The decoders of all streams; those of partitions that count alike are the same."""
        if self._decoders is None or self._decoders[0] != plan:
            self._decoders = plan, {stream: Decoder(stream, self._accepts, plan) for stream in Stream}
        return self._decoders[1]

    async def _claim(self, catalogue: Catalogue, anew: Collection[str] = ()) -> Columns:
        now_ms = self._clock.now_ms()
        self._columns = await self._store.claim(_fields(catalogue), self._columns, now_ms=now_ms, anew=anew)
        return self._columns


def _fields(catalogue: Catalogue) -> list[str]:
    return [field for measure in catalogue.added_measures for field in fields_of(measure)]


def _said(catalogue: Catalogue) -> str:
    measures, kpis = len(catalogue.added_measures), len(catalogue.added_kpis)
    return f"catalogue: {measures:,} measures and {kpis:,} KPIs beside the core's are in use"
