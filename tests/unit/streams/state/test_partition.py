"""A partition against a brute-force model that keeps every event."""

import msgspec
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kpis import catalogue
from kpis.measures import Row, Stream, unpack
from kpis.windows import TOTAL, parse_windows
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from streams.state.ring import longer
from tests.kit.model import Fact, Model, batch_of, without_zeros

START = 1_700_000_000_000
WINDOWS = parse_windows("1m,5m,1h")
POLICY = PartitionPolicy(WINDOWS, SeriesPolicy((("channel",),), 1000), frozenset(), 24)
AGES = st.one_of(st.integers(-300_000, 90_000), st.integers(-300_000, 100_000_000))
"""How far before now an event lies: mostly near, sometimes beyond every window, sometimes in the future."""


@st.composite
def facts(draw: st.DrawFn, stream: Stream, now: int) -> list[Fact]:
    """Some events of one stream around now; corrections are negative."""

    def one() -> Fact:
        return Fact(
            stream,
            now - draw(AGES),
            draw(st.sampled_from("abc")),
            draw(st.sampled_from([None, "x", "y"])),
            draw(st.integers(-2, 1000)),
            draw(st.integers(-50, 10**9)),
        )

    return [one() for _ in range(draw(st.integers(1, 5)))]


class PartitionMachine(RuleBasedStateMachine):
    """Events come, time moves, flushes are taken; everything must equal the model at every step."""

    @initialize()
    def begin(self) -> None:
        """An empty partition whose clock has started."""
        self.now = START
        self.model = Model()
        self.state = Partition(0, POLICY)
        self.state.tick(self.now)
        self.documents: dict[str, bytes] = {}
        self.panes: dict[tuple[str, int], dict[str, bytes]] = {}
        self.history: dict[tuple[str, int], Row] = {}

    @rule(data=st.data(), stream=st.sampled_from(Stream))
    def events(self, data: st.DataObject, stream: Stream) -> None:
        """A chunk is folded."""
        new = data.draw(facts(stream, self.now))
        batch = batch_of(new, stream)
        numbers = self.state.register(batch)
        self.state.adopt({s: catalogue.row_of(_totals(d)) for s, d in self.documents.items()})
        self.state.add(batch, numbers, stream.value, 1, records=len(new), now_ms=self.now)
        self.model.facts += new
        self.state.tick(self.now)

    @rule(step=st.one_of(st.integers(0, 2_000), st.integers(0, 4_000_000), st.integers(0, 200_000_000)))
    def time(self, step: int) -> None:
        """The clock moves: a little, an hour, or two days."""
        self.now += step
        self.state.tick(self.now)

    @rule()
    def sweep(self) -> None:
        """Silent series are let go, after what is known of them was written."""
        self.flush()
        self.state.sweep(self.now)

    @rule()
    def flush(self) -> None:
        """What changed is written to a store of dictionaries."""
        flush = self.state.take_flush({})
        self.documents |= flush.documents
        for place in flush.dropped_panes:
            self.panes.pop(place, None)
        for place, rows in flush.panes.items():
            self.panes.setdefault(place, {}).update(rows.pairs())
        for at, row in flush.late.items():
            self.history[at] = tuple(map(sum, zip(self.history.get(at, (0,) * len(row)), row, strict=True)))
        self.history |= {at: unpack(row) for at, row in flush.history.items()}
        # What was written, not only what is in memory, equals the model: documents are rewritten when they decay.
        for name, expected in [(w.name, self.model.window(w, self.now)) for w in WINDOWS] + [
            (TOTAL, self.model.totals())
        ]:
            written = {s: catalogue.row_of(msgspec.json.decode(d)["windows"][name]) for s, d in self.documents.items()}
            assert without_zeros(written) == expected
        assert {k: v for k, v in self.history.items() if any(v)} == {
            k: v for k, v in self.model.history(self.now).items() if any(v)
        }
        assert not self.state.pending

    @invariant()
    def windows_equal_the_model(self) -> None:
        """The running sums of every window, series by series."""
        for ring in self.state.rings:
            sums = {k: tuple(ring.sums[i].tolist()) for i, k in enumerate(self.state.registry.keys) if k is not None}
            assert without_zeros(sums) == self.model.window(ring.window, self.now)

    @invariant()
    def sums_equal_their_panes(self) -> None:
        """A sum never drifts from the panes it is of."""
        for ring in self.state.rings:
            panes = [longer(pane.rows, len(ring.sums)) for pane in ring._panes.values()]
            assert (np.sum([*panes, np.zeros_like(ring.sums)], axis=0) == ring.sums).all()


def _totals(document: bytes) -> dict[str, object]:
    totals: dict[str, object] = msgspec.json.decode(document)["windows"][TOTAL]
    return totals


PartitionMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestPartition = PartitionMachine.TestCase
