"""Rows of steps become lines of a chart: values, their intervals, and how much they are made of. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from kpis.catalogue import CATALOGUE, Catalogue, Kpi
from kpis.measures import WIDTH, Kind, Measure, Row
from monitors.alerts.assessment import Assessment
from monitors.board.campaign_page.trend_shapes import GoalLine, IntervalKind, TimeSeries
from monitors.goals.values import Bound, RatioGoal
from monitors.pacing.intervals import wilson
from monitors.pacing.ratio import scatter

Z = 1.96
"""Of every interval that is drawn: 95 %."""
MOST_SERIES = 40
WILSON_SAYS = "95 % interval of the counts (Wilson): where the true rate may lie"
COUNT_SAYS = "95 %: how far chance alone moves it with so few {of}"
Steps = Sequence[Row | None]
"""The sums of each step; None where nothing is known."""


def lines_of(catalogue: Catalogue, steps: Steps, judged: Sequence[Assessment]) -> list[TimeSeries]:
    """A campaign's lines: its headline KPIs and those with a goal first, then all others that have a value.

    Args:
        catalogue: what rows are of.
        steps: the sums of each step.
        judged: its goals.
    """
    wanted = {one.goal.kpi.name for one in judged if isinstance(one.goal, RatioGoal)}
    kpis = [kpi for kpi in catalogue.kpis if not _is_distinct(kpi.formula.measures)]
    first = [kpi for kpi in kpis if kpi.name in wanted or (kpi.is_headline and kpi in CATALOGUE)]
    found = [kpi_line(kpi, steps, judged, is_first=True) for kpi in first]
    others = [kpi_line(kpi, steps, judged) for kpi in kpis if kpi not in first]
    sums = [measure_line(measure, steps) for measure in catalogue.measures if measure.kind is Kind.SUM]
    return [*found, *(one for one in (*others, *sums) if any(one.values))][:MOST_SERIES]


def kpi_line(kpi: Kpi, steps: Steps, judged: Sequence[Assessment] = (), *, is_first: bool = False) -> TimeSeries:
    """A KPI step by step."""
    kind = interval_of(kpi)
    volume = kpi.below if kpi.is_quotient else kpi.noise
    intervals = [_interval(kpi, kind, row) for row in steps] if kind is not IntervalKind.NONE else []
    return TimeSeries(
        kpi.name,
        kpi.label,
        kpi.unit,
        kpi.formula.text,
        kpi.meaning,
        is_first,
        kpi.higher_is_better,
        [None if row is None else kpi.of(row) for row in steps],
        kind,
        _says(kpi, kind),
        [low for low, _ in intervals],
        [high for _, high in intervals],
        [0 if row is None else row[volume.column] for row in steps],
        volume.title,
        volume.unit,
        tuple(_goal_line(one.goal) for one in judged if isinstance(one.goal, RatioGoal) and one.goal.kpi == kpi),
    )


def measure_line(measure: Measure, steps: Steps) -> TimeSeries:
    """A sum step by step, as it is stored."""
    label = f"{measure.label}, {measure.of}" if measure.of else measure.label
    values: list[int | float | None] = [None if row is None else row[measure.column] for row in steps]
    return TimeSeries(measure.name, label, measure.unit, measure.title, measure.meaning, False, True, values)


def interval_of(kpi: Kpi) -> IntervalKind:
    """What says how far the values of a KPI can be trusted."""
    if kpi.is_proportion and kpi.quotient.scale == 1:
        return IntervalKind.WILSON
    if not kpi.is_quotient or kpi.quotient.scale <= 0 or kpi.is_proportion:
        return IntervalKind.NONE
    good = _good(kpi)
    # Of money that a catalogue file adds nobody knows in how many events it came.
    is_known = not good.in_micros or good.column < WIDTH
    return IntervalKind.COUNT if is_known and good.kind is Kind.SUM else IntervalKind.NONE


def _interval(kpi: Kpi, kind: IntervalKind, row: Row | None) -> tuple[float | None, float | None]:
    value = None if row is None else kpi.of(row)
    if row is None or value is None:
        return None, None
    if kind is IntervalKind.WILSON:
        return wilson(*kpi.parts(row), Z)
    if value <= 0:
        # A cost of nothing, and a return of nothing, are no amounts that chance moves by so many times.
        return None, None
    times = scatter(kpi, _side(kpi), row, Z)
    return value / times, value * times


def _says(kpi: Kpi, kind: IntervalKind) -> str:
    if kind is IntervalKind.COUNT:
        good = _good(kpi)
        return COUNT_SAYS.format(of="conversions" if good.in_micros else good.title.replace("_", " "))
    return WILSON_SAYS if kind is IntervalKind.WILSON else ""


def _side(kpi: Kpi) -> Bound:
    return Bound.AT_LEAST if kpi.higher_is_better else Bound.AT_MOST


def _good(kpi: Kpi) -> Measure:
    """What should be many: above the line of a return, below it of a cost."""
    return kpi.above if kpi.higher_is_better else kpi.below


def _goal_line(goal: RatioGoal) -> GoalLine:
    return GoalLine(goal.id, goal.label, goal.bound, goal.limit, goal.critical_limit, goal.window)


def _is_distinct(measures: Sequence[Measure]) -> bool:
    """Whether it counts different ids, which quarter hours do not keep."""
    return any(measure.kind is Kind.DISTINCT for measure in measures)
