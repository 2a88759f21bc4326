"""The catalogue that a worker counts by: from its file to columns of stored rows that are claimed for good.

A new version of the file is used once its columns are claimed; partitions are then taken anew, each with rows as wide
as all columns that any worker ever claimed. What cannot be used changes nothing, and is said once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from kpis.catalogue import CORE, Catalogue
from kpis.contract.claimed import NO_CLAIMS, Columns, fields_of
from kpis.measures import Stream
from kpis.packs.catalogue_source import CatalogueSource
from kpis.runtime.clock import monotonic
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

    Attributes:
        catalogue: the last one whose columns were claimed.
        problem: why the file as it is now is not used; empty while it is.
    """

    def __init__(self, source: CatalogueSource, store: Store, accepts: DecodePolicy) -> None:
        self.catalogue: Catalogue = CORE
        self.problem = ""
        self._source, self._store, self._accepts = source, store, accepts
        self._columns = NO_CLAIMS
        self._decoders: tuple[MeasurePlan, Mapping[Stream, Decoder]] | None = None

    async def begin(self) -> None:
        """Use the file as it is at the start.

        Raises:
            Misconfigured: there is no room for its columns.
            Unreachable: Redis does not answer.
        """
        await self._claim(self._source.value)
        self.catalogue = self._source.value
        if self.catalogue is not CORE:
            log.info("%s", _said(self.catalogue))

    async def refresh(self) -> bool:
        """Look at the file, and claim what it adds; answers whether another catalogue is in use now.

        Raises:
            Unreachable: Redis does not answer; the next look tries again.
        """
        await asyncio.to_thread(self._source.refresh, monotonic())
        problem, found = self._source.problem, self._source.value
        is_new = found is not self.catalogue and found != self.catalogue
        if is_new:
            try:
                await self._claim(found)
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
        columns = await self._claim(catalogue)
        return CORE_PLAN if catalogue is CORE and not columns.claimed else MeasurePlan(catalogue, columns)

    def decoders(self, plan: MeasurePlan) -> Mapping[Stream, Decoder]:
        """The decoders of all streams; those of partitions that count alike are the same."""
        if self._decoders is None or self._decoders[0] != plan:
            self._decoders = plan, {stream: Decoder(stream, self._accepts, plan) for stream in Stream}
        return self._decoders[1]

    async def _claim(self, catalogue: Catalogue) -> Columns:
        fields = [field for measure in catalogue.added_measures for field in fields_of(measure)]
        self._columns = await self._store.claim(fields, self._columns)
        return self._columns


def _said(catalogue: Catalogue) -> str:
    measures, kpis = len(catalogue.added_measures), len(catalogue.added_kpis)
    return f"catalogue: {measures:,} measures and {kpis:,} KPIs beside the core's are in use"
