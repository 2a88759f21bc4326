"""One campaign's breakdowns, read when somebody looks at them: the monitor need not hold everybody's all the time.

Redis looks at all series of a partition for them, some thousands at a time with others served in between. What is
found is of several flushes, so its sums may differ from the campaign's own by what came meanwhile.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from kpis.contract import layout
from kpis.contract.published import fetch_layout
from kpis.contract.redis_client import answers
from kpis.contract.row_format import RowFormat, SharedFormat, unknown
from kpis.measures import Row
from kpis.runtime.clock import monotonic
from kpis.series import breakdown_prefix
from kpis.windows import TOTAL
from monitors.read.decoding import Problems, read_document, read_series
from monitors.read.window_rows import WindowRows, added

_COUNT = 5_000
"""Series that Redis looks at in one step: a millisecond or two."""
REMEMBER_S = 2.0
"""For how many real seconds an answer is given again: many may look at one campaign."""
_MOST_REMEMBERED = 100
_GLOB = re.compile(r"([\\*?\[\]^])")

Windows = Mapping[str, Row]


class Breakdowns:
    """Reads them.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.
        shared: how rows are read; None for the core's.
    """

    def __init__(self, redis: Any, address: str, shared: SharedFormat | None = None) -> None:
        self._format = shared or SharedFormat()
        self._of = self._format.now
        self._redis = redis
        self._address = address
        self._held: dict[str, tuple[float, Mapping[str, Windows]]] = {}

    async def of(self, campaign: str) -> Mapping[str, Windows]:
        """Breakdown (``channel=search``) to the rows of its windows, added over all partitions.

        Raises:
            Unreachable: Redis does not answer.
            BadLayout: no worker has written to it yet.
        """
        now = monotonic()
        if self._of is not self._format.now:
            self._of, self._held = self._format.now, {}
        self._held = {name: held for name, held in self._held.items() if held[0] > now}
        if campaign in self._held:
            return self._held[campaign][1]
        of = self._of
        found = await self._read(breakdown_prefix(campaign), of)
        if of is self._of and len(self._held) < _MOST_REMEMBERED:
            self._held[campaign] = (now + REMEMBER_S, found)
        return found

    async def _read(self, prefix: str, of: RowFormat) -> Mapping[str, Windows]:
        parts: dict[str, list[WindowRows]] = {}
        found = await fetch_layout(self._redis, self._address)
        with answers(self._address):
            for partition in range(found.partitions):
                for series, rows in (await self._partition(partition, prefix, of)).items():
                    parts.setdefault(series.removeprefix(prefix), []).append(rows)
        names = (*found.windows, TOTAL)
        return {name: unknown(added(rows, names), of.uncounted) for name, rows in parts.items()}

    async def _partition(self, number: int, prefix: str, of: RowFormat) -> dict[str, WindowRows]:
        # Redis may name a series twice; what it named last is newest. What cannot be read is counted by the reader
        # of all documents.
        found: dict[str, WindowRows] = {}
        ignored: Problems = Counter()
        match = _GLOB.sub(r"\\\1", prefix) + "*"
        async for raw_name, raw in self._redis.hscan_iter(layout.kpi(number), match=match, count=_COUNT):
            name, rows = read_series(raw_name, ignored), read_document(raw, ignored, of)
            if name is not None and rows is not None:
                found[name] = rows
        return found
