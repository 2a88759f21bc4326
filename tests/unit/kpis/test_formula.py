"""Formulas: whatever a person writes is a formula or an error, and what it comes to is what it says."""

from __future__ import annotations

import re
import string
import warnings
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kpis.catalogue import CORE, Catalogue
from kpis.formula import BadFormula, Formula, parse_formula, powers_text
from kpis.measures import Kind, Measure
from kpis.packs.catalogue_file import parse

FILE = """\
measures:
  hours: {unit: hours}
  fees: {unit: money}
  staff: {level: true}
  budget: {level: true, unit: money}
  people: {stream: impressions, distinct: user_id}
"""
KNOWN: Catalogue = parse(FILE, "x")
WIDTH = KNOWN.width
COUNTS = ("impressions", "clicks", "conversions")
UNITS = {"impressions": {}, "spend": {"money": 1}, "fees": {"money": 1}, "hours": {"hours": 1}, "staff": {}}
NAMES = st.sampled_from(sorted(KNOWN.by_title))
LETTERS = string.ascii_letters + string.digits + string.punctuation + " \t\n\x00\u00e9\u0661"


def formula(text: str) -> Formula:
    return parse_formula(text, KNOWN.by_title)


def read(text: str) -> Formula | BadFormula:
    try:
        return formula(text)
    except BadFormula as e:
        return e


def row(**amounts: int) -> list[int]:
    """A row by titles, as stored; ``staff=(sum, reports)`` of a level."""
    found = [0] * WIDTH
    for title, amount in amounts.items():
        found[column(title)] = amount
    return found


def column(title: str) -> int:
    return KNOWN.by_title[title].column


def level(title: str, total: int, reports: int) -> list[int]:
    found = [0] * WIDTH
    found[column(title) : column(title) + 2] = [total, reports]
    return found


PIECES = st.one_of(
    NAMES,
    st.sampled_from(
        [*"+-*/() .", "**", "//", "1", "0", "1e9", "0x1f", "1_0", "1j", "if", "else", "lambda", "not", "and"]
    ),
    st.sampled_from(["__import__", "True", "None", "9" * 399, "-" * 300, "(" * 250, "a.b", "f(1)", "x[0]", "'"]),
    st.text(LETTERS, max_size=4),
)


