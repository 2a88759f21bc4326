"""A lane and its delivery, whatever a service does and whenever messages come, on a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.runtime.retry import Backoff
from monitors.alerts.alert import Outgoing
from monitors.alerts.notifiers.delivery import Delivery, DeliveryPolicy
from monitors.alerts.notifiers.protocol import Answer, Grouping, Outcome, SentAs
from monitors.alerts.outbox.queued import Parked, Queued
from tests.kit.alerts import alert

DELIVERY = "monitors.alerts.notifiers.delivery"
POLICY = DeliveryPolicy(Backoff(1, 60))
HOUR_S = 3600.0


@dataclass
class Time:
    """Both clocks; the wall is somewhere else, and may jump."""

    now_s: float = 1000.0
    jump_ms: int = 1_800_000_000_000

    def monotonic(self) -> float:
        """Seconds."""
        return self.now_s

    def wall_ms(self) -> int:
        """Real time."""
        return self.jump_ms + int(self.now_s * 1000)


@dataclass
class World:
    """A lane in memory, a service that answers as told, and what arrived."""

    answer: Callable[[Sequence[str]], Outcome]
    grouping: Grouping = field(default_factory=lambda: Grouping(gather_s=0))
    time: Time = field(default_factory=Time)
    lane: list[Queued] = field(default_factory=list)
    parked: dict[str, str] = field(default_factory=dict)
    groups: list[tuple[float, list[str]]] = field(default_factory=list)
    attempts: int = 0
    notifier: Any = "slack"
    name: str = "slack"
    title: str = "Slack"
    timeout_s: float = 1.0

    async def to_send(self) -> list[Queued]:
        """All."""
        return list(self.lane)

    async def settle(self, messages: Sequence[Queued], parked: Parked | None = None) -> int:
        """Take them off."""
        for message in messages:
            self.lane.remove(message)
            if parked is not None:
                self.parked[message.raw.decode()] = parked.outcome
        return len(messages)

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Answer as told."""
        self.attempts += 1
        found = [one.id for one in alerts]
        outcome = self.answer(found)
        if outcome is Outcome.SENT:
            self.groups.append((self.time.now_s, found))
        return Answer(outcome, "", 7.0 if outcome is Outcome.RATE_LIMITED else None)

    def queue(self, name: str, campaign: str = "", goal: str = "") -> None:
        """One more message."""
        made = alert(name, campaign, goal)
        self.lane.append(Queued(name.encode(), self.time.wall_ms(), made))

    @property
    def sent(self) -> list[str]:
        """What arrived, in order."""
        return [name for _, group in self.groups for name in group]


def once(made: Delivery) -> float | None:
    """One call; nothing in it waits for anything."""
    try:
        made.deliver_next().send(None)
    except StopIteration as done:
        return cast("float | None", done.value)
    raise AssertionError("it waits")


@contextmanager
def delivery(world: World) -> Iterator[Callable[..., None]]:
    """A function that delivers for so many seconds."""
    made = Delivery(cast("Any", world), cast("Any", world), POLICY)

    def run(seconds: float, longest_s: float = 10.0) -> None:
        end_s, steps = world.time.now_s + seconds, 0
        while world.time.now_s < end_s:
            wait_s = once(made)
            steps += 1
            assert steps < 20_000, "it runs in circles"
            # As the service does it: it looks again soon, whatever the wait.
            world.time.now_s = end_s if wait_s is None else world.time.now_s + min(max(wait_s, 0.001), longest_s)

    with (
        mock.patch(f"{DELIVERY}._log"),
        mock.patch(f"{DELIVERY}.monotonic", world.time.monotonic),
        mock.patch(f"{DELIVERY}.wall_ms", world.time.wall_ms),
    ):
        yield run


def poisoned(outcome: Outcome, *names: str) -> Callable[[Sequence[str]], Outcome]:
    """A service that cannot take some messages, nor any group that holds one of them."""
    return lambda found: outcome if set(found) & set(names) else Outcome.SENT


