"""Stored rows as arrays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import WIDTH, pack, unpack
from streams.store.load import table

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.lists(INT64, min_size=WIDTH - 1, max_size=WIDTH + 1).map(pack)))
def test_rows_are_read_the_same_all_at_once_and_one_by_one(rows: list[bytes]) -> None:
    """Of this version, of one that had a measure less, and of one that had more."""
    assert table(rows).tolist() == [list(unpack(row)) for row in rows]


@given(st.lists(st.lists(INT64, min_size=WIDTH, max_size=WIDTH)))
def test_rows_of_this_version_keep_every_bit(rows: list[list[int]]) -> None:
    """Whether there are any or none, they add to those of a pane."""
    found = table([pack(row) for row in rows])
    assert found.tolist() == rows
    assert found.shape == (len(rows), WIDTH)
    assert found.dtype == np.int64


def test_a_row_that_is_cut_off_is_refused() -> None:
    """It shifts none of those after it, not even when another is too long by as much."""
    with pytest.raises(ValueError, match="not a multiple of 8"):
        table([bytes(8 * WIDTH - 1), bytes(8 * WIDTH + 1)])
