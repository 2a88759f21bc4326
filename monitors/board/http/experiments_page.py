"""The page of experiments: complete without JavaScript, which only loads it again. Pure.

Every text that comes from elsewhere goes through :func:`html.escape`; bars are SVG made of attributes, for the content
security policy allows no inline style.
"""

from __future__ import annotations

from html import escape
from math import log1p

from kpis.times import minute_in
from kpis.units import amount
from monitors.board.experiment_shapes import ExperimentNow, VariantNow
from monitors.experiments.ruling_words import shown_lift
from monitors.experiments.weighing import VariantState

MARKS = {VariantState.WINNER: "▲", VariantState.LOSER: "▼", VariantState.ALIKE: "=", VariantState.UNDECIDED: "○"}
"""What tells a state without colour."""
_LOOKS = {VariantState.WINNER: "on_pace", VariantState.LOSER: "critical"}
_WIDE, _HIGH = 320, 14
_WIDEST = 4.0
_LEAST = 0.05
"""A scale of lifts shows so much to both sides at the least, and at the most that many times the rate."""


def experiments_section(experiments: list[ExperimentNow], problem: str) -> str:
    """The main part of the page."""
    said = f"<p>{escape(problem)}</p>" if problem else ""
    rows = "".join(map(_experiment, experiments))
    none = "" if experiments else "<p>The goals file has no experiments.</p>"
    return (
        f'<div id="notices" role="status">{said}</div><p class="crumb"><a href="/">All campaigns</a></p>'
        f'<h1>Experiments</h1><div id="experiments">{rows}{none}</div>'
    )


def _experiment(one: ExperimentNow) -> str:
    reach = _reach(one)
    rows = "".join(_variant(one, variant, reach) for variant in one.variants)
    first = escape(one.variants[0].name) if one.variants else ""
    heads = (
        "Variant", "State", one.label, one.trials_of, one.successes_of, f"Lift over {first}", "Between", "",
    )  # fmt: skip
    head = "".join(f'<th scope="col">{text if text.startswith("Lift") else escape(text)}</th>' for text in heads)
    return (
        f'<section id="{escape(one.experiment)}"><h2>{escape(one.name)}</h2>'
        f'<p class="state">{escape(one.says[:1].upper() + one.says[1:])}</p><p class="legend">{escape(_facts(one))}</p>'
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></section>'
    )


def _facts(one: ExperimentNow) -> str:
    """Since when, up to when, how sure, and whose."""
    since, until, to, decided = (
        "" if ms is None else minute_in(ms, one.timezone)
        for ms in (one.start_ms, one.end_ms, one.as_of_ms, one.decided_ms)
    )
    parts = [
        one.experiment,
        f"since {since}" + (f" until {until}" if until else ""),
        f"counted to {to}" if to else "",
        f"decided by {decided}" if decided else "",
        f"intervals hold at all looks together in {1 - one.alpha:.1%} of all experiments",
        f"lifts below {one.least_effect:.1%} are not told" if one.least_effect else "",
        f"counts shake {one.dispersion:.1f} times as much as by chance" if one.dispersion >= 2 else "",
        f"account {one.account}" if one.account else "",
        f"owner {one.owner}" if one.owner else "",
        f"{one.acknowledged_by} takes care of it" if one.acknowledged_by else "",
        "muted" if one.is_muted else "",
    ]
    return " · ".join(filter(None, parts))


def _variant(one: ExperimentNow, variant: VariantNow, reach: float) -> str:
    look = _LOOKS.get(variant.state, "no_data")
    lift = "–" if variant.lift is None else shown_lift(variant.lift)
    between = "" if variant.lift is None else f"{shown_lift(variant.low)} to {shown_lift(variant.high)}"
    cells = (amount(variant.rate, one.unit), f"{variant.trials:,}", f"{variant.successes:,}", lift, between)
    numbers = "".join(f'<td class="number">{escape(text)}</td>' for text in cells)
    return (
        f'<tr><th scope="row">{escape(variant.name)}</th>'
        f'<td><span class="badge {look}">{MARKS[variant.state]} {variant.state}</span></td>{numbers}'
        f"<td>{'' if variant.lift is None else _bar(variant, reach)}</td></tr>"
    )


def _bar(variant: VariantNow, reach: float) -> str:
    """The interval of a lift on a scale with 0 in its middle."""
    low, high = (_at(value, reach, end) for value, end in ((variant.low, 0.0), (variant.high, 1.0)))
    label = f"lift between {shown_lift(variant.low)} and {shown_lift(variant.high)}"
    at = _at(variant.lift, reach, 0.5) * _WIDE - 1.5
    point = f'<rect class="value" x="{at:.1f}" y="0" width="3" height="{_HIGH}"/>'
    return (
        f'<svg class="lift {_LOOKS.get(variant.state, "no_data")}" viewBox="0 0 {_WIDE} {_HIGH}" role="img" '
        f'aria-label="{escape(label)}"><rect class="span" x="{low * _WIDE:.1f}" y="4" '
        f'width="{max((high - low) * _WIDE, 1):.1f}" height="6"/>{point}'
        f'<rect class="tick" x="{_WIDE / 2 - 0.5}" y="0" width="1" height="{_HIGH}"/></svg>'
    )


def _reach(one: ExperimentNow) -> float:
    """The logarithm of the ratio at the ends of the scale of an experiment."""
    known = [value for v in one.variants for value in (v.low, v.high, v.lift) if value is not None]
    farthest = max((abs(log1p(max(value, -0.99))) for value in known), default=_LEAST)
    return min(max(farthest * 1.1, _LEAST), log1p(_WIDEST))


def _at(lift: float | None, reach: float, otherwise: float) -> float:
    """Where a lift lies on the scale, from 0 to 1."""
    if lift is None:
        return otherwise
    return min(max(0.5 + log1p(max(lift, -0.99)) / reach / 2, 0.0), 1.0)
