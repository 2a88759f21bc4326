"""Formulas of KPIs: read from a text, checked in their units, computed from a row. Pure.

A formula has names of measures, numbers, ``+ - * /`` and parentheses, and nothing else. It is parsed by Python's own
parser into a tree of which only these nodes are taken; nothing of it is ever run as Python.

All is computed from the integers of a row as they are stored: sums and differences are exact, and a quotient is
rounded once. What is in millionths is made whole at the end.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from kpis.measures import MONEY, Kind, Measure
from kpis.units import MICROS

MAX_TEXT = 400
"""The longest formula, in characters."""
MAX_NODES = 60
"""The most names, numbers and operations of one."""
MAX_NUMBER = 10**12
"""The largest number that may be in one, or that the numbers in one may come to."""
# After each name and number something else stands: no text can be read in two ways, so reading never goes back.
_ALLOWED = re.compile(
    r"(?:[ +\-*/()]|[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_.])|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![A-Za-z0-9_.]))*"
)
_OPERATIONS: Mapping[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}

Number = int | float
Compute = Callable[[Sequence[int]], Number | None]
Powers = tuple[tuple[str, int], ...]
"""A unit as a product: each of its words with its power, in order; counts have none."""


class BadFormula(ValueError):
    """A formula means nothing; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Quotient:
    """A formula that is one measure over another, times a number: what can be judged by what its counts prove.

    Attributes:
        above: the measure above the line.
        below: the measure below it.
        scale: what the quotient of their amounts is multiplied by.
    """

    above: Measure
    below: Measure
    scale: Number


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read.

    Attributes:
        text: as it was written.
        measures: those it names, in the order in which they first are.
        powers: its unit.
        quotient: what it is as a quotient of two sums; None when it is none.
        compute: its value for a row of the catalogue that the measures are of; None where it has none: it divides by
            nothing or less, or a level was not told.
    """

    text: str
    measures: tuple[Measure, ...]
    powers: Powers
    quotient: Quotient | None
    compute: Compute = field(compare=False, repr=False)

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def is_money(self) -> bool:
        """Whether it is in units of currency, or in these per something."""
        return dict(self.powers).get(MONEY) == 1


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a formula: what it comes to as stored, in which unit, and how many millionths are in it."""

    compute: Compute
    powers: dict[str, int]
    micros: int
    measures: tuple[Measure, ...] = ()
    constant: Number | None = None
    of: tuple[Measure, Number] | None = None
    """The measure that it is, times a number; None when it is no such."""
    quotient: tuple[Measure, Measure, Number] | None = None


def parse_formula(text: str, known: Mapping[str, Measure]) -> Formula:
    """Read a formula over the measures of a catalogue, by their titles.

    Raises:
        BadFormula: it is none, names what is not known, mixes units, or divides by zero.
    """
    part = _part(_tree(text), known)
    if not part.measures:
        raise BadFormula("it names no measure")
    power = -part.micros
    quotient = None if part.quotient is None else Quotient(*part.quotient)

    def compute(row: Sequence[int]) -> Number | None:
        try:
            found = part.compute(row)
            if found is None:
                return None
            whole = found if power == 0 else found * MICROS**power if power > 0 else found / MICROS**-power
            return whole if isfinite(whole) else None
        except OverflowError:
            return None

    powers = tuple(sorted((word, n) for word, n in part.powers.items() if n))
    return Formula(text, part.measures, powers, quotient, compute)


def powers_text(powers: Powers) -> str:
    """A unit for people: ``money / hours``; ``a plain number`` for none."""
    above = " x ".join(word for word, n in powers for _ in range(max(n, 0)))
    below = "".join(f" / {word}" for word, n in powers for _ in range(max(-n, 0)))
    return f"{above or '1'}{below}" if powers else "a plain number"


def _tree(written: str) -> ast.expr:
    text = " ".join(written.split())
    if len(text) > MAX_TEXT:
        raise BadFormula(f"it is longer than {MAX_TEXT} characters")
    if not _ALLOWED.fullmatch(text):
        raise BadFormula("it may have names of measures, numbers, + - * / and parentheses only")
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise BadFormula("it is no formula: names of measures, numbers, + - * / and parentheses") from None
    if sum(isinstance(node, ast.expr) for node in ast.walk(tree)) > MAX_NODES:
        raise BadFormula(f"it has more than {MAX_NODES} parts")
    return tree


