"""What the demo reads of ``/metrics``."""

from __future__ import annotations

from pacewatch.demo.goal_pace import GoalPace, parse

TEXT = """
pacewatch_pace_status{campaign="c",goal="spend",status="on_pace"} 1
pacewatch_pace_status{campaign="c",goal="spend",status="critical"} 0
pacewatch_pace_reason{campaign="c",goal="spend",reason="within"} 1
pacewatch_pace_ratio{campaign="c",goal="spend"} 0.99
pacewatch_watch_status{campaign="c",watch="serving",status="critical"} 1
pacewatch_watch_reason{campaign="c",watch="serving",reason="not_serving"} 1
pacewatch_watch_status{campaign="c",watch="clicks",status="hold"} 1
pacewatch_watch_reason{campaign="c",watch="clicks",reason="explained"} 1
"""


def test_goals_are_there_and_of_watches_those_that_say_something_is_wrong() -> None:
    assert parse(TEXT) == {
        "c": [GoalPace("spend", "on_pace", "within", 0.99), GoalPace("watch:serving", "critical", "not_serving", None)]
    }
