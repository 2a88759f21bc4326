"""Channels, creatives, variants of one campaign side by side; needs PACEWATCH_EXPORT_BREAKDOWNS."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as dash

from grafana.board import board, breakdown_campaign, dimension, window
from grafana.panels import Panel, lines, rows

IN = 'campaign="$campaign",breakdown=~"$dimension=.*",window="$window"'
_EMPTY = (
    " Empty unless the monitor runs with PACEWATCH_EXPORT_BREAKDOWNS=true and the worker breaks down by $dimension."
)


def build() -> dash.Dashboard:
    """The dashboard."""
    about = "One campaign by channel, creative or variant: which part earns, which part costs."
    made = board("pacewatch-compare", "Pacewatch: Compare", about)
    made = made.with_variable(breakdown_campaign()).with_variable(dimension()).with_variable(window("1h"))
    made = made.with_panel(_table())
    for name, metric, unit, meaning in (
        ("CTR", "ctr_ratio", "percentunit", "Clicks per impression."),
        ("CVR", "cvr_ratio", "percentunit", "Conversions per click."),
        ("CPC", "cpc", "none", "Spend per click."),
        ("ROAS", "roas_ratio", "none", "Revenue per spend."),
        ("Impressions", "window_impressions", "short", "Impressions in the window."),
        ("Spend", "window_spend", "none", "Spend in the window."),
    ):
        expr = f"pacewatch_breakdown_{metric}{{{IN}}}"
        made = made.with_panel(lines(name, meaning + _EMPTY, {"{{breakdown}}": expr}, unit))
    return made


def _table() -> Panel:
    columns = {
        title: f"max by (breakdown) (pacewatch_breakdown_{metric}{{{IN}}})"
        for title, metric in (
            ("Spend", "window_spend"), ("Impressions", "window_impressions"), ("Clicks", "window_clicks"),
            ("Conversions", "window_conversions"), ("CTR", "ctr_ratio"), ("CVR", "cvr_ratio"), ("CPC", "cpc"),
            ("CPA", "cpa"), ("ROAS", "roas_ratio"),
        )
    }  # fmt: skip
    percent = dict.fromkeys(("CTR", "CVR"), "percentunit")
    about = "Each value of the dimension beside the others, in the chosen window; the largest spend first." + _EMPTY
    return rows("Side by side", about, columns, percent, by="breakdown", sort="Spend", height=10)
