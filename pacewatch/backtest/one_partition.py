"""The write side in process: one partition, counted by the worker's own code and flushed at each look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from kpis.catalogue import CORE, Catalogue
from kpis.contract import layout
from kpis.contract.published import Layout
from kpis.measures import Row, Stream, unpack, zeros
from kpis.reasons import Reject
from kpis.series import is_parent
from kpis.settings.shared import Settings
from kpis.times import DAY_MS, HOUR_MS
from kpis.windows import DAY
from monitors.goals.values import Campaign, RatioGoal
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot, StreamHealth
from pacewatch.backtest.beside_core import BesideCore
from pacewatch.backtest.campaign_quarters import counted_of, quarters_of
from streams.events.decode import Batch, Decoder
from streams.events.takings import CORE_PLAN
from streams.policies import decode_policy, partition_policy
from streams.state.lateness import Lateness
from streams.state.partition import Partition
from streams.state.watermark import Progress, StreamReading, read_stream

_SWEEP_MS = HOUR_MS


class OnePartition:
    """Counts everything; remembers the quarter hours of campaigns with goals, and of their parents.

    Args:
        settings: what is accepted and kept.
        campaigns: those with goals, then their parents.
        from_ms: the clock at the first look.
        catalogue: what is counted.

    Attributes:
        quarters: of each campaign and parent with goals, by series.
    """

    def __init__(
        self, settings: Settings, campaigns: Iterable[Campaign], from_ms: int, catalogue: Catalogue = CORE
    ) -> None:
        campaigns = tuple(campaigns)
        asked = {g.window for c in campaigns for g in c.goals if isinstance(g, RatioGoal)} | {DAY}
        windows = tuple(w for w in settings.the_windows if w.name in asked)
        names = tuple(w.name for w in windows)
        self._layout = Layout(1, settings.currency, names, settings.history_days)
        self._catalogue, width = catalogue, catalogue.width
        self._beside: BesideCore | None = None
        if catalogue.added_measures:
            self._beside = BesideCore(catalogue, frozenset(c.series for c in campaigns if not c.is_parent))
        plan = CORE_PLAN if self._beside is None else self._beside.plan
        policy = replace(partition_policy(settings, 0), windows=windows, plan=plan)
        # Goals are of whole campaigns. One partition has to hold those of all of them.
        most = policy.series.max_campaigns * settings.partitions
        series = replace(policy.series, breakdowns=(), max_campaigns=most, max_series=policy.series.max_series + most)
        self._state = Partition(0, replace(policy, series=series))
        self._decoders = {s: Decoder(s, decode_policy(settings), plan) for s in Stream}
        self._late = {s: Lateness() for s in Stream}
        self._reached: dict[Stream, int] = {}
        self._readings = {s: StreamReading(None, 0) for s in Stream}
        self._swept_ms = from_ms
        self._known: set[str] = set()
        oldest = from_ms - settings.history_days * DAY_MS
        self.quarters = quarters_of(campaigns, oldest, width)
        self._quarters = counted_of(campaigns, self.quarters, oldest, width)
        self._counted = frozenset(self._quarters)
        self._state.registry.protect(self._counted)

    @property
    def currency(self) -> str:
        """The base currency."""
        return self._layout.currency

    @property
    def counted(self) -> int:
        """Events counted so far."""
        return sum(n for name, n in self._state.counters.items() if name.startswith(layout.ACCEPTED))

    @property
    def repeats(self) -> int:
        """Events whose id had been counted."""
        return sum(n for name, n in self._state.counters.items() if name.startswith(layout.DUPLICATE))

    @property
    def refused(self) -> dict[tuple[Stream, Reject], int]:
        """Events refused so far, by stream and reason."""
        found: Counter[tuple[Stream, Reject]] = Counter()
        for name, count in self._state.counters.items():
            if name.startswith(layout.REJECTED):
                stream, _, reason = name.removeprefix(layout.REJECTED).partition(":")
                found[Stream(stream), Reject(reason)] += count
        return dict(found)

    def count(self, values: Mapping[Stream, list[bytes]], now_ms: int) -> None:
        """Count records, each stream's in order."""
        for stream, records in values.items():
            batch = self._decoders[stream].decode(records, now_ms)
            self._add(stream, batch, len(records), now_ms)

    def look(self, now_ms: int) -> Snapshot:
        """What a monitor would read now: everything that came is counted, so the watermark is now."""
        self._state.tick(now_ms)
        self._flush(now_ms)
        if now_ms - self._swept_ms >= _SWEEP_MS:
            self._swept_ms = now_ms
            self._state.sweep(now_ms)
        health = PartitionHealth(0, now_ms, caught_up=True, flushed_at_ms=now_ms, streams=self._streams(now_ms))
        rows = {series: SeriesRows(self._windows(series, now_ms), (0,)) for series in self._known}
        own = {series: rows.pop(series) for series in self._known if is_parent(series)}
        return Snapshot(self._layout, now_ms, (health,), rows, {}, catalogue=self._catalogue, own=own)

    def _add(self, stream: Stream, batch: Batch, records: int, now_ms: int) -> None:
        state = self._state
        numbers = state.register(batch)
        # What series had that fell silent and were let go of is nobody's question here.
        state.adopt({})
        if refused := state.overflowing(batch, numbers):
            batch = batch.without(refused, Reject.OVERFLOW)
            numbers = state.register(batch)
        offset = state.offsets.get(stream, 0) + records
        arrived = state.add(batch, numbers, stream, offset, records=records, now_ms=now_ms)
        self._late[stream].count(arrived.times, now_ms)
        if arrived.latest_ms:
            self._reached[stream] = max(arrived.latest_ms, self._reached.get(stream, 0))

    def _flush(self, now_ms: int) -> None:
        if not self._state.pending:
            return
        flush = self._state.take_flush({}, documented=False)
        if self._beside is not None:
            for series, quarter, row in self._beside.keep(flush, self._counted, now_ms):
                self._quarters[series].put(quarter, row)
        else:
            for (series, quarter), packed in flush.history.items():
                if series in self._counted:
                    self._quarters[series].put(quarter, unpack(packed))
            for (series, quarter), row in flush.late.items():
                if series in self._counted:
                    self._quarters[series].add(quarter, row)
        self._known.update(s for s in self._counted if self._state.registry.index(s) is not None)

    def _windows(self, series: str, now_ms: int) -> dict[str, Row]:
        index = self._state.registry.index(series)
        if index is None:
            return {ring.window.name: zeros(self._catalogue.width) for ring in self._state.rings}
        if self._beside is not None:
            return self._beside.windows(series, {ring.window: ring.sums[index] for ring in self._state.rings}, now_ms)
        return {ring.window.name: tuple(ring.sums[index].tolist()) for ring in self._state.rings}

    def _streams(self, now_ms: int) -> dict[Stream, StreamHealth]:
        found: dict[Stream, StreamHealth] = {}
        for stream in Stream:
            late, reached = self._late[stream].late_ms, self._reached.get(stream)
            progress = Progress(behind=False, reached_ms=reached)
            self._readings[stream] = read_stream(self._readings[stream], now_ms, progress, late or 0)
            found[stream] = StreamHealth(self._readings[stream].at_ms, reached, late)
        return found