@given(st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(LETTERS, max_size=60)))
@example("9" * 350)
@example("clicks*" + "1000000000000*" * 25 + "1.5")
@example("impressions / (" + "1000000000000*" * 25 + "1)")
@example("clicks" + "/1000000000000" * 25)
@example("(" + "*".join(["clicks"] * 25) + ") / impressions")
@example("*".join(["spend"] * 30))
@example("clicks / " + " / ".join(["hours"] * 25))
@example("(" * 199 + "clicks" + ")" * 199)
@example("-" * 390 + "clicks")
@example("1if clicks else 2")
@example("clicks\n/\nimpressions")
def test_any_text_is_a_formula_or_an_error_and_computes_a_number_or_nothing(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read(text)
    if isinstance(found, BadFormula):
        assert str(found).isprintable()
        return
    for filled in ([0] * WIDTH, [1] * WIDTH, [-5] * WIDTH, [2**63 - 1] * WIDTH, [-(2**63)] * WIDTH):
        value = found.compute(filled)
        assert value is None or abs(value) < float("inf")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no formula"),
        ("clicks +", "it is no formula"),
        ("12", "it names no measure"),
        ("__import__", "'__import__' is no measure"),
        ("__import__('os')", "it may have names"),
        ("__import__(clicks)", "is not allowed"),
        ("clicks.real", "it may have names"),
        ("clicks ** 9", "is not allowed"),
        ("clicks // 2", "is not allowed"),
        ("+clicks", "is not allowed"),
        ("not clicks", "is not allowed"),
        ("clicks if clicks else 2", "is not allowed"),
        ("0x10 * clicks", "it may have names"),
        ("1e3 * clicks", "it may have names"),
        ("spend + clicks", "different units: money and a plain number"),
        ("spend - 1", "different units: money and a plain number"),
        ("spend / hours + fees", "different units: money / hours and money"),
        ("clicks / 0", "it divides by zero"),
        ("clicks / (3 - 3)", "it divides by zero"),
        ("clicks / -2", "it divides by a number below zero"),
        ("clicks / (impressions * 0)", "it multiplies by zero"),
        ("clicks * 1000000000001", "a number in it is too large"),
        ("clicks * 1000000000000 * 1000000000000", "a number in it is too large"),
        ("+".join(["clicks"] * 31), "more than 60 parts"),
        ("clicks + " * 50, "longer than 400 characters"),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_and_says_why(text: str, why: str) -> None:
    with pytest.raises(BadFormula, match=re.escape(why)):
        formula(text)


def sums(depth: int) -> st.SearchStrategy[str]:
    """Sums, differences and products of counts and whole numbers: exact whatever they come to."""
    leaf = st.one_of(st.sampled_from(COUNTS), st.integers(1, 1000).map(str))
    if depth == 0:
        return leaf
    part = sums(depth - 1)
    return st.one_of(leaf, st.tuples(part, st.sampled_from("+-*"), part).map(lambda t: f"({t[0]} {t[1]} {t[2]})"))


@given(sums(2), sums(2), st.integers(1, 1000), st.tuples(*[st.integers(-(10**9), 10**9)] * 3))
def test_a_formula_comes_to_what_plain_fractions_come_to(
    above: str, below: str, scale: int, amounts: tuple[int, int, int]
) -> None:
    text = f"{above} / {below} * {scale}"
    try:
        found = formula(text)
    except BadFormula:
        return
    named = dict(zip(COUNTS, amounts, strict=True))
    up, down = (eval(part, {"__builtins__": {}}, {k: Fraction(v) for k, v in named.items()}) for part in (above, below))  # noqa: S307
    got = found.compute(row(**named))
    if down <= 0:
        assert got is None
    else:
        assert got == pytest.approx(float(Fraction(up) / Fraction(down) * scale), rel=1e-12)


@given(st.lists(st.tuples(st.sampled_from(sorted(UNITS)), st.sampled_from("*/")), min_size=1, max_size=6))
def test_units_of_products_add_up_and_of_quotients_are_taken_away(parts: list[tuple[str, str]]) -> None:
    text, expected = "clicks", dict[str, int]()
    for name, operation in parts:
        text += f" {operation} {name}"
        for word, power in UNITS[name].items():
            expected[word] = expected.get(word, 0) + (power if operation == "*" else -power)
    found = formula(text)
    assert dict(found.powers) == {word: power for word, power in expected.items() if power}
    assert found.is_money == (expected.get("money") == 1)
    # What is added to itself keeps its unit; what is multiplied by a unit does not fit any more.
    assert formula(f"({text}) + ({text})").powers == found.powers
    with pytest.raises(BadFormula, match="different units"):
        formula(f"({text}) + ({text}) * hours")


def test_millionths_are_made_whole_whatever_the_unit() -> None:
    """2 hours and 30 units of money: 15 an hour, 60 together, and 4 square hours."""
    filled = row(hours=2_000_000, fees=30_000_000, clicks=3)
    assert formula("fees / hours").compute(filled) == 15
    assert formula("fees * hours").compute(filled) == 60
    assert formula("hours * hours").compute(filled) == 4
    assert formula("clicks / fees").compute(filled) == pytest.approx(0.1)
    assert formula("fees / hours / hours * clicks").compute(filled) == 22.5


def test_sums_of_the_largest_amounts_are_exact() -> None:
    large = row(impressions=2**63 - 1, clicks=-(2**63) + 2)
    assert formula("impressions + clicks").compute(large) == 1


def test_what_has_no_value_has_none() -> None:
    """Nothing or less below the line, a level that was never told, a distinct count that is not known."""
    assert formula("clicks / impressions").compute(row(clicks=5)) is None
    assert formula("clicks / (impressions - conversions)").compute(row(clicks=5, conversions=1)) is None
    assert formula("staff").compute([0] * WIDTH) is None
    assert formula("clicks + staff").compute(row(clicks=5)) is None
    assert formula("people").compute(row(people=-1)) is None
    assert formula("impressions / people").compute(row(impressions=5, people=-1)) is None


def test_a_level_is_the_mean_of_what_its_panes_were_told() -> None:
    assert formula("staff").compute(level("staff", 30, 4)) == 7.5
    assert formula("budget / 2").compute(level("budget", 30_000_000, 3)) == 5
    assert formula("staff * 2").compute(level("staff", -30, 4)) == -15


@pytest.mark.parametrize(
    ("text", "quotient"),
    [
        ("clicks / impressions", ("clicks", "impressions", 1)),
        ("1000 * spend / impressions", ("spend", "impressions", 1000)),
        ("spend / impressions * 1000", ("spend", "impressions", 1000)),
        ("(spend / 2) / (impressions * 4)", ("spend", "impressions", 0.125)),
        ("-clicks / impressions", ("clicks", "impressions", -1)),
        ("(clicks + conversions) / impressions", None),
        ("clicks / -impressions", None),
        ("clicks / impressions / conversions", None),
        ("clicks / staff", None),
        ("impressions / people", None),
        ("clicks", None),
    ],
)
def test_only_one_sum_over_another_is_a_quotient(text: str, quotient: tuple[str, str, float] | None) -> None:
    found = formula(text).quotient
    assert (found and (found.above.title, found.below.title, found.scale)) == quotient


def test_a_formula_names_its_measures_once_each_in_their_order() -> None:
    assert [m.title for m in formula("(spend + fees) / clicks - spend / clicks").measures] == [
        "spend",
        "fees",
        "clicks",
    ]


def test_units_read_as_people_write_them() -> None:
    assert powers_text(()) == "a plain number"
    assert powers_text((("hours", -1), ("money", 1))) == "money / hours"
    assert powers_text((("hours", -2),)) == "1 / hours / hours"


@given(st.sampled_from(CORE.kpis), st.tuples(*[st.integers(0, 2**50)] * 5))
def test_the_core_computes_the_same_by_its_formula_as_by_its_parts(kpi: object, filled: tuple[int, ...]) -> None:
    found = CORE.by_name[getattr(kpi, "name", "")]
    by_formula = found.formula.compute(filled)
    assert found.of(filled) == (None if by_formula is None else pytest.approx(by_formula, rel=1e-15))


def test_every_kind_of_measure_is_in_the_file_above() -> None:
    kinds = {measure.kind for measure in KNOWN.measures}
    assert kinds == set(Kind)
    assert all(isinstance(measure, Measure) for measure in KNOWN.measures)
