"""The pages as the server sends them: complete without JavaScript, which then makes them live. Pure.

Every text that comes from elsewhere goes through :func:`html.escape`.
"""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from kpis.measures import MICROS
from monitors.board.board import Board
from monitors.board.rows import worst_first
from monitors.board.shapes import CampaignNow, GoalNow, Measures, Unit
from monitors.pacing.verdict import Status

FIRST_ROWS = 60
"""Rows in the page itself, more than a screen shows; the rest comes with the first load of the API."""
WORDS = {
    Status.CRITICAL: "Critical",
    Status.WARNING: "Warning",
    Status.HOLD: "On hold",
    Status.ON_PACE: "On pace",
    Status.NO_DATA: "No data",
    None: "No goal",
}
MARKS = {
    Status.CRITICAL: "▲",
    Status.WARNING: "◆",
    Status.HOLD: "‖",
    Status.ON_PACE: "●",
    Status.NO_DATA: "○",
    None: "–",
}
_HEADS = ("Campaign", "Pace", "Spend", "Impressions", "CTR", "CPC", "CVR", "ROAS", "Last minutes")
_KEYS = ("worst", "pace", "spend", "impressions", "ctr", "cpc", "cvr", "roas", "")


def board_page(board: Board) -> str:
    """All campaigns, the worst first."""
    rows = sorted(board.feed.rows.values(), key=worst_first)
    body = "".join(_row(row, board.summary.currency) for row in rows[:FIRST_ROWS])
    heads = "".join(
        f'<th scope="col" role="columnheader" data-sort="{key}">{escape(name)}</th>'
        for name, key in zip(_HEADS, _KEYS, strict=True)
    )
    problem = f"<p>{escape(board.summary.problem)}</p>" if board.summary.problem else ""
    main = (
        '<h1 class="unseen">Campaigns</h1>'
        f'<div id="notices" role="status">{problem}</div>'
        '<section id="controls" aria-label="Filter and sort">'
        '<div id="statuses" role="group" aria-label="Show only a status"></div>'
        '<label class="find"><span>Find</span><input id="find" type="search" autocomplete="off" maxlength="200" '
        'placeholder="campaign or account (press /)"></label>'
        '<label class="order"><span>Sort</span><select id="order"></select></label></section>'
        '<p id="count" aria-live="polite"></p>'
        '<table id="board" role="table" aria-label="Campaigns">'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table><p id="more"></p>'
        '<section id="changes" aria-labelledby="changes-title"><h2 id="changes-title">Recent status changes</h2>'
        "<ol></ol></section>"
    )
    return _page("Launch board", main, "list.js")


def campaign_page(board: Board, row: CampaignNow | None) -> str:
    """One campaign."""
    if row is None:
        return _page("No such campaign", '<h1>No such campaign</h1><p><a href="/">All campaigns</a></p>')
    facts = f"<p>{MARKS[row.status]} {WORDS[row.status]}: {escape(_goals(row, board.summary.currency))}</p>"
    main = (
        '<div id="notices" role="status"></div><p class="crumb"><a href="/">All campaigns</a></p>'
        f'<h1>{escape(row.name)}</h1><div id="campaign" data-id="{escape(row.id)}">{facts}</div>'
    )
    return _page(row.name, main, "campaign.js")


def docs_page() -> str:
    """The API, from its OpenAPI document."""
    main = '<h1>API</h1><p>The document is <a href="/api/openapi.json">/api/openapi.json</a>.</p><div id="docs"></div>'
    return _page("API", main, "docs.js")


def pace_text(goal: GoalNow, currency: str) -> str:
    """A goal in words."""
    if goal.ratio is None or goal.actual is None:
        return f"{goal.label}: {WORDS[goal.status].lower()} ({goal.reason.replace('_', ' ')})"
    return f"{goal.label} {goal.ratio:.0%}: {amount(goal.actual, goal.unit, currency)} of " + amount(
        goal.expected, goal.unit, currency
    )


def amount(value: float | None, unit: Unit, currency: str) -> str:
    """An amount for people; a dash for none."""
    if value is None:
        return "–"
    if unit is Unit.MICROS:
        return f"{value / MICROS:,.2f} {currency}"
    if unit is Unit.EVENTS:
        return f"{value:,}"
    if unit is Unit.PROPORTION:
        return f"{value:.2%}"
    return f"{value:,.2f}" + (f" {currency}" if unit is Unit.CURRENCY else "")


def _row(row: CampaignNow, currency: str) -> str:
    total, recent = row.total, row.recent
    cells = (
        _goals(row, currency),
        amount(total.spend_micros if total else None, Unit.MICROS, currency),
        amount(total.impressions if total else None, Unit.EVENTS, currency),
        *_kpis(recent, currency),
        "",
    )
    name = f'<a href="/campaign?id={escape(quote(row.id, safe=""))}">{escape(row.name)}</a>'
    badge = f'<span class="badge {row.status or "no_goal"}">{MARKS[row.status]} {WORDS[row.status]}</span>'
    return (
        f'<tr role="row" class="{row.status or "no_goal"}"><th scope="row" role="rowheader">{badge} {name}</th>'
        + "".join(f'<td role="cell">{escape(cell)}</td>' for cell in cells)
        + "</tr>"
    )


def _goals(row: CampaignNow, currency: str) -> str:
    return pace_text(row.goals[0], currency) if row.goals else "no goal"


def _kpis(recent: Measures | None, currency: str) -> tuple[str, ...]:
    if recent is None:
        return ("–",) * 4
    return (
        amount(recent.ctr, Unit.PROPORTION, currency),
        amount(recent.cpc, Unit.CURRENCY, currency),
        amount(recent.cvr, Unit.PROPORTION, currency),
        amount(recent.roas, Unit.RATIO, currency),
    )


def _page(title: str, main: str, script: str = "") -> str:
    module = f'<script type="module" src="/static/{script}"></script>' if script else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} · Pacewatch</title>"
        '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/board.css">'
        f'{module}</head><body><a class="skip" href="#main">Skip to the content</a>'
        '<header><a class="brand" href="/">Pacewatch</a><p id="age"></p><p id="live"></p>'
        '<nav aria-label="Pages"><a href="/api/docs">API</a> <a href="/metrics">Metrics</a></nav></header>'
        f'<main id="main" tabindex="-1">{main}</main></body></html>'
    )
