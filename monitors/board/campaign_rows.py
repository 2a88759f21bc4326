"""From what the monitor knows to the rows of the board. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kpis.catalogue import CATALOGUE
from kpis.measures import Row
from kpis.series import split
from kpis.windows import TOTAL
from monitors.alerts.assessment import Assessment
from monitors.board.notices import notices
from monitors.board.shapes import CampaignNow, GoalNow, Measures, Summary
from monitors.goals.values import Campaign
from monitors.pacing.verdict import Status
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.view import View
from monitors.wording import LOOK, RANK

RECENT = "1h"
"""The window whose KPIs the board shows: as long as a ratio needs by default to prove something."""


def recent_window(windows: Sequence[str]) -> str:
    """The window whose KPIs are shown: an hour, or the longest there is."""
    return RECENT if RECENT in windows or not windows else windows[-1]


def campaign_row(
    series: str, rows: SeriesRows | None, judged: Sequence[Assessment], window: str, pulse: tuple[str, int]
) -> CampaignNow:
    """A campaign.

    Args:
        series: its key.
        rows: what was counted of it; None before its first event.
        judged: its goals, judged.
        window: whose KPIs are shown.
        pulse: the drawn line and its greatest value, see :mod:`monitors.board.pulse`.
    """
    goals = tuple(sorted(map(goal_now, judged), key=lambda g: (RANK[g.status], -_off(g))))
    known: Campaign | None = judged[0].campaign if judged else None
    campaign = known.campaign if known else split(series)[0]
    windows: Mapping[str, Row] = rows.windows if rows else {}
    return CampaignNow(
        id=campaign,
        name=known.name if known else campaign,
        account=known.account if known else "",
        status=goals[0].status if goals else None,
        goals=goals,
        risk_micros=sum(_risk(g) for g in goals if g.id == "spend"),
        total=measures(windows.get(TOTAL)),
        recent=measures(windows.get(window)),
        pulse=pulse[0],
        pulse_max=pulse[1],
        partitions=rows.partitions if rows else (),
        start_ms=known.flight.start_ms if known else None,
        end_ms=known.flight.end_ms if known else None,
    )


def goal_now(one: Assessment) -> GoalNow:
    """A goal."""
    verdict, state = one.verdict, one.state
    return GoalNow(
        id=one.goal.id,
        label=one.goal.label,
        unit=one.goal.unit,
        status=verdict.status,
        reason=verdict.reason,
        direction=verdict.direction,
        actual=verdict.actual,
        expected=verdict.expected,
        target=verdict.target,
        ratio=verdict.ratio,
        projected=verdict.projected,
        required_per_day=verdict.required_per_day,
        warning=verdict.warning.pair,
        critical=verdict.critical.pair,
        phase=state.phase,
        told=state.told,
        since_ms=state.since_ms,
    )


def measures(row: Row | None) -> Measures | None:
    """A row with all KPIs of it."""
    return None if row is None else Measures(*row, *(kpi.of(row) for kpi in CATALOGUE))


def worst_first(row: CampaignNow) -> tuple[int, int, float, int, str]:
    """A sort key: status, money at risk, distance from pace, spend, id."""
    spent = row.total.spend_micros if row.total else 0
    off = _off(row.goals[0]) if row.goals else 0.0
    return RANK[row.status], -row.risk_micros, -off, -spent, row.id


def same_to_people(a: CampaignNow, b: CampaignNow) -> bool:
    """Whether two rows read the same: what a curve expects grows with every millisecond, and is not worth sending.

    Expected amounts, projections and rates are compared to a thousandth.
    """
    return _seen(a) == _seen(b)


def summarize(
    view: View, rows: Iterable[CampaignNow], *, now_ms: int, rate: float, max_lag_ms: int, campaigns: int
) -> Summary:
    """How all of it stands at ``now_ms``; ``campaigns`` counts those that are not on the board too."""
    found: Snapshot | None = view.snapshot
    statuses: dict[str, int] = {}
    shown = 0
    for row in rows:
        shown += 1
        name = LOOK[row.status].name
        statuses[name] = statuses.get(name, 0) + 1
    windows = found.layout.windows if found else ()
    return Summary(
        now_ms=now_ms,
        rate=rate,
        as_of_ms=found.as_of_ms if found else None,
        clocks=tuple(p.watermark_ms for p in found.partitions) if found else (),
        max_lag_ms=max_lag_ms,
        lag=sum(sum(p.lag.values()) for p in found.partitions) if found else 0,
        problem=view.problem,
        currency=found.layout.currency if found else "",
        window=recent_window(windows),
        pulse_window=windows[0] if windows else "",
        campaigns=campaigns,
        shown=shown,
        goals=len(view.assessments),
        statuses=statuses,
        waiting=view.waiting,
        notices=notices(found.partitions if found else (), view.goals_problem),
    )


def _off(goal: GoalNow) -> float:
    return 0.0 if goal.ratio is None else abs(1 - goal.ratio)


def _risk(goal: GoalNow) -> int:
    if goal.status not in {Status.WARNING, Status.CRITICAL} or goal.actual is None or goal.expected is None:
        return 0
    return abs(round(goal.actual - goal.expected))


def _seen(row: CampaignNow) -> tuple[object, ...]:
    goals = tuple(
        (g.id, g.status, g.reason, g.direction, g.actual, g.told, g.since_ms, g.phase, *map(_coarse, _moving(g)))
        for g in row.goals
    )
    return row.name, row.account, row.total, row.recent, row.pulse, row.pulse_max, row.partitions, goals


def _moving(goal: GoalNow) -> tuple[float | None, ...]:
    return goal.expected, goal.ratio, goal.projected, goal.required_per_day


def _coarse(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
