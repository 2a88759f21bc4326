"""One goal of a goals file."""

from __future__ import annotations

import yaml

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, Measure
from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.yaml_nodes import Problems
from kpis.units import Unit
from kpis.windows import parse_window
from monitors.goals.curves import CURVES
from monitors.goals.scalars import amount, band, choice, positive
from monitors.goals.values import Band, Bound, Goal, RatioGoal, TotalGoal

WARNING = Band(0.9, 1.1)
CRITICAL = Band(0.75, 1.25)
RATIO_CRITICAL = 0.25
"""How far beyond its bound a ratio is critical, as a part of the bound."""
DEFAULT_WINDOW = "1h"

_TOTAL_KEYS = ("total", "target", "warning", "critical", "curve")
_RATIO_KEYS = ("ratio", "at_least", "at_most", "critical", "window")


def read_goal(node: yaml.Node, where: str, problems: Problems) -> Goal | None:
    """The goal that a node describes; None, and noted, when it describes none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    names = {key.value for key, _ in pairs if isinstance(key, yaml.ScalarNode)}
    if "ratio" in names and "total" in names:
        problems.at(node, where, "a goal is either a total or a ratio, not both")
        return None
    if "ratio" in names:
        return _ratio(node, where, problems)
    if "total" in names or not isinstance(node, yaml.MappingNode):
        return _total(node, where, problems)
    problems.at(node, where, "a goal needs total or ratio")
    nodes.mapping(node, where, dict.fromkeys((*_TOTAL_KEYS, *_RATIO_KEYS)), (), problems)
    return None


def _total(node: yaml.Node, where: str, problems: Problems) -> TotalGoal | None:
    fields = nodes.mapping(node, where, _TOTAL_KEYS, ("total", "target"), problems)
    if fields is None:
        return None
    before = len(problems.found)
    name = choice(fields["total"], f"{where}.total", TOTALS, problems)
    total = TOTALS[name] if name else None
    target = None
    if "target" in fields:
        target = amount(fields["target"], f"{where}.target", total is None or total.is_money, problems)
    curve = choice(fields["curve"], f"{where}.curve", CURVES, problems) if "curve" in fields else "even"
    warning = band(fields["warning"], f"{where}.warning", problems) if "warning" in fields else _side(WARNING, total)
    critical = band(fields["critical"], f"{where}.critical", problems) if "critical" in fields else None
    if warning is not None and "critical" not in fields:
        critical = _around(_side(CRITICAL, total), warning)
    if warning is not None and critical is not None and not _contains(critical, warning):
        at = fields.get("critical", fields.get("warning", node))
        problems.at(at, f"{where}.critical", "critical must be outside of warning, on both sides")
    if len(problems.found) > before or total is None or target is None or curve is None:
        return None
    return TotalGoal(total, target, warning or WARNING, critical or CRITICAL, curve)


def _ratio(node: yaml.Node, where: str, problems: Problems) -> RatioGoal | None:
    fields = nodes.mapping(node, where, _RATIO_KEYS, ("ratio",), problems)
    if fields is None:
        return None
    before = len(problems.found)
    name = choice(fields["ratio"], f"{where}.ratio", BY_NAME, problems)
    bounds = [b for b in Bound if b in fields]
    if len(bounds) != 1:
        problems.at(node, where, "a ratio needs either at_least or at_most" + (", not both" if bounds else ""))
    bound = bounds[0] if bounds else Bound.AT_LEAST
    limits = {b: positive(fields[b], f"{where}.{b}", problems) for b in bounds}
    limit = limits.get(bound)
    critical = positive(fields["critical"], f"{where}.critical", problems) if "critical" in fields else None
    if name and limit is not None and BY_NAME[name].unit is Unit.PROPORTION and limit > 1:
        problems.at(fields[bound], f"{where}.{bound}", f"{name} is a share, from 0 to 1 (2 % is 0.02), not {limit}")
    nearer = critical is not None and limit is not None and (critical > limit) == (bound is Bound.AT_LEAST)
    if nearer and critical != limit:
        side = "below at_least" if bound is Bound.AT_LEAST else "above at_most"
        problems.at(fields["critical"], f"{where}.critical", f"critical must be {side}, further off than the warning")
    window = _window(fields["window"], f"{where}.window", problems) if "window" in fields else DEFAULT_WINDOW
    if len(problems.found) > before or name is None or limit is None or window is None:
        return None
    further = 1 - RATIO_CRITICAL if bound is Bound.AT_LEAST else 1 + RATIO_CRITICAL
    further_off = float(limit) * further if critical is None else float(critical)
    return RatioGoal(BY_NAME[name], bound, float(limit), further_off, window)


def _window(node: yaml.Node, where: str, problems: Problems) -> str | None:
    text = nodes.scalar(node, where, problems)
    if text is None:
        return None
    try:
        return parse_window(text).name
    except ValueError as e:
        problems.at(node, where, str(e))
        return None


def _side(band: Band, total: Measure | None) -> Band:
    return band if total is None or total.is_bought else Band(band.low, None)


def _around(critical: Band, warning: Band) -> Band:
    """The default critical band, widened where a given warning band is wider; open where that is open."""
    low = None if warning.low is None or critical.low is None else min(critical.low, warning.low)
    high = None if warning.high is None or critical.high is None else max(critical.high, warning.high)
    return Band(low, high)


def _contains(outer: Band, inner: Band) -> bool:
    low = outer.low is None or (inner.low is not None and outer.low <= inner.low)
    return low and (outer.high is None or (inner.high is not None and outer.high >= inner.high))
