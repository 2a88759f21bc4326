"""One reading of Redis, as frozen values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kpis.catalogue import CORE, NOTHING_LACKS, Catalogue, Value
from kpis.contract.claimed import Columns, mark_of
from kpis.contract.published import Layout
from kpis.measures import Row, Stream
from kpis.series import campaign_part, key, of_shown, parts
from kpis.windows import TOTAL, parse_window
from monitors.read.changes import Why
from monitors.read.memory import Memory


class ReadProblem(StrEnum):
    """What was found in Redis that cannot be used; it is left out and counted."""

    BAD_DOCUMENT = "bad_document"
    """A KPI document is not what the worker writes."""
    BAD_SERIES = "bad_series"
    """A series key is not UTF-8."""
    BAD_META = "bad_meta"
    """A field of a partition's meta hash is not a number."""
    BAD_HISTORY = "bad_history"
    """A quarter hour of history is not a packed row."""
    BAD_KEY = "bad_key"
    """A key holds another type than the layout says."""


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """How one stream of one partition stands; None what the worker did not say.

    Attributes:
        watermark_ms: the event time up to which it is complete.
        reached_ms: the latest event time counted, now at most.
        late_ms: how late its feed is by habit.
    """

    watermark_ms: int | None = None
    reached_ms: int | None = None
    late_ms: int | None = None


@dataclass(frozen=True, slots=True)
class PartitionHealth:
    """How one partition stands.

    Attributes:
        number: which.
        watermark_ms: of its event time; None before its first event.
        caught_up: whether it had read all that Kafka held; None when the worker did not say.
        flushed_at_ms: the worker's clock at its last flush; None when the worker did not say.
        lag: records not yet read, by topic.
        counters: counters by meta field (``accepted:click``, ``rejected:click:not_json``, ...).
        letters: dead letters that wait in Redis for Kafka.
        held: whether reading it waits, because too many of them do.
        canary_ms: when the last canary that it has read had been sent, real time; None when none was.
        parked: why it cannot go on, and is tried again later; empty when it can.
        streams: its streams, those that the worker told of.
        measures: what tells the measures that its worker counts from others; None when it did not say.
    """

    number: int
    watermark_ms: int | None = None
    caught_up: bool | None = None
    flushed_at_ms: int | None = None
    lag: Mapping[str, int] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)
    letters: int = 0
    held: bool = False
    canary_ms: int | None = None
    parked: str = ""
    streams: Mapping[Stream, StreamHealth] = field(default_factory=dict)
    measures: int | None = None

    def complete_to(self, streams: Iterable[Stream]) -> int | None:
        """The event time up to which all of these streams are complete: its watermark at most, None before that."""
        if self.watermark_ms is None:
            return None
        own = [self.streams[s].watermark_ms for s in streams if s in self.streams]
        return min([self.watermark_ms, *(ms for ms in own if ms is not None)])


