"""Sums, levels and ids beside the core, against a plain recomputation, with restarts in between."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from kpis.times import DAY_MS, QUARTER_MS
from kpis.windows import TOTAL, parse_windows
from streams.events.decode import digest
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from tests.kit import added
from tests.kit.added import DictStore, Said

START = 1_700_000_000_000
WINDOWS = parse_windows("1m,5m,1h")
PLAN = added.plan_of(added.catalogue())
POLICY = PartitionPolicy(WINDOWS, SeriesPolicy((("channel",),), 1000), frozenset(), 24, plan=PLAN)
_SOME = [-2_000, -1_000, 0, 1_000, 30_000, 2 * DAY_MS, 2 * DAY_MS + 1_000, 2 * DAY_MS + 2_000]
AGES = st.one_of(st.sampled_from(_SOME), st.sampled_from(_SOME), st.integers(-300_000, 100_000_000))
"""Often at the very same few times, about now and beyond every window: whose level holds is about order."""
OPTIONAL: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "impression": {"position": st.sampled_from([1, "2.5", 0, None, "4"])},
    "click": {
        "cost": st.sampled_from(["1.25", 3]), "currency": st.just("EUR"), "user_id": st.sampled_from(["u1", "u2", ""]),
        "device": st.sampled_from(["mobile", "tablet", "desktop"]),
    },
    "conversion": {"kind": st.sampled_from(["lead", "sale"])},
    "measure": {"country": st.sampled_from(["DE", "FR"]), "currency": st.just("EUR")},
}  # fmt: skip


@st.composite
def said(draw: st.DrawFn, now: int) -> Said:
    """An event of any stream."""
    if draw(st.booleans()):
        level = {"type": "measure", "event_id": "e", "name": "followers", "campaign_id": "a"}
        return {**level, "ts": now - draw(AGES), "value": draw(st.integers(0, 9))}
    kind = draw(st.sampled_from([*OPTIONAL, "measure", "measure"]))
    event: Said = {"type": kind, "event_id": "e", "ts": now - draw(AGES), "campaign_id": draw(st.sampled_from("ab"))}
    event |= {name: draw(values) for name, values in OPTIONAL[kind].items() if draw(st.booleans())}
    if draw(st.booleans()):
        event["channel"] = draw(st.sampled_from("xy"))
    if kind != "measure":
        return event | {"quantity": draw(st.integers(0, 1000))}
    if draw(st.integers(0, 4)) == 0:
        del event["campaign_id"]
        event["account"] = draw(st.sampled_from(["Acme", "a=b|c"]))
    name = event["name"] = draw(
        st.sampled_from(["sessions", "hours", "tickets", "followers", "mood_reading", "opened"])
    )
    if name == "opened":
        return event | {"user_id": draw(st.sampled_from(["u1", "u2", "u3"]))}
    if name != "sessions" or draw(st.booleans()):
        event["value"] = draw(st.integers(-3, 5 * 10**6))
    if name in {"hours", "tickets", "mood_reading"} and draw(st.booleans()):
        event["value"] = draw(st.sampled_from(["0.25", "-7.000001", 12.5]))
    return event


class AddedMachine(RuleBasedStateMachine):
    """Events come in any order, time moves, flushes are taken, and the partition is loaded anew now and then."""

    @initialize()
    def begin(self) -> None:
        """An empty partition whose clock has started."""
        self.now = START
        self.counted: list[Said] = []
        self.unwritten: list[Said] = []
        self.store = DictStore()
        self.state = Partition(0, POLICY)
        self.state.tick(self.now)

    @rule(data=st.data(), count=st.integers(1, 6))
    def events(self, data: st.DataObject, count: int) -> None:
        """Some are counted; those of one stream in the order in which they come."""
        new = [data.draw(said(self.now)) for _ in range(count)]
        added.count(self.state, self.store, new, PLAN, self.now)
        self.counted += new
        if data.draw(st.booleans()):
            self.state.tick(self.now)

    @rule(
        step=st.one_of(
            st.sampled_from([0, 1_000, 2_000]),
            st.integers(0, 2_000),
            st.integers(0, 4_000_000),
            st.integers(0, 200_000_000),
        )
    )
    def time(self, step: int) -> None:
        """The clock moves: a little, an hour, or two days."""
        self.now += step
        self.state.tick(self.now)

    @rule(restart=st.booleans(), sweep=st.booleans())
    def flush(self, *, restart: bool, sweep: bool) -> None:
        """What is written equals the recomputation; whoever loads it goes on from there."""
        self.state.tick(self.now)
        self.store.write(self.state.take_flush({}))
        for window in self.state.rings:
            expected = added.in_window(self.counted, window.window, self.now)
            assert self.store.windows(window.window.name) == expected
        assert self.store.windows(TOTAL) == added.totals(self.counted)
        due = [e for e in self.counted if e["ts"] <= self.now]
        assert self.store.quarters(PLAN) == added.by_quarter(due)
        self.sketches_hold_each_id_once()
        if restart:
            self.state = self.store.load(POLICY)
        if sweep:
            self.state.sweep(self.now)

    def sketches_hold_each_id_once(self) -> None:
        """In all of time, and in each quarter hour that a window may still ask for."""
        held = {(m, s): ids for (m, s, quarter), ids in self.store.sketches.items() if quarter is None}
        wanted = added.ids(self.counted)
        assert held == {
            (added.field_named(PLAN, title), series): {digest(i) for i in ids}
            for (title, series), ids in wanted.items()
        }
        recent = [e for e in self.counted if self.now - DAY_MS < e["ts"] <= self.now]
        for (title, series), ids in added.ids(recent).items():
            field = added.field_named(PLAN, title)
            quarters = range((self.now - DAY_MS) // QUARTER_MS, self.now // QUARTER_MS + 1)
            found = set[bytes]().union(*(self.store.sketches.get((field, series, n), set()) for n in quarters))
            assert {digest(i) for i in ids} <= found


AddedMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestAdded = AddedMachine.TestCase