def _part(node: ast.expr, known: Mapping[str, Measure]) -> _Part:
    match node:
        case ast.Constant(value=value) if type(value) in {int, float}:
            return _constant(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            if name not in known:
                raise BadFormula(f"{name[:40]!r} is no measure")
            return _measure(known[name])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _product(_constant(-1), _part(operand, known))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _MAKE[_OPERATIONS[type(op)]](_part(left, known), _part(right, known))
    raise BadFormula(f"{ast.unparse(node)[:40]!r} is not allowed: names of measures, numbers, + - * / and parentheses")


def _constant(value: Number) -> _Part:
    found = _bounded(value)
    return _Part(lambda _: found, {}, 0, constant=found)


def _bounded(value: Number) -> Number:
    if not abs(value) <= MAX_NUMBER:
        raise BadFormula("a number in it is too large")
    return value


def _measure(measure: Measure) -> _Part:
    column, micros = measure.column, int(measure.in_micros)
    powers = {measure.word: 1} if measure.word else {}
    if measure.kind is Kind.LEVEL:

        def mean(row: Sequence[int]) -> Number | None:
            told = row[column + 1]
            return row[column] / told if told > 0 else None

        return _Part(mean, powers, micros, (measure,))
    if measure.kind is Kind.DISTINCT:
        return _Part(lambda row: row[column] if row[column] >= 0 else None, powers, micros, (measure,))
    return _Part(lambda row: row[column], powers, micros, (measure,), of=(measure, 1))


def _sum(left: _Part, right: _Part, sign: int = 1) -> _Part:
    if left.powers != right.powers:
        units = " and ".join(powers_text(tuple(sorted(one.powers.items()))) for one in (left, right))
        raise BadFormula(f"it adds or subtracts what is in different units: {units}")
    first, second = left.compute, right.compute

    def compute(row: Sequence[int]) -> Number | None:
        one, other = first(row), second(row)
        return None if one is None or other is None else one + sign * other

    constant = None
    if left.constant is not None and right.constant is not None:
        constant = _bounded(left.constant + sign * right.constant)
    return _Part(compute, left.powers, left.micros, _both(left, right), constant)


def _difference(left: _Part, right: _Part) -> _Part:
    return _sum(left, right, -1)


def _product(left: _Part, right: _Part) -> _Part:
    first, second = left.compute, right.compute

    def compute(row: Sequence[int]) -> Number | None:
        one, other = first(row), second(row)
        return None if one is None or other is None else one * other

    constant = None
    if left.constant is not None and right.constant is not None:
        constant = _bounded(left.constant * right.constant)
    of = quotient = None
    for scale, other in ((left.constant, right), (right.constant, left)):
        if scale is not None and constant is None:
            if scale == 0:
                raise BadFormula("it multiplies by zero")
            of = None if other.of is None else (other.of[0], _bounded(other.of[1] * scale))
            quotient = None if other.quotient is None else (*other.quotient[:2], _bounded(other.quotient[2] * scale))
    powers, micros = _powers(left, right, 1), left.micros + right.micros
    return _Part(compute, powers, micros, _both(left, right), constant, of, quotient)


def _division(left: _Part, right: _Part) -> _Part:
    if right.constant == 0:
        raise BadFormula("it divides by zero")
    first, second = left.compute, right.compute

    def compute(row: Sequence[int]) -> Number | None:
        one, other = first(row), second(row)
        # Less than nothing is what corrections may leave; a rate of that says nothing.
        return None if one is None or other is None or other <= 0 else one / other

    constant = of = quotient = None
    if right.constant is not None:
        if right.constant < 0:
            raise BadFormula("it divides by a number below zero")
        constant = None if left.constant is None else _bounded(left.constant / right.constant)
        of = None if left.of is None else (left.of[0], _bounded(left.of[1] / right.constant))
        quotient = None if left.quotient is None else (*left.quotient[:2], _bounded(left.quotient[2] / right.constant))
    elif left.of is not None and right.of is not None and right.of[1] > 0:
        quotient = (left.of[0], right.of[0], _bounded(left.of[1] / right.of[1]))
    powers, micros = _powers(left, right, -1), left.micros - right.micros
    return _Part(compute, powers, micros, _both(left, right), constant, of, quotient)


_MAKE: Mapping[str, Callable[[_Part, _Part], _Part]] = {
    "+": _sum, "-": _difference, "*": _product, "/": _division,
}  # fmt: skip


def _both(left: _Part, right: _Part) -> tuple[Measure, ...]:
    return tuple(dict.fromkeys((*left.measures, *right.measures)))


def _powers(left: _Part, right: _Part, sign: int) -> dict[str, int]:
    words = {*left.powers, *right.powers}
    found = {word: left.powers.get(word, 0) + sign * right.powers.get(word, 0) for word in words}
    return {word: n for word, n in found.items() if n}