@dataclass(frozen=True, slots=True)
class SeriesRows:
    """One series, its measures added over all partitions that hold it.

    Attributes:
        windows: window name (``total`` included) to the row of measures.
        partitions: the partitions that hold it.
        members: of several series together, those that have come.
    """

    windows: Mapping[str, Row]
    partitions: tuple[int, ...]
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything one read found.

    Attributes:
        layout: what the worker published.
        read_at_ms: the clock when it was read.
        partitions: health by partition number.
        series: series key to its rows.
        problems: how often each problem was met in this read.
        stored: how many series Redis holds, those that were not read too; one in two partitions counts twice.
        reads: how often a partition was read, and why that way, since the reader was made.
        memory: how full Redis is; None where it may not be asked.
        parents: the same of several campaigns together, see :func:`monitors.read.sums.with_parents`; never in
            ``series``, so that what adds all series counts nothing twice.
        catalogue: what its rows are of.
        own: what was counted of accounts themselves, and of no campaign, by their keys; never in ``series``.
        scopes: what all campaigns, each account and each value of a dimension have together, by their keys; as
            :class:`monitors.read.scopes.scope_sums.ScopeSums` was asked for, never in ``series``.
        columns: since when each of its measures is counted; None where all always were.
    """

    layout: Layout
    read_at_ms: int
    partitions: tuple[PartitionHealth, ...]
    series: Mapping[str, SeriesRows]
    problems: Mapping[ReadProblem, int]
    stored: int = 0
    reads: Mapping[Why, int] = field(default_factory=dict)
    memory: Memory | None = None
    parents: Mapping[str, SeriesRows] = field(default_factory=dict)
    catalogue: Catalogue = CORE
    own: Mapping[str, SeriesRows] = field(default_factory=dict)
    scopes: Mapping[str, SeriesRows] = field(default_factory=dict)
    columns: Columns | None = None
    _together: dict[tuple[int, ...], Mapping[Stream, StreamHealth]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def differing(self) -> tuple[int, ...]:
        """The partitions whose worker counts other measures than the catalogue has: by another version of its file."""
        own = mark_of(self.catalogue)
        return tuple(p.number for p in self.partitions if p.measures is not None and p.measures != own)

    @property
    def lacking(self) -> Mapping[str, frozenset[str]]:
        """By window the KPIs that have no value in it, where there are any.

        Their measures were not all counted in all of it: what is divided would be of another time than what it is
        divided by.
        """
        if self.columns is None:
            return {}
        begins, as_of = {TOTAL: 0}, self.as_of_ms
        if as_of is not None:
            begins |= {name: as_of - parse_window(name).span_ms for name in self.layout.windows}
        found = {window: self.lacking_since(at) for window, at in begins.items()}
        return {window: names for window, names in found.items() if names}

    def lacking_since(self, begin_ms: int) -> frozenset[str]:
        """The KPIs whose measures were not all counted in all of the time since a moment."""
        if self.columns is None:
            return NOTHING_LACKS
        times = {kpi.name: self.columns.whole_from(kpi.formula.measures) for kpi in self.catalogue.added_kpis}
        return frozenset(name for name, ms in times.items() if ms is None or ms > begin_ms)

    @property
    def as_of_ms(self) -> int | None:
        """The time all numbers are at least as of: the earliest watermark; None when no partition has one."""
        return min((p.watermark_ms for p in self.partitions if p.watermark_ms is not None), default=None)

    def as_of(self, series: str) -> int | None:
        """The earliest watermark of the partitions that hold a series; of all when none does."""
        return self.as_of_streams(series, ())

    def as_of_streams(self, series: str, streams: Iterable[Stream]) -> int | None:
        """The event time up to which what some streams add to a series is complete; None when that is not known.

        It is the earliest of the partitions that hold the series, of all when none does: their watermark, or that of
        one of the streams if it is earlier. What an older worker does not tell of a stream is as of the partition.
        """
        asked, found = tuple(streams), self.rows_of(series)
        holders = self.partitions if found is None else [self.partitions[n] for n in found.partitions]
        times = (partition.complete_to(asked) for partition in holders)
        return min((ms for ms in times if ms is not None), default=None)

    def streams_of(self, series: str) -> Mapping[Stream, StreamHealth]:
        """How each stream stands in the partitions that hold a series, of all when none does: the least complete."""
        found = self.rows_of(series)
        numbers = range(len(self.partitions)) if found is None else found.partitions
        key = tuple(numbers)
        if key not in self._together:
            self._together[key] = self._streams(key)
        return self._together[key]

    def _streams(self, numbers: Iterable[int]) -> Mapping[Stream, StreamHealth]:
        found: dict[Stream, list[StreamHealth]] = {}
        for number in numbers:
            for stream, health in self.partitions[number].streams.items():
                found.setdefault(stream, []).append(health)
        return {stream: _least(healths) for stream, healths in found.items()}

    def late_ms(self, stream: Stream) -> int:
        """How late a stream's feed is by habit where it is latest, milliseconds; 0 when that is not known."""
        return max((health.late_ms or 0 for health in self._of(stream)), default=0)

    def reached_ms(self, stream: Stream) -> int | None:
        """The latest event time counted of a stream, over all partitions; None before its first event."""
        return max((h.reached_ms for h in self._of(stream) if h.reached_ms is not None), default=None)

    def complete_to(self, stream: Stream) -> int | None:
        """The event time up to which a stream is complete in every partition that tells of it; None when none does."""
        return min((h.watermark_ms for h in self._of(stream) if h.watermark_ms is not None), default=None)

    def _of(self, stream: Stream) -> Iterator[StreamHealth]:
        return (partition.streams[stream] for partition in self.partitions if stream in partition.streams)

    def rows_of(self, series: str) -> SeriesRows | None:
        """The rows of a series, or of a parent; None when nothing is known of it."""
        return self.series.get(series) or self.parents.get(series)

    def row(self, series: str, window: str) -> Row | None:
        """The measures of a series in a window; None when the series or the window is unknown."""
        found = self.rows_of(series)
        return None if found is None else found.windows.get(window)

    def counter(self, prefix: str) -> dict[str, int]:
        """Meta counters with a prefix (see :data:`kpis.contract.layout.COUNTERS`), added over partitions."""
        sums: dict[str, int] = {}
        for partition in self.partitions:
            for name, value in partition.counters.items():
                if name.startswith(prefix):
                    rest = name[len(prefix) :]
                    sums[rest] = sums.get(rest, 0) + value
        return sums


def _least(healths: Iterable[StreamHealth]) -> StreamHealth:
    known = list(healths)
    watermarks, reached, late = (
        [ms for h in known if (ms := getattr(h, name)) is not None]
        for name in ("watermark_ms", "reached_ms", "late_ms")
    )
    return StreamHealth(min(watermarks, default=None), max(reached, default=None), max(late, default=None))


def to_json(
    snapshot: Snapshot, campaign: str | None = None, window: str | None = None
) -> dict[str, dict[str, dict[str, Value]]]:
    """Current values: ``{series: {window: {name: value}}}``; breakdowns follow their campaign, ``total`` is a window.

    Args:
        snapshot: what was read.
        campaign: only this campaign id and its breakdowns; None for all.
        window: only this window; None for all.
    """
    names = [w for w in (*snapshot.layout.windows, TOTAL) if window is None or w == window]
    mine = None if campaign is None else {key(campaign), of_shown(campaign)}
    # What is of an account itself is no campaign: it is there for who asks for it.
    series = snapshot.series if mine is None else {**snapshot.series, **snapshot.own}
    of, lacking = snapshot.catalogue, snapshot.lacking
    return {
        name: {w: of.document(found.windows[w], lacking.get(w, NOTHING_LACKS)) for w in names if w in found.windows}
        for name, found in sorted(series.items(), key=lambda item: parts(item[0]))
        if mine is None or campaign_part(name) in mine
    }
