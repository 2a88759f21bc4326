"""Catalogue files that people write: every error with its line, and no file that hurts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import CORE
from kpis.measures import Counting, Kind, Stream, Takes
from kpis.packs import catalogue_file
from kpis.packs.catalogue_file import InvalidCatalogue, everything, load, parse
from kpis.packs.catalogue_source import CatalogueSource
from kpis.runtime.problems import FileProblem
from kpis.units import Unit
from tests.unit.kpis.packs.test_packs import WANTED

EXAMPLES = Path(__file__).parents[4] / "examples"


def errors(text: str) -> list[str]:
    """What is wrong with a file, as people see it."""
    with pytest.raises(InvalidCatalogue) as caught:
        parse(text, "x")
    return [str(problem) for problem in caught.value.problems]


def problems(text: str) -> tuple[FileProblem, ...]:
    """The same, of a file that may be a good one."""
    try:
        parse(text, "x")
    except InvalidCatalogue as e:
        return e.problems or (FileProblem(0, 0, "", "it is refused for nothing"),)
    return ()


def kpi(body: str) -> str:
    return f"kpis:\n  k: {{meaning: A thing., {body}}}\n"


def measure(body: str) -> str:
    return f"measures:\n  m: {{{body}}}\n"


def test_a_file_that_adds_nothing_is_the_core() -> None:
    assert parse("packs: [core]", "x").measures == parse("title: ours", "x").measures == CORE.measures
    assert load(None) is CORE


@pytest.mark.parametrize("text", ["", " \n\n", "# measures: {a: {}}\n"])
def test_an_empty_file_is_refused_as_it_would_drop_all_that_it_had(text: str) -> None:
    (found,) = errors(text)
    assert found.startswith("line 1, column 1: the file is empty; it needs packs, measures or kpis")


LEADS = (("channel", ("social",)), ("kind", ("form", "lead")))


def test_measures_are_taken_as_written() -> None:
    found = parse(
        """\
measures:
  leads: {stream: conversions, where: {kind: [lead, form], channel: social}}
  tickets: {}
  hours: {unit: hours, name: time_spent}
  fans: {level: true}
  people: {stream: impressions, distinct: user_id}
  orders: {stream: conversions, value: count}
  worth: {stream: conversions, value: money, where: {kind: order}}
  extra: {stream: spend}
