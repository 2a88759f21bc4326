"""A table of ids against a dictionary, and against those who choose the ids."""

from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams.state.sorted_ids import LABELS, Ids, SortedIds

IDS = st.one_of(
    st.integers(0, 40),
    st.sampled_from([0, 1, 2**32, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]),
    st.integers(0, 2**64 - 1),
    st.integers(0, 40).map(lambda n: n << 58),
)
"""Ids that repeat, ids at the ends, any ids, and ids that differ in their highest bits alone."""
SOME_LABELS = st.sampled_from([0, 1, 2, 7, LABELS - 1])


class TableMachine(RuleBasedStateMachine):
    """Ids come and labels go; what is new must be what a dictionary says is new."""

    @initialize(limit=st.sampled_from([2, 3, 8, 64]))
    def begin(self, limit: int) -> None:
        """An empty table whose leaves are small, so that they split and join."""
        self.limit = limit
        self.table = SortedIds(limit)
        self.model: dict[int, int] = {}

    @rule(ids=st.lists(IDS, max_size=60), label=SOME_LABELS)
    def add(self, ids: list[int], label: int) -> None:
        """A batch is added: the first of equal ids is new, and what is held keeps its label."""
        expected = []
        for one in ids:
            expected.append(one not in self.model)
            self.model.setdefault(one, label)
        assert self.table.add(np.array(ids, np.uint64), label).tolist() == expected

    @rule(labels=st.sets(SOME_LABELS))
    def drop(self, labels: set[int]) -> None:
        """Labels are dropped, and the ids they had are new again."""
        self.table.drop(labels)
        self.model = {one: label for one, label in self.model.items() if label not in labels}

    @invariant()
    def it_holds_what_the_dictionary_holds(self) -> None:
        """With the same labels."""
        runs = [run for leaf in self.table._leaves for run in leaf.runs]
        held = {one: label for r in runs for one, label in zip(r.ids.tolist(), r.labels.tolist(), strict=True)}
        assert held == self.model
        assert len(self.table) == len(self.model)

    @invariant()
    def its_shape_is_kept(self) -> None:
        """Leaves are bounded, in order and apart; runs are sorted, and each far longer than the next."""
        leaves = self.table._leaves
        assert all(len(leaf) <= self.limit for leaf in leaves)
        ranges = [np.concatenate([run.ids for run in leaf.runs]) for leaf in leaves if len(leaf)]
        bounds = [bound for ids in ranges for bound in (ids.min(), ids.max())]
        assert bounds == sorted(bounds)
        for leaf in leaves:
            assert all((run.ids[1:] > run.ids[:-1]).all() for run in leaf.runs)
            assert all(len(longer) >= 4 * len(shorter) for longer, shorter in pairwise(leaf.runs))


TableMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestTable = TableMachine.TestCase


@pytest.mark.parametrize(
    "chosen",
    [
        np.arange(20_000, dtype=np.uint64),
        np.arange(20_000, dtype=np.uint64)[::-1],
        np.arange(20_000, dtype=np.uint64) << np.uint64(49),
        np.random.default_rng(1).permutation(20_000).astype(np.uint64) * np.uint64(2**32),
    ],
    ids=["ascending", "descending", "equal low bits", "multiples of a power of two"],
)
def test_no_choice_of_ids_makes_a_lookup_ask_more_than_a_few_runs(chosen: Ids) -> None:
    """Leaves stay at least a quarter full, and runs few, however the ids are chosen."""
    limit = 1000
    table = SortedIds(limit)
    for start in range(0, len(chosen), 50):
        assert table.add(chosen[start : start + 50], 1).all()
    assert not table.add(chosen, 2).any()
    assert len(table._leaves) <= 4 * len(chosen) / limit
    assert max(len(leaf.runs) for leaf in table._leaves) <= 1 + log(limit, 4)


def test_leaves_join_again_when_most_ids_are_dropped() -> None:
    """A day of many ids must not make the quiet days after it slow."""
    table = SortedIds(1000)
    ids = np.random.default_rng(1).integers(0, 2**64, 20_000, np.uint64)
    table.add(ids[:19_900], 1)
    table.add(ids[19_900:], 2)
    assert len(table._leaves) > 20
    table.drop({1})
    assert len(table._leaves) == 1
    assert not table.add(ids[19_900:], 3).any()
    table.drop({2})
    assert len(table) == 0
    assert table.add(ids[:100], 3).all()


@given(st.lists(IDS, max_size=30))
def test_a_batch_far_beyond_a_leaf_makes_as_many_leaves_as_it_takes(few: list[int]) -> None:
    """Restoring an hour adds it whole."""
    table = SortedIds(16)
    ids = np.concatenate([np.arange(1000, 2000, dtype=np.uint64), np.array(few, np.uint64)])
    table.add(ids, 0)
    assert max(map(len, table._leaves)) <= 16
    assert not table.add(ids, 0).any()
