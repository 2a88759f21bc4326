"""Remembered event ids against plain sets."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kpis.measures import Stream
from kpis.times import HOUR_MS
from streams.state.deduplicator import Deduplicator

DIGESTS = st.lists(st.one_of(st.integers(0, 9).map(lambda n: n.to_bytes(8)), st.binary(min_size=8, max_size=8)))
STREAMS = st.sampled_from([Stream.CLICK, Stream.SPEND])


class SeenMachine(RuleBasedStateMachine):
    """Ids arrive while hours pass; a set for each stream and hour says which are new."""

    @initialize(hours=st.sampled_from([1, 3, 24, 960]), now=st.integers(0, 2 * 10**12))
    def begin(self, hours: int, now: int) -> None:
        """Nothing is remembered, in memory or in Redis."""
        self.hours, self.now = hours, now
        self.seen = Deduplicator(hours)
        self.model: dict[tuple[Stream, int], set[bytes]] = {}
        self.unwritten: dict[tuple[Stream, int], list[bytes]] = {}

    @rule(stream=STREAMS, digests=DIGESTS)
    def admit(self, stream: Stream, digests: list[bytes]) -> None:
        """A chunk's ids: the first of equal ones is new."""
        place = (stream, self.now // HOUR_MS)
        expected = []
        for one in digests:
            known = any(one in held for (of, _), held in self.model.items() if of is stream)
            expected.append(not known)
            if not known:
                self.model.setdefault(place, set()).add(one)
                self.unwritten.setdefault(place, []).append(one)
        assert self.seen.accept(stream, digests, self.now).tolist() == expected

    @rule(step=st.integers(-2 * HOUR_MS, 2 * HOUR_MS))
    def time(self, step: int) -> None:
        """The worker's clock moves on, or is set back."""
        self.now = max(0, self.now + step)

    @rule(more=st.integers(-1, 1))
    def time_to_forget(self, more: int) -> None:
        """As long as an id is remembered goes by, or an hour less or more."""
        self.now += (self.hours + more) * HOUR_MS

    @rule()
    def forget(self) -> None:
        """Hours past remembering are dropped, whole."""
        oldest = self.now // HOUR_MS - self.hours
        self.model = {place: held for place, held in self.model.items() if place[1] >= oldest}
        self.seen.forget(self.now)

    @rule()
    def flush(self) -> None:
        """What was remembered since the last flush, in the order in which it came."""
        assert self.seen.take_new() == self.unwritten
        self.unwritten = {}

    @rule()
    def restart(self) -> None:
        """A new worker is given the hours that may still hold something; nothing of them is new to Redis."""
        self.flush()
        asked = set(self.seen.hours(self.now))
        self.model = {place: held for place, held in self.model.items() if place[1] in asked}
        self.seen = Deduplicator(self.hours)
        for (stream, hour), held in self.model.items():
            self.seen.restore(stream, hour, held)
        assert self.seen.take_new() == {}

    @invariant()
    def no_more_is_remembered(self) -> None:
        """Nor less: as many ids as the sets have, of each stream."""
        for stream, table in self.seen._known.items():
            assert len(table) == sum(len(held) for (of, _), held in self.model.items() if of is stream)


SeenMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestSeen = SeenMachine.TestCase


def test_digests_that_are_not_of_eight_bytes_are_refused() -> None:
    """They would shift all that follow them."""
    with pytest.raises(ValueError, match="2 digests have 15 bytes, not 8 each"):
        Deduplicator(24).restore(Stream.CLICK, 0, [b"12345678", b"1234567"])