""",
        "x",
    ).added_measures
    assert [(m.name, m.unit, m.kind, m.column, m.counting) for m in found] == [
        ("leads", Unit.EVENTS, Kind.SUM, 5, Counting(Takes.QUANTITY, "", LEADS)),
        ("tickets", Unit.EVENTS, Kind.SUM, 6, Counting(Takes.VALUE, "tickets")),
        ("hours_micros", Unit.AMOUNT, Kind.SUM, 7, Counting(Takes.VALUE, "time_spent")),
        ("fans", Unit.EVENTS, Kind.LEVEL, 8, Counting(Takes.VALUE, "fans")),
        ("people", Unit.EVENTS, Kind.DISTINCT, 10, Counting(Takes.FIELD, field="user_id")),
        ("orders", Unit.EVENTS, Kind.SUM, 11, Counting(Takes.COUNT)),
        ("worth_micros", Unit.MICROS, Kind.SUM, 12, Counting(Takes.MONEY, "", (("kind", ("order",)),))),
        ("extra_micros", Unit.MICROS, Kind.SUM, 13, Counting(Takes.MONEY)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("stream: click", "stream: unknown stream 'click'; did you mean clicks?"),
        ("stream: clicks, name: x", "name: only events of the stream measures have a name"),
        ("stream: clicks, where: {kind: lead}", "where: events of the stream clicks have no kind"),
        ("where: {}", "where: must be a mapping such as {kind: lead}, not a mapping"),
        ("where: {colour: red}", "where: unknown field 'colour'"),
        ("stream: clicks, level: true", "level: a level is told by events of the stream measures"),
        ("stream: clicks, value: value", "value: only events of the stream measures have a value"),
        ("value: quantity", "value: events of the stream measures have a value, no quantity"),
        ("stream: spend, value: quantity", "value: events of the stream spend have no quantity"),
        ("stream: conversions, value: money, unit: hours", "unit: money is in money"),
        ("stream: clicks, unit: hours", "unit: quantity is a count"),
        ("stream: clicks, distinct: user_id, level: true", "level: distinct counts ids: it goes without level"),
        ("level: maybe", "level: unknown answer 'maybe'"),
        ("distinct: user id", "distinct: must be a field of events such as user_id"),
        ("unit: Hours", "unit: a name has small letters"),
        ("colour: red", "unknown key 'colour'"),
    ],
)
def test_a_measure_that_means_nothing_is_refused_where_it_stands(body: str, said: str) -> None:
    (found,) = errors(measure(body))
    assert found.startswith("line 2, column ")
    assert said in found


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("formula: clikcs / impressions", "formula: 'clikcs' is no measure; did you mean clicks?"),
        ("formula: __import__", "formula: '__import__' is no measure"),
        (
            "formula: spend + clicks",
            "formula: it adds or subtracts what is in different units: money and a plain number",
        ),
        ("formula: clicks / 0", "formula: it divides by zero"),
        ("formula: spend / clicks, unit: share", "unit: the formula is in money, not a share"),
        ("formula: clicks / impressions, unit: money", "unit: the formula is in a plain number, not a money"),
        ("formula: clicks / impressions * 100, unit: share", "unit: a share is shown in percent"),
        (
            "formula: clicks / impressions, unit: share, min_volume: 30",
            "min_volume: a share is judged by what its counts",
        ),
        ("formula: revenue / spend, min_volume: 30", "min_volume: nothing in the formula is a sum of counts"),
        ("formula: clicks, min_volume: 1e9999999", "min_volume: must be a number of at most 10^12"),
        ("formula: clicks, min_volume: .nan", "min_volume: must be a number"),
        ("formula: clicks, min_volume: -1", "min_volume: must be a whole number from 0 on"),
        ("formula: clicks, better: up", "better: unknown answer 'up'"),
        (
            "formula: clicks, example: {of: {clicks: 5}, gives: 6}",
            "example.gives: with these amounts the formula comes to 5",
        ),
        ("formula: clicks / spend, example: {of: {clicks: 5, spend: 0}, gives: 6}", "the formula has no value"),
        ("formula: clicks / spend, example: {of: {clicks: 5}, gives: 6}", "example.of: it says nothing of spend"),
        ("formula: clicks, example: {of: {click: 5}, gives: 5}", "'click' is no measure; did you mean clicks?"),
        ("formula: [clicks]", "formula: must be one value, not a list"),
        ('formula: clicks, label: "a\\u202eb"', "label: must be one line"),
    ],
)
def test_a_kpi_that_means_nothing_is_refused_where_it_stands(body: str, said: str) -> None:
    (found,) = errors(kpi(body))
    assert found.startswith("line 2, column ")
    assert said in found


ENDINGS = ("_micros", "_sum", "_reports", "_at", "_ids")
NO_NAMES = ("A", "a-b", "_a", "a_", "é", "a" * 41)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("packs: [paid, nope]", "packs[1]: unknown pack 'nope'"),
        ("packs: [paid, paid]", "packs[1]: paid is given twice"),
        ("packs: paid", "packs: must be a list"),
        ("measures: {clicks: {}}", "measures.clicks: clicks is defined already"),
        ("measures: {cpc: {}}", "measures.cpc: cpc is defined already"),
        ("packs: [paid]\nmeasures: {leads: {}}", "measures.leads: leads is defined already"),
        ("kpis: {ctr: {formula: clicks, meaning: a}}", "kpis.ctr: ctr is defined already"),
        ("kpis: {spend: {formula: clicks, meaning: a}}", "kpis.spend: spend is defined already"),
        ("measures: {a: {}}\nkpis: {a: {formula: clicks, meaning: a}}", "kpis.a: a is the name of a measure"),
        ("measures: {a: {}, a: {}}", "measures: a is given twice"),
        ("measures: {}", "measures: the mapping is empty"),
        *((f"measures: {{fans{end}: {{}}}}", "a name must not end in") for end in ENDINGS),
        *((f"measures: {{{name}: {{}}}}", "cannot be a name") for name in ("lambda", "not", "is", "class")),
        *((f"measures: {{{name}: {{}}}}", "a name has small letters") for name in NO_NAMES),
        ("measures: {a: &x {}, b: *x}", "not allowed here"),
        ("measures: {a: !!python/object:os.system {}}", "tags (!name) are not allowed here"),
        ("<<: {measures: {}}", "a key must be plain text"),
        ("[" * 50, "nested deeper"),
        ("a: 'b", "not valid YAML"),
        ("\x01", "not valid YAML: a control character"),
        ("- a", "must be a mapping with title, packs, measures, kpis"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_says_why(text: str, said: str) -> None:
    assert said in "\n".join(errors(text))


def test_all_that_is_wrong_is_said_at_once_and_in_the_order_of_lines() -> None:
    found = errors(
        """\
packs: [paid]
measures:
  leads: {}
  cpc: {}
kpis:
  ctr: {formula: clicks, meaning: a}
  first: {formula: spend + clicks, meaning: a}
  second: {formula: clicks / 0, meaning: a}
  third: {formula: leads / clicks, unit: money, meaning: a}
