"""Claimed columns: what was stored stays what it was, whatever is defined later."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import CORE, Catalogue
from kpis.contract.claimed import Columns, fields_of, fingerprint, mark_of, read_columns, stored_names
from kpis.contract.layout import MOST_COLUMNS
from kpis.measures import WIDTH, Measure
from kpis.packs.catalogue_file import everything, parse

BASE = "{stream: conversions, where: {kind: lead}}"
OTHERWISE = [
    "{stream: conversions, where: {kind: mql}}",
    "{stream: conversions, where: {channel: lead}}",
    "{stream: conversions, where: {kind: [lead, mql]}}",
    "{stream: conversions, value: count, where: {kind: lead}}",
    "{stream: conversions, value: money, where: {kind: lead}}",
    "{stream: conversions, distinct: user_id, where: {kind: lead}}",
    "{stream: conversions}",
    "{stream: clicks}",
    "{}",
    "{name: x}",
    "{level: true}",
    "{unit: hours}",
    "{unit: days}",
    "{unit: money}",
]


def measure(body: str, name: str = "m") -> Measure:
    (found,) = parse(f"measures: {{{name}: {body}}}", "x").added_measures
    return found


def claimed(catalogue: Catalogue, start: int = WIDTH) -> Columns:
    """As a worker would claim them, from a column on."""
    names = [name for m in catalogue.added_measures for name in fields_of(m)]
    return Columns({name: start + i for i, name in enumerate(names)})


def test_a_measure_that_is_defined_otherwise_is_another_one() -> None:
    marks = {fingerprint(measure(body)) for body in [BASE, *OTHERWISE]} | {fingerprint(measure(BASE, "n"))}
    assert len(marks) == len(OTHERWISE) + 2


def test_words_and_place_do_not_make_it_another_one() -> None:
    said = measure("{stream: conversions, where: {kind: lead}, meaning: Some., source: Us}")
    later = parse(f"measures: {{a: {{}}, b: {{}}, m: {BASE}}}", "x").by_title["m"]
    assert fingerprint(measure(BASE)) == fingerprint(said) == fingerprint(later)
    assert fingerprint(measure("{stream: conversions, where: {kind: [a, b]}}")) == fingerprint(
        measure("{stream: conversions, where: {kind: [b, a, a]}}")
    )


def test_the_fingerprint_is_the_same_in_every_process() -> None:
    """Of a release from before, too: a row written then is read by it."""
    assert fingerprint(measure(BASE)) == "636fec4f0a1e"


def test_no_two_columns_of_all_packs_have_the_same_name() -> None:
    names = [name for m in everything().measures for name in stored_names(m)]
    assert len(set(names)) == len(names)


def test_a_level_has_three_columns_and_a_distinct_count_one_of_events() -> None:
    assert stored_names(measure("{level: true, unit: money}")) == ("m_sum", "m_reports", "m_at")
    assert stored_names(measure("{stream: clicks, distinct: user_id}")) == ("m_ids",)
    assert stored_names(measure("{unit: hours}")) == ("m_micros",)


def test_catalogues_with_the_same_measures_have_the_same_mark_and_others_another_one() -> None:
    """Whatever their order, words and KPIs; the core's is 0, and all of them are numbers that Redis and JSON keep."""
    texts = ["{a: {}, b: {}}", "{b: {}, a: {meaning: Words.}}", "{a: {}}", "{a: {}, b: {level: true}}"]
    marks = [mark_of(parse(f"measures: {text}", "x")) for text in texts]
    kpis = parse("{measures: {a: {}, b: {}}, kpis: {c: {formula: a / b, meaning: Some.}}}", "x")
    assert marks[0] == marks[1] == mark_of(kpis)
    assert (len({*marks}), mark_of(CORE), max(marks) < 2**53) == (3, 0, True)