def test_a_refused_group_is_sent_one_by_one_and_only_what_is_at_fault_is_parked() -> None:
    world = World(poisoned(Outcome.REFUSED, "b"))
    for name in ("a", "b", "c"):
        world.queue(name, "c1", f"c1|{name}")
    with delivery(world) as run:
        run(1)
    assert (world.sent, world.parked, world.lane) == (["a", "c"], {"b": Outcome.REFUSED}, [])


def test_a_message_that_breaks_the_service_lets_those_of_its_campaign_pass_and_is_parked_in_a_day() -> None:
    world = World(poisoned(Outcome.SERVER_ERROR, "b"))
    for name in ("a", "b", "c", "d", "e"):
        world.queue(name, "c1", f"c1|{name}")
    with delivery(world) as run:
        run(HOUR_S)
        assert sorted(world.sent) == ["a", "c", "d", "e"]
        world.queue("f", "c1", "c1|f")
        run(11)
        assert world.sent[-1] == "f", "nor those that come later"
        run(25 * HOUR_S, 600)
    assert (world.parked, world.lane) == ({"b": Outcome.EXPIRED}, [])


def test_a_message_that_breaks_the_service_lets_those_of_other_campaigns_pass_while_they_keep_coming() -> None:
    world = World(poisoned(Outcome.UNREACHABLE, "poison"))
    world.queue("poison", "c1", "c1|a")
    world.queue("beside", "c1", "c1|b")
    with delivery(world) as run:
        for n in range(200):
            world.queue(f"m{n}", f"d{n % 3}", f"d{n % 3}|g")
            run(3)
    assert "beside" in world.sent
    assert sorted(world.sent) == sorted(["beside", *(f"m{n}" for n in range(200))])
    for goal in range(3):
        assert [n for n in world.sent if n in {f"m{i}" for i in range(goal, 200, 3)}] == [
            f"m{i}" for i in range(goal, 200, 3)
        ]


def test_after_an_outage_what_waited_is_told_in_a_few_messages() -> None:
    away = True
    world = World(lambda _: Outcome.UNREACHABLE if away else Outcome.SENT)
    with delivery(world) as run:
        for n in range(300):
            world.queue(f"m{n}", f"c{n % 100}", f"c{n % 100}|{n}")
        run(HOUR_S)
        assert world.attempts < 1000
        away = False
        run(200)
    assert sorted(world.sent) == sorted(f"m{n}" for n in range(300))
    assert len(world.groups) < 10


def test_campaigns_that_change_together_are_a_digest_and_others_wait_for_the_next_one() -> None:
    world = World(lambda _: Outcome.SENT, Grouping(gather_s=3, digest_from=5, calm_s=120))
    with delivery(world) as run:
        for n in range(10):
            world.queue(f"a{n}", f"c{n}")
        run(5)
        assert [len(group) for _, group in world.groups] == [10]
        digest_s = world.groups[0][0]
        for n in range(10):
            world.queue(f"b{n}", f"c{n}")
        run(60)
        assert len(world.groups) == 1
        run(70)
        assert [len(group) for _, group in world.groups] == [10, 10]
        assert world.groups[1][0] >= digest_s + 120


def test_goals_of_a_campaign_that_change_together_are_one_message_and_another_campaign_is_another() -> None:
    world = World(lambda _: Outcome.SENT, Grouping(gather_s=3))
    with delivery(world) as run:
        world.queue("a", "c1", "c1|a")
        run(1)
        world.queue("x", "c2", "c2|x")
        world.queue("b", "c1", "c1|b")
        run(1)
        assert world.groups == []
        run(10)
    assert [group for _, group in world.groups] == [["a", "b"], ["x"]]


def test_messages_that_keep_coming_hold_none_up_for_longer_than_three_times_the_wait() -> None:
    world = World(lambda _: Outcome.SENT, Grouping(gather_s=3))
    with delivery(world) as run:
        begun_s = world.time.now_s
        for n in range(30):
            world.queue(f"m{n}", "c1", f"c1|{n}")
            run(1)
    assert world.groups[0][0] - begun_s <= 10


