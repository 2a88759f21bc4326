"""Numbers, choices and times of a goals file, each with its own errors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import yaml

from kpis.runtime.yaml_nodes import Problems, did_you_mean, is_null, kind, scalar, sequence, shown
from kpis.units import MICROS
from monitors.goals.values import Band

MAX_AMOUNT = 1_000_000_000_000
"""The largest target, in units or events: above it a sum of micros could pass 63 bits."""
_NUMBER = re.compile(r"[+-]?(\d{1,15})(_?\d)*(\.\d{1,20})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?")


def number(node: yaml.Node, where: str, problems: Problems) -> Decimal | None:
    """A finite decimal, exactly as written; None, and noted, when it is something else."""
    text = scalar(node, where, problems)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text) or len(text) > 40:
        problems.at(node, where, f"must be a number such as 0.8 or 5000, not {shown(text)}")
        return None
    return Decimal(text.replace("_", ""))


def positive(node: yaml.Node, where: str, problems: Problems) -> Decimal | None:
    """A number above zero and not absurdly large; None, and noted, otherwise."""
    value = number(node, where, problems)
    if value is not None and not 0 < value <= MAX_AMOUNT:
        problems.at(node, where, f"must be above 0 and at most {MAX_AMOUNT}, not {shown(str(node.value))}")
        return None
    return value


def amount(node: yaml.Node, where: str, is_money: bool, problems: Problems) -> int | None:
    """A target: money in units as exact micros, or a whole number; None, and noted, otherwise."""
    value = positive(node, where, problems)
    if value is None:
        return None
    scaled = value * MICROS if is_money else value
    if scaled != scaled.to_integral_value():
        what = "money has at most 6 decimals" if is_money else "a count must be a whole number"
        problems.at(node, where, f"{what}, not {shown(str(node.value))}")
        return None
    return int(scaled)


def choice(node: yaml.Node, where: str, names: Iterable[str], problems: Problems) -> str | None:
    """One of some names; None, and noted with the nearest one, otherwise."""
    text = scalar(node, where, problems)
    choices = tuple(names)
    if text is not None and text not in choices:
        problems.at(node, where, f"unknown {where.rpartition('.')[2]} {shown(text)}{did_you_mean(text, choices)}")
        return None
    return text


def band(node: yaml.Node, where: str, problems: Problems) -> Band | None:
    """A pair ``[low, high]`` around 1, null for an open side; None, and noted, otherwise."""
    if not isinstance(node, yaml.SequenceNode) or len(node.value) != 2:
        problems.at(node, where, f"must be a pair such as [0.9, 1.1], not {kind(node)}")
        return None
    before = len(problems.found)
    low, high = (
        None if is_null(item) else number(item, f"{where}[{i}]", problems)
        for i, item in enumerate(sequence(node, where, problems))
    )
    if len(problems.found) > before:
        return None
    if low is None and high is None:
        problems.at(node, where, "both sides are open: nothing would ever miss it")
    elif low is not None and not 0 <= low < 1:
        problems.at(node, where, f"the lower side must be from 0 to below 1 (1 is exactly on pace), not {low}")
    elif high is not None and not 1 < high <= 1000:
        problems.at(node, where, f"the upper side must be above 1 (1 is exactly on pace), not {high}")
    else:
        return Band(None if low is None else float(low), None if high is None else float(high))
    return None


def zone(node: yaml.Node, where: str, problems: Problems) -> ZoneInfo | None:
    """An IANA time zone; None, and noted with the nearest one, otherwise."""
    text = scalar(node, where, problems)
    if text is None:
        return None
    if text not in _zones():
        problems.at(node, where, f"unknown timezone {shown(text)}{did_you_mean(text, sorted(_zones()))}")
        return None
    return ZoneInfo(text)


def moment(node: yaml.Node, where: str, local: ZoneInfo | None, problems: Problems) -> int | None:
    """A time as epoch milliseconds; None, and noted, when it cannot be one.

    Args:
        node: the time, local or with an offset.
        where: its path.
        local: the zone of a local time; None when the file gives none.
        problems: takes what is wrong.
    """
    text = scalar(node, where, problems)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year < 2200:
        problems.at(node, where, f"must be a time such as 2026-11-22T00:00, not {shown(text)}")
        return None
    if found.tzinfo is None:
        if local is None:
            problems.at(node, where, "a local time needs a timezone in the flight, or write an offset such as +01:00")
            return None
        found = found.replace(tzinfo=local, fold=0)
        if found.astimezone(UTC).astimezone(local).replace(tzinfo=None) != found.replace(tzinfo=None):
            problems.at(node, where, f"{text} does not exist in {local.key}: clocks skip it")
            return None
    return int(found.timestamp()) * 1000


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
