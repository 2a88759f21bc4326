"""From what the monitor knows to the rows of the board. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kpis.catalogue import CATALOGUE
from kpis.measures import WIDTH, Row
from kpis.series import shown_id, split
from kpis.windows import TOTAL
from monitors.alerts.assessment import Assessment
from monitors.board.added import NOTHING_ADDED, Added
from monitors.board.overview.notices import notices, streams
from monitors.board.overview.summing_up import natural
from monitors.board.shapes import CampaignNow, GoalNow, Measures, Summary, WatchNow
from monitors.board.watching import acknowledged_by, in_order, is_alarming, watch_now
from monitors.goals.subject import Watch
from monitors.goals.values import Campaign
from monitors.pacing.verdict import Status
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.view import View
from monitors.words.phrases import case_of, phrase
from monitors.words.wording import LOOK, RANK

RECENT = "1h"
"""The window whose KPIs the board shows: as long as a ratio needs by default to prove something."""


NO_WINDOWS: Mapping[str, Row] = {}


def recent_window(windows: Sequence[str]) -> str:
    """The window whose KPIs are shown: an hour, or the longest there is."""
    return RECENT if RECENT in windows or not windows else windows[-1]


def campaign_row(
    series: str,
    rows: SeriesRows | None,
    judged: Sequence[Assessment],
    window: str,
    pulse: tuple[str, int],
    *,
    currency: str = "", added: Added = NOTHING_ADDED,
) -> CampaignNow:  # fmt: skip
    """A campaign.

    Args:
        series: its key.
        rows: what was counted of it; None before its first event.
        judged: its goals and watches, judged.
        window: whose KPIs are shown.
        pulse: the drawn line and its greatest value, see :mod:`monitors.board.pulse`.
        currency: of all money, for what is said.
        added: what is shown besides.
    """
    goals, watches = _judged(judged, currency)
    known, windows = judged[0].campaign if judged else None, rows.windows if rows else NO_WINDOWS
    return CampaignNow(
        id=shown_id(series),
        name=known.name if known else split(series)[0],
        account=known.account if known else "",
        status=_worst(goals, watches),
        goals=goals,
        risk_micros=sum(_risk(g) for g in goals if g.id == "spend"),
        total=measures(windows, TOTAL, added),
        recent=measures(windows, window, added),
        pulse=pulse[0],
        pulse_max=pulse[1],
        partitions=rows.partitions if rows else (),
        start_ms=known.flight.start_ms if known else None,
        end_ms=known.flight.end_ms if known else None,
        watches=watches,
        is_muted=any(one.is_muted for one in judged),
        **_parenthood(known),
    )


def _parenthood(known: Campaign | None) -> dict[str, Any]:
    """What a row is of, and how many campaigns it adds up."""
    return {} if known is None else {"scope": known.scope, "members": len(known.members)}


def _judged(judged: Sequence[Assessment], currency: str) -> tuple[tuple[GoalNow, ...], tuple[WatchNow, ...]]:
    goals = [goal_now(one, currency) for one in judged if not isinstance(one.goal, Watch)]
    watches = [watch_now(one, currency) for one in judged if isinstance(one.goal, Watch)]
    return tuple(sorted(goals, key=lambda g: (RANK[g.status], -_off(g)))), tuple(sorted(watches, key=in_order))


def _worst(goals: Sequence[GoalNow], watches: Sequence[WatchNow]) -> Status | None:
    """The worst status of all; a watch that has nothing to say does not make a campaign on pace."""
    found = [goal.status for goal in goals[:1]]
    found += [watch.status for watch in watches if watch.status.is_miss or watch.status is Status.HOLD]
    return min(found, key=RANK.__getitem__, default=None)


def goal_now(one: Assessment, currency: str) -> GoalNow:
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
        says=phrase(case_of(one.campaign, one.goal, verdict, currency)),
        interval=verdict.interval,
        began_ms=verdict.since_ms,
        acknowledged_by=acknowledged_by(one),
    )


def measures(windows: Mapping[str, Row], name: str, added: Added = NOTHING_ADDED) -> Measures | None:
    """The row of a window with all KPIs of the core of it, and what is shown beside these; None without a row."""
    row = windows.get(name)
    if row is None:
        return None
    return Measures(*row[:WIDTH], *(kpi.of(row) for kpi in CATALOGUE), added.values(row, name))


def worst_first(row: CampaignNow) -> tuple[int, bool, int, float, int, tuple[tuple[int, str], ...], str]:
    """A sort key: status, whether a watch tells, money at risk, distance from pace, spend, id as people count."""
    spent = row.total.spend_micros if row.total else 0
    off = _off(row.goals[0]) if row.goals else 0.0
    return RANK[row.status], not is_alarming(row), -row.risk_micros, -off, -spent, natural(row.id), row.id


def same_to_people(a: CampaignNow, b: CampaignNow) -> bool:
    """Whether two rows read the same: what a curve expects grows with every millisecond, and is not worth sending.

    Expected amounts, projections and rates are compared to a thousandth.
    """
    return _seen(a) == _seen(b)


def summarize(
    view: View, rows: Iterable[CampaignNow], *, now_ms: int, rate: float, max_lag_ms: int, campaigns: int, columns: str
) -> Summary:
    """How all of it stands at ``now_ms``; ``campaigns`` counts those that are not on the board too.

    ``columns`` tells the columns of the board from others.
    """
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
        goals=sum(not isinstance(one.goal, Watch) for one in view.assessments),
        statuses=statuses,
        waiting=view.waiting,
        notices=_notices(view),
        streams=streams(found, max_lag_ms) if found else (),
        common=tuple(watch_now(one, "") for one in view.common),
        columns=columns,
    )


def _notices(view: View) -> tuple[str, ...]:
    found = view.snapshot
    return notices(
        found.partitions if found else (),
        view.goals_problem,
        view.common,
        catalogue_problem=view.catalogue_problem,
        uncounted=view.uncounted,
        differing=len(found.differing) if found else 0,
        differing_files=view.differing_files,
    )


def _off(goal: GoalNow) -> float:
    return 0.0 if goal.ratio is None else abs(1 - goal.ratio)


def _risk(goal: GoalNow) -> int:
    if not goal.status.is_miss or goal.actual is None or goal.expected is None:
        return 0
    return abs(round(goal.actual - goal.expected))


def _seen(row: CampaignNow) -> tuple[object, ...]:
    goals = tuple(
        (
            g.id,
            g.status,
            g.reason,
            g.says,
            g.direction,
            g.actual,
            g.told,
            g.since_ms,
            g.phase,
            g.acknowledged_by,
            *map(_coarse, _moving(g)),
        )
        for g in row.goals
    )
    watches = tuple(
        (w.id, w.status, w.reason, w.says, w.shown, w.told, w.since_ms, w.acknowledged_by) for w in row.watches
    )
    numbers = row.total, row.recent, row.pulse, row.pulse_max
    return row.name, row.is_muted, row.account, row.channels, row.members, row.partitions, *numbers, goals, watches


def _moving(goal: GoalNow) -> tuple[float | None, ...]:
    return goal.expected, goal.ratio, goal.projected, goal.required_per_day, *(goal.interval or ())


def _coarse(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