def test_what_a_machine_queued_whose_clock_is_hours_ahead_is_sent_now() -> None:
    world = World(lambda _: Outcome.SENT, Grouping(gather_s=3))
    world.time.jump_ms += 7_200_000
    world.queue("a")
    world.time.jump_ms -= 7_200_000
    with delivery(world) as run:
        run(1)
    assert world.sent == ["a"]


def test_a_clock_that_is_set_back_holds_up_no_retry() -> None:
    answers = [Outcome.SERVER_ERROR]
    world = World(lambda _: answers.pop() if answers else Outcome.SENT)
    world.queue("a")
    with delivery(world) as run:
        run(0.5)
        world.time.jump_ms -= 7_200_000
        run(2)
    assert world.sent == ["a"]


def test_what_is_remembered_of_a_goal_goes_when_its_messages_do() -> None:
    world = World(lambda _: Outcome.SERVER_ERROR)
    world.queue("a")
    made = Delivery(cast("Any", world), cast("Any", world), POLICY)
    once(made)
    assert made._memory.until_s("a|spend") > 0
    world.lane.clear()
    world.queue("b")
    once(made)
    assert made._memory.until_s("a|spend") == 0, "another monitor sent it"


OUTCOMES = [Outcome.SENT, Outcome.SERVER_ERROR, Outcome.UNREACHABLE, Outcome.RATE_LIMITED]
arrivals = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 7), st.integers(0, 2)), max_size=25)
"""How many seconds after the one before, of which campaign, of which of its goals."""


@settings(deadline=None, max_examples=150)
@given(
    arrivals,
    st.lists(st.sampled_from(OUTCOMES), max_size=25),
    st.sets(st.integers(0, 24), max_size=3),
    st.sets(st.integers(0, 24), max_size=2),
    st.tuples(st.sampled_from(SentAs), st.sampled_from([0.0, 3.0])),
)
def test_whatever_fails_each_goal_is_told_in_order_once_and_everything_is_sent_in_the_end(
    path: list[tuple[int, int, int]],
    script: list[Outcome],
    refused: set[int],
    broken: set[int],
    how: tuple[SentAs, float],
) -> None:
    """But for what is refused, and for what breaks the service with what waits behind it: these are parked."""
    left = list(script)
    bad, worse = {f"m{n}" for n in refused - broken}, {f"m{n}" for n in broken}

    def answer(found: Sequence[str]) -> Outcome:
        if set(found) & worse:
            return Outcome.SERVER_ERROR
        if left and (outcome := left.pop(0)) is not Outcome.SENT:
            return outcome
        return Outcome.REFUSED if set(found) & bad else Outcome.SENT

    world = World(answer, Grouping(*how, digest_from=3, calm_s=20, most=10))
    goals: dict[str, list[str]] = {}
    with delivery(world) as run:
        for n, (gap, campaign, goal) in enumerate(path):
            run(gap)
            world.queue(f"m{n}", f"c{campaign}", f"c{campaign}|{goal}")
            goals.setdefault(f"c{campaign}|{goal}", []).append(f"m{n}")
        run(4 * HOUR_S)
        behind = {name for names in goals.values() for n, name in enumerate(names) if set(names[: n + 1]) & worse}
        assert {one.raw.decode() for one in world.lane} == behind
        assert set(world.parked) == (bad & {n for names in goals.values() for n in names}) - behind
        run(30 * HOUR_S, 600)
    for names in goals.values():
        sent = [name for name in world.sent if name in names]
        assert sent == [n for n in names if n in sent], "in order"
        assert {*names} - behind - bad <= {*sent} <= {*names} - bad - worse
        assert {*names} == {*sent} | ({*names} & world.parked.keys())
    assert len(world.sent) == len({*world.sent})
    assert not world.lane
    assert all(len(group) <= 10 for _, group in world.groups)
