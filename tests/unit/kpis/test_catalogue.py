"""KPI formulas and documents."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME, CATALOGUE, document, row_of
from kpis.contract.documents import documents
from kpis.measures import NAMES, ZERO, add, pack, unpack

ROWS = st.tuples(*[st.integers(-(2**62), 2**62)] * len(NAMES))


def test_each_formula_gives_its_known_value() -> None:
    """1000 impressions, 20 clicks, 4 conversions, 10.50 spent, 42 earned."""
    got = document((1000, 20, 4, 10_500_000, 42_000_000))
    assert {k.name: got[k.name] for k in CATALOGUE} == {
        "ctr": 0.02, "cpc": 0.525, "cpm": 10.5, "cpa": 2.625, "cvr": 0.2, "roas": 4.0, "aov": 10.5,
    }  # fmt: skip
    assert (got["spend"], got["revenue"]) == (10.5, 42.0)


def test_a_division_by_zero_has_no_value() -> None:
    """None in the document, never 0 and never NaN."""
    assert {document(ZERO)[k.name] for k in CATALOGUE} == {None}


def test_a_denominator_below_zero_has_no_value() -> None:
    """More corrected than spent: a negative ROAS would read as a loss that did not happen."""
    assert BY_NAME["roas"].of((0, 0, 0, -5, 10)) is None


@given(ROWS)
def test_a_document_gives_back_its_exact_row(row: tuple[int, ...]) -> None:
    """Measures stay integers on their way through a document."""
    assert row_of(document(row)) == row


def test_a_document_with_a_float_measure_is_refused() -> None:
    """A float is no exact measure."""
    with pytest.raises(ValueError, match="not an integer"):
        row_of({"clicks": 1.0})


@given(st.lists(ROWS, max_size=4))
def test_rows_survive_packing_and_add_up(rows: list[tuple[int, ...]]) -> None:
    """Packed rows come back unchanged; sums are by column and without overflow."""
    assert [unpack(pack(r)) for r in rows] == rows
    assert add(rows) == tuple(sum(r[i] for r in rows) for i in range(len(NAMES)))


def test_a_row_from_before_a_measure_was_added_gets_zeros() -> None:
    """Appending a measure does not make stored rows unreadable."""
    assert unpack(pack((1, 2))) == (1, 2, *ZERO[2:])


def test_half_a_row_is_refused() -> None:
    """Seven bytes are no int64."""
    with pytest.raises(ValueError, match="multiple of 8"):
        unpack(b"1234567")


@given(st.lists(ROWS, max_size=5))
def test_documents_of_many_series_hold_what_each_alone_would(rows: list[tuple[int, ...]]) -> None:
    """The same names, the same exact measures, and KPIs equal but for the last digit."""
    made = [msgspec.json.decode(d) for d in documents(7, ["5m"], [np.array(rows, np.int64).reshape(-1, len(NAMES))])]
    assert [d["as_of"] for d in made] == [7] * len(rows)
    for written, row in zip((d["windows"]["5m"] for d in made), rows, strict=True):
        expected = document(row)
        assert list(written) == list(expected)
        assert row_of(written) == row
        known = {name: value for name, value in expected.items() if value is not None}
        assert {name for name, value in written.items() if value is not None} == known.keys()
        assert {name: written[name] for name in known} == pytest.approx(known, rel=1e-12)