def test_each_column_has_a_name_in_documents_that_no_other_has_and_that_stays() -> None:
    """Of measures of one name the first has it plain, and each later one with its mark; a level's time has none."""
    bodies = ["{name: a}", "{name: b}", "{level: true}", "{level: true, unit: hours}"]
    found = [measure(body) for body in bodies]
    columns, known = Columns(), list[str]()
    for one in found:
        more = {name: columns.width + i for i, name in enumerate(fields_of(one))}
        columns = Columns({**columns.claimed, **more})
        assert list(columns.names)[: len(known)] == known
        known = list(columns.names)
    marks = [fingerprint(one) for one in found]
    level = ["m_sum", "m_reports", "", f"m_sum@{marks[3]}", f"m_reports@{marks[3]}", ""]
    assert known == ["m", f"m@{marks[1]}", *level]
    assert [columns.documented(one) for one in found] == [
        ("m",), (f"m@{marks[1]}",), ("m_sum", "m_reports"), tuple(level[3:5])
    ]  # fmt: skip
    assert columns.documented(measure("{name: c}")) == ()
    assert columns.documented(CORE.measures[3]) == ("spend_micros",)


def test_rows_of_the_core_are_taken_as_they_are() -> None:
    wide = np.arange(2 * 9).reshape(2, 9).astype(np.int64)
    assert Columns().taken(wide, CORE).tolist() == wide[:, :WIDTH].tolist()
    assert (Columns().width, Columns().places(CORE)) == (WIDTH, (0, 1, 2, 3, 4))


FILE = parse(
    "measures: {a: {}, fans: {level: true}, b: {unit: hours}, people: {stream: clicks, distinct: user_id}}", "x"
)


def test_stored_columns_find_their_place_in_rows_of_the_catalogue() -> None:
    """Stored: a 5, fans 6 7 8, b 9, people 10; a row of the catalogue: a 5, fans 6 7, b 8, people 9."""
    columns = claimed(FILE)
    assert columns.width == 11
    assert columns.places(FILE) == (0, 1, 2, 3, 4, 5, 6, 7, 9, 10)
    stored = np.arange(11, dtype=np.int64).reshape(1, 11)
    assert columns.taken(stored, FILE).tolist() == [[0, 1, 2, 3, 4, 5, 6, 7, 9, 10]]


def test_what_no_worker_counts_yet_and_what_rows_are_too_short_for_is_zero() -> None:
    columns = Columns({fields_of(FILE.by_title["a"])[0]: 7})
    assert columns.of(FILE.by_title["fans"]) is None
    short = np.ones((1, WIDTH), np.int64)
    assert columns.taken(short, FILE).tolist() == [[1] * WIDTH + [0] * 5]
    long = np.full((1, 8), 3, np.int64)
    assert columns.taken(long, FILE).tolist() == [[3] * WIDTH + [3, 0, 0, 0, 0]]


def test_what_was_claimed_since_is_left_out() -> None:
    columns = Columns({fields_of(FILE.by_title["a"])[0]: 5})
    wider = np.full((2, 20), 3, np.int64)
    assert columns.taken(wider, FILE).tolist() == [[3] * WIDTH + [3, 0, 0, 0, 0]] * 2
    assert columns.taken(np.zeros((0, 20), np.int64), FILE).shape == (0, FILE.width)


def test_half_of_a_level_is_no_level() -> None:
    total, reports, _ = fields_of(FILE.by_title["fans"])
    assert Columns({total: 5, reports: 6}).of(FILE.by_title["fans"]) is None


@given(st.permutations(range(WIDTH, WIDTH + 6)), st.lists(st.integers(-(2**63), 2**63 - 1), min_size=11, max_size=11))
def test_whatever_the_order_of_claiming_each_measure_gets_its_own(order: list[int], row: list[int]) -> None:
    names = [name for m in FILE.added_measures for name in fields_of(m)]
    columns = Columns(dict(zip(names, order, strict=True)))
    (got,) = columns.taken(np.array([row], np.int64), FILE).tolist()
    for one in FILE.measures:
        own = columns.of(one)
        assert own is not None
        assert got[one.column : one.column + one.width] == [row[at] for at in own[: one.width]]


@pytest.mark.parametrize("value", [b"4", b"-1", b"", b"x", b"7.0", b"\xb2", b"9" * 5000, str(MOST_COLUMNS).encode()])
def test_what_is_no_column_in_redis_is_left_out(value: bytes) -> None:
    found = read_columns({b"a@1": value, b"\xff@2": b"6"})
    assert found.claimed == {"\ufffd@2": 6}
