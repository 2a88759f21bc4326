"""What a lane makes of failures: a message at fault, or a service that is away."""

from __future__ import annotations

from monitors.alerts.notifiers.lane_memory import ALONE_AFTER, SMALLER_AFTER, LaneMemory


def pause_s(failures: int) -> float:
    """Ten seconds more each time."""
    return 10.0 * failures


def test_goals_that_fail_again_and_again_while_others_arrive_are_sent_alone() -> None:
    memory = LaneMemory()
    memory.failed({"a", "b"}, 2, 0, pause_s)
    for time in range(1, ALONE_AFTER + 1):
        assert not memory.is_alone("a")
        memory.answered({"other"}, is_sent=True)
        memory.failed({"a", "b"}, 2, time, pause_s)
    assert memory.is_alone("a")
    assert memory.is_alone("b")
    assert memory.most is None
    memory.answered({"a"}, is_sent=True)
    assert (memory.is_alone("a"), memory.is_alone("b")) == (False, True)


def test_while_nothing_arrives_groups_become_smaller_and_nobody_is_suspected() -> None:
    memory, size = LaneMemory(), 8
    for time in range(SMALLER_AFTER + 3):
        memory.failed({"a", "b"}, size, time, pause_s)
        size = memory.most or size
    assert size == 1
    assert not memory.is_alone("a")
    memory.answered({"c"}, is_sent=True)
    assert memory.most is None


def test_each_goal_waits_longer_with_each_failure_of_its_own() -> None:
    memory = LaneMemory()
    memory.failed({"a"}, 1, 100, pause_s)
    memory.failed({"a", "b"}, 2, 200, pause_s)
    assert [memory.until_s(goal) for goal in ("a", "b", "c")] == [220, 210, 0]
    memory.keep({"b"})
    assert [memory.until_s(goal) for goal in ("a", "b")] == [0, 210]
