"""The pages as the server sends them: complete without JavaScript, which then makes them live. Pure.

Every text that comes from elsewhere goes through :func:`html.escape`.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from kpis.units import amount
from monitors.board.board import Board
from monitors.board.campaign_rows import worst_first
from monitors.board.columns import COLUMNS, Column, column_of, page_data
from monitors.board.experiment_rows import experiments_now
from monitors.board.http.around_rows import above, below
from monitors.board.http.experiments_page import experiments_section
from monitors.board.shapes import CampaignNow, GoalNow, WatchNow
from monitors.board.watching import shown_of
from monitors.words.wording import LOOK, REASONS, share_text, word_of

FIRST_ROWS = 60
"""Rows in the page itself, more than a screen shows; the rest comes with the first load of the API."""

CAMPAIGN_HEAD = (
    '<link rel="stylesheet" href="/static/vendor/uPlot.min.css"><link rel="stylesheet" href="/static/campaign.css">'
    '<script defer src="/static/vendor/uPlot.iife.min.js"></script>'
)
"""What the page of a campaign loads beside what all do; the library of its charts before its own script."""


def board_page(board: Board, *, can_act: bool = False) -> str:
    """All campaigns, the worst first; ``can_act`` says whether whoever reads may acknowledge and mute."""
    rows = sorted(board.feed.rows.values(), key=worst_first)
    body = "".join(_row(row, _columns(board), board.summary.currency) for row in rows[:FIRST_ROWS])
    heads = "".join(
        f'<th scope="col" role="columnheader" data-sort="{key}"{more}>{escape(name)}</th>'
        for name, key, more in _heads(board)
    )
    main = (
        f'<h1 class="unseen">Campaigns</h1>{above(board.summary)}'
        '<table id="board" role="table" aria-label="Campaigns">'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table><p id="more"></p>{below(can_act=can_act)}'
    )
    return framed("Launch board", main, "list.js", _data(board), style="overview.css")


def campaign_page(board: Board, row: CampaignNow | None) -> str:
    """One campaign."""
    if row is None:
        return framed("No such campaign", '<h1>No such campaign</h1><p><a href="/">All campaigns</a></p>')
    facts = f"<p>{_badge(row)}: {escape(_goals(row, board.summary.currency))}</p>"
    main = (
        '<div id="notices" role="status"></div><p class="crumb"><a href="/">All campaigns</a></p>'
        f'<h1>{escape(row.name)}</h1><div id="campaign" data-id="{escape(row.id)}">{facts}</div>'
    )
    return framed(row.name, main, "campaign.js", _data(board), head=CAMPAIGN_HEAD)


def experiments_page(board: Board) -> str:
    """All experiments."""
    found = experiments_now(board.view).experiments
    return framed("Experiments", experiments_section(found, board.summary.problem), "experiments.js")


def docs_page() -> str:
    """The API, from its OpenAPI document."""
    main = '<h1>API</h1><p>The document is <a href="/api/openapi.json">/api/openapi.json</a>.</p><div id="docs"></div>'
    return framed("API", main, "docs.js")


def pace_text(goal: GoalNow, currency: str) -> str:
    """A goal in words."""
    if goal.ratio is None or goal.actual is None:
        return f"{goal.label}: {LOOK[goal.status].word} ({REASONS[goal.reason]})"
    actual, expected = (amount(value, goal.unit, currency) for value in (goal.actual, goal.expected))
    share = share_text(goal.ratio, goal.expected)
    return (
        f"{goal.label}: {actual} against {expected}"
        if share is None
        else f"{goal.label} {share}: {actual} of {expected}"
    )


def watch_text(watch: WatchNow) -> str:
    """A watch in words; what is wrong says itself what it is about."""
    if watch.status.is_miss:
        return watch.says
    return f"{watch.label} {word_of(watch.status, is_watch=True)}: {watch.says}"


def _columns(board: Board) -> tuple[Column, ...]:
    return (*COLUMNS, *map(column_of, board.listed.columns))


def _data(board: Board) -> str:
    return page_data(board.listed.columns, board.every.columns, board.mark)


def _heads(board: Board) -> list[tuple[str, str, str]]:
    """Text, what it sorts by, and more attributes of each head."""
    columns = [(c.label, c.key, "" if c.is_headline else ' class="extra"') for c in _columns(board)]
    return [("Campaign", "worst", ""), ("Pace", "pace", ""), *columns, ("Last 10 min", "", "")]


def _row(row: CampaignNow, columns: Iterable[Column], currency: str) -> str:
    name = f'<a href="/campaign?id={escape(quote(row.id, safe=""))}">{escape(row.name)}</a>'
    look = LOOK[row.status].name
    cells = "".join(
        f'<td role="cell" class="number{"" if c.is_headline else " extra"}">'
        f"{escape(amount(c.value(row), c.unit, currency))}</td>"
        for c in columns
    )
    return (
        f'<tr role="row" class="{look}"><th scope="row" role="rowheader">'
        f'<span class="badge {look}">{_badge(row)}</span> {name}</th>'
        f'<td role="cell">{escape(_goals(row, currency))}</td>{cells}<td role="cell"></td></tr>'
    )


def _badge(row: CampaignNow) -> str:
    look = LOOK[row.status]
    return f"{look.mark} {look.title}"


def _goals(row: CampaignNow, currency: str) -> str:
    said = [*map(watch_text, shown_of(row)), *(pace_text(goal, currency) for goal in row.goals[:1])]
    return " · ".join(said) if said else LOOK[None].word


def framed(title: str, main: str, script: str = "", data: str = "", *, head: str = "", style: str = "") -> str:
    """A page: what all of them have, around what this one shows."""
    module = f'<script type="module" src="/static/{script}"></script>' if script else ""
    more = f'<link rel="stylesheet" href="/static/{style}">' if style else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)} · Pacewatch</title>"
        '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/board.css">'
        f"{more}{head}"
        f'{module}</head><body data-look="{escape(data or page_data())}">'
        '<a class="skip" href="#main">Skip to the content</a>'
        '<header><a class="brand" href="/">Pacewatch</a><p id="age"></p><p id="live"></p>'
        '<nav aria-label="Pages"><a href="/scopes">Scopes</a> <a href="/experiments">Experiments</a> '
        '<a href="/api/docs">API</a> <a href="/metrics">Metrics</a></nav></header>'
        f'<main id="main" tabindex="-1">{main}</main></body></html>'
    )
