"""Values to try in place of those of a policy: ``z_proof=3,3.5,4``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from itertools import product

from kpis.runtime.durations import parse_duration
from kpis.runtime.errors import Misconfigured
from kpis.runtime.yaml_nodes import did_you_mean, shown
from pacewatch.backtest.trial import TrialPolicy

MOST = 64
"""Combinations that are tried at most: each is as much work as a backtest."""
_PARTS = ("verdicts", "evidence", "lifecycle", "quiet")
Choice = tuple[tuple[str, float], ...]
"""Names and the values tried for them."""


def known(base: TrialPolicy) -> dict[str, str]:
    """The fields that may be tried, and the policy that each is of."""
    return {
        field.name: part
        for part in _PARTS
        for field in fields(getattr(base, part))
        if isinstance(getattr(getattr(base, part), field.name), int | float)
    }


def choices(written: Sequence[str], base: TrialPolicy) -> list[Choice]:
    """All combinations of the values that are written as ``NAME=V1,V2``.

    Raises:
        Misconfigured: a name is unknown, a value is no number, or there are too many combinations.
    """
    options: list[list[tuple[str, float]]] = []
    names = known(base)
    for text in written:
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise Misconfigured("--sweep", f"{shown(text)} is not NAME=V1,V2", "such as z_proof=3,3.5,4")
        if name not in names:
            raise Misconfigured(
                "--sweep", f"unknown policy field {shown(name)}{did_you_mean(name, names)}", _all(names)
            )
        if any(name == option[0][0] for option in options):
            raise Misconfigured("--sweep", f"{name} is given twice", "write all its values in one")
        default = getattr(getattr(base, names[name]), name)
        options.append([(name, _value(name, part.strip(), default)) for part in values.split(",")])
    found = list(product(*options))
    if len(found) > MOST:
        raise Misconfigured("--sweep", f"{len(found):,} combinations are too many", f"at most {MOST}")
    return found


def with_choice(base: TrialPolicy, choice: Choice) -> TrialPolicy:
    """The policy with other values."""
    found, names = base, known(base)
    for name, value in choice:
        part = names[name]
        found = replace(found, **{part: replace(getattr(found, part), **{name: value})})
    return found


def shown_choice(choice: Choice) -> str:
    """The values that were tried: ``z_proof=3.5 false_a_day=0.01``."""
    return " ".join(f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in choice)


def _value(name: str, text: str, default: float) -> float:
    span = parse_duration(text) if name.endswith("_ms") and not text.isdigit() else None
    if span is not None:
        return span
    try:
        found = float(text) if isinstance(default, float) else int(text)
    except ValueError:
        found = -1
    if not 0 <= found < 1e12:
        raise Misconfigured("--sweep", f"{name} cannot be {shown(text)}", f"it is {default} now")
    return found


def _all(names: dict[str, str]) -> str:
    return f"there are {', '.join(names)}"