"""
    )
    assert [line.split(",")[0] for line in found] == [f"line {n}" for n in (3, 4, 6, 7, 8, 9)]
    assert found[3] == (
        "line 7, column 20: kpis.first.formula: "
        "it adds or subtracts what is in different units: money and a plain number"
    )  # fmt: skip


def test_packs_that_nobody_knows_hide_nothing_of_the_rest() -> None:
    found = errors("packs: [nope, paid, neither]\nkpis:\n  ctr: {formula: clicks / 0, meaning: a}\n")
    assert [line.partition(": ")[2].partition(" '")[0] for line in found] == [
        "packs[0]: unknown pack",
        "packs[2]: unknown pack",
        "kpis.ctr: ctr is defined already, in the core or in a pack that is switched on",
        "kpis.ctr.formula: it divides by zero",
    ]


def test_more_than_is_looked_at_is_refused_before_it_is_looked_at() -> None:
    many = "".join(f"  m{i}: {{}}\n" for i in range(20_000))
    assert errors(f"measures:\n{many}") == ["line 2, column 3: measures: these are 20,000; 256 is the most"]
    wrong = "".join(f"  k{i}: {{formula: nope{i}, meaning: a}}\n" for i in range(20_000))
    assert errors(f"kpis:\n{wrong}") == ["line 2, column 3: kpis: these are 20,000; 400 is the most"]


def test_with_the_packs_a_row_has_an_end_too() -> None:
    room = catalogue_file.MAX_COLUMNS - everything().width
    names = f"packs: [{', '.join(WANTED)}]\nmeasures:\n"
    assert parse(names + "".join(f"  m{i}: {{}}\n" for i in range(room)), "x").width == catalogue_file.MAX_COLUMNS
    (found,) = errors(names + "".join(f"  m{i}: {{}}\n" for i in range(room + 1)))
    assert "with the packs these are 257 columns; 256 is the most" in found


def test_a_formula_may_go_on_over_lines() -> None:
    folded = parse("kpis:\n  k:\n    meaning: a\n    formula: >\n      clicks\n      / impressions\n", "x")
    assert folded.by_name["k"].of((4, 2, 0, 0, 0)) == 0.5


PARTS = st.one_of(
    st.sampled_from(["measures", "kpis", "packs", "m", "stream", "value", "unit", "formula", "where", "1e9999999"]),
    st.sampled_from(["clicks", "paid", "true", "null", "~", "{", "}", ":", "\n", "  ", "- ", "[", "]"]),
    st.sampled_from(["&a", "*a", "!!x", "'", "|", "é"]),
    st.text(max_size=5),
)  # fmt: skip


@given(st.lists(PARTS, max_size=30).map("".join))
def test_any_text_is_a_catalogue_or_a_list_of_errors(text: str) -> None:
    assert all(problem.line >= 1 for problem in problems(text))


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.sampled_from(["clicks", "money"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["stream", "where", "value", "unit", "level", "distinct", "formula", "meaning",
                                         "example", "of", "gives", "clicks", "kind", "a"]), inner, max_size=4),
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["title", "packs", "measures", "kpis", "x"]), VALUES, max_size=4))
def test_any_value_in_any_place_is_a_catalogue_or_a_list_of_errors(data: object) -> None:
    assert all(problem.line >= 1 for problem in problems(yaml.safe_dump(data, allow_unicode=True)))


def test_packs_that_differ_in_what_they_share_cannot_be_switched_on_together(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "one": "measures: {a: {}, b: {}}\nkpis: {k: {formula: a / b, meaning: x}}",
        "two": "measures: {a: {}, b: {unit: hours}}\nkpis: {k: {formula: a / clicks, meaning: x}}",
    }
    monkeypatch.setattr(catalogue_file, "pack_names", lambda: tuple(texts))
    monkeypatch.setattr(catalogue_file, "pack", lambda name: catalogue_file._read(texts[name], name))
    assert [line.partition("packs: ")[2] for line in errors("packs: [one, two]")] == [
        "pack two defines b otherwise than another pack",
        "pack two defines k otherwise than another pack",
    ]


def test_the_example_is_a_good_file_with_measures_and_kpis_of_a_team_and_goals_for_them() -> None:
    found = load(EXAMPLES / "catalogue.yaml")
    own = [*(m.name for m in found.added_measures[-2:]), *(k.name for k in found.added_kpis[-2:])]
    assert own == ["trials", "support_hours_micros", "trial_rate", "support_per_trial"]
    (campaign,) = yaml.safe_load((EXAMPLES / "catalogue-goals.yaml").read_text())["campaigns"]
    assert {goal["total"] for goal in campaign["goals"] if "total" in goal} <= found.totals.keys()
    assert {goal["ratio"] for goal in campaign["goals"] if "ratio" in goal} <= found.by_name.keys()
    assert {*own} & {goal.get("ratio") for goal in campaign["goals"]}


def test_a_file_that_changes_is_used_from_then_on_and_one_that_breaks_is_not(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    path.write_text("measures: {a: {}}")
    source = CatalogueSource(path)
    assert [m.title for m in source.value.added_measures] == ["a"]
    path.write_text("measures: {a: {}, b: {}}")
    looks = (float(n) for n in range(10, 100, 10))
    changed = [source.refresh(next(looks)) for _ in range(3)]
    assert changed.count(True) == 1
    assert [m.title for m in source.value.added_measures] == ["a", "b"]
    path.write_text("measures: {a: {}, b: {}, c: 1}")
    assert not any(source.refresh(next(looks)) for _ in range(3))
    assert "catalogue file catalogue.yaml is not used as it is now: line 1" in source.problem
    path.write_text("")
    assert not any(source.refresh(next(looks)) for _ in range(3))
    assert "line 1, column 1: the file is empty" in source.problem
    assert [m.title for m in source.value.added_measures] == ["a", "b"]
    assert source.value.by_title["b"].streams == (Stream.MEASURE,)
