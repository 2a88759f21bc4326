"""What stands: what people know of, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from kpis.times import DAY_MS
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.notifiers.standing import all_standing, standing
from monitors.alerts.stored import Held, encode_alert, encode_held
from monitors.goals.values import Flight
from monitors.pacing.verdict import Direction, Status
from tests.kit.made_alerts import an_alert
from tests.kit.monitor_fakes import MIDNIGHT

FLIGHT = Flight(MIDNIGHT, MIDNIGHT + DAY_MS, "UTC")
CRITICAL = AlertState(Status.CRITICAL, Direction.UNDER, 1)


def held(state: AlertState = CRITICAL, *lanes: str, after: str = "critical", **more: Any) -> Held:
    """What is stored of a goal that fires."""
    return Held(state, 0, 1, encode_alert(an_alert("on_pace", after, **more)), lanes=lanes)


def test_a_miss_that_was_told_stands_for_those_who_told_it() -> None:
    found = standing(held(CRITICAL, "alertmanager", "slack"), "alertmanager")
    assert found is not None
    assert (found.after, found.muted) == (Status.CRITICAL, False)
    assert standing(held(CRITICAL, "slack"), "alertmanager") is None


@pytest.mark.parametrize(("told", "sent"), [("critical", "warning"), ("warning", "critical")])
def test_of_what_changed_in_a_mute_stands_what_people_were_sent(told: str, sent: str) -> None:
    state = AlertState(Status(told), Direction.UNDER, 1, sent=Status(sent), sent_direction=Direction.OVER)
    found = standing(held(state, "alertmanager", after=told, muted=True), "alertmanager")
    assert found is not None
    assert (found.after, found.direction, found.muted) == (Status(sent), Direction.OVER, False)


def test_what_was_never_sent_and_what_is_over_does_not_stand() -> None:
    unsent = AlertState(Status.CRITICAL, Direction.UNDER, 1, sent=Status.ON_PACE)
    assert standing(held(unsent, "alertmanager", muted=True), "alertmanager") is None
    assert standing(held(AlertState(), "alertmanager"), "alertmanager") is None
    assert standing(Held(CRITICAL, lanes=("alertmanager",)), "alertmanager") is None, "nothing is known to tell"


def test_goals_of_which_something_is_on_its_way_are_left_out_and_what_is_no_goal_is_passed_over() -> None:
    states = {f"c{n}|spend": encode_held(held(CRITICAL, "alertmanager", goal=f"g{n}"), FLIGHT) for n in range(3)}
    states |= {"c0|milestones": b'{"flight_end_ms":1,"waiting":[],"done":[]}', "c9|spend": b"\xff"}
    found = [alert.goal for alert in all_standing(states, "alertmanager", leave_out={"c1|spend"})]
    assert found == ["c42|g0", "c42|g2"]
