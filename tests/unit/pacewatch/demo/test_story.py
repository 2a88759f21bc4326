"""What a demo tells of what happens."""

from __future__ import annotations

from kpis.runtime.clock import Clock
from pacewatch.demo.story import Happening, Story, Teller, said

DIGEST = "\n".join(f":red_circle: campaign {n}: nothing served" for n in range(10))


def test_a_message_of_slack_has_its_mark_in_place_of_the_emoji() -> None:
    message = ":red_circle: A: spend is critical\n\n:large_green_circle: B: served again\nC: flight ended\n"
    assert list(said(message)) == [("▲", "A: spend is critical"), ("●", "B: served again"), ("", "C: flight ended")]


def test_of_a_long_message_the_first_lines_are_shown_and_how_many_there_are_more() -> None:
    lines = list(said(DIGEST))
    assert [text for _, text in lines][-2:] == ["campaign 5: nothing served", "and 4 more lines"]


def test_what_happens_has_the_demo_s_time_and_names_move_no_cursor() -> None:
    heard: list[Happening] = []
    story = Story(heard.append)
    story.note("before the clock runs")
    story.clock = Clock(60.0, 1_000, 0)
    story.told(":red_circle: evil\x1b[2J: spend is critical")
    story.happens("the worker is killed")
    assert heard == story.moments
    assert heard[0].at_ms is None
    assert (heard[1].at_ms or 0) > 1_000
    assert heard[1].text == "evil [2J: spend is critical"
    assert [one.is_alert for one in heard] == [False, True, False]
    assert story.posts == 1
    assert [one.text for one in story.of(Teller.HAPPENS)] == ["the worker is killed"]


def test_a_story_is_bounded_and_the_count_of_messages_is_not() -> None:
    story = Story(lambda _: None)
    for _ in range(200):
        story.told(DIGEST)
    assert len(story.moments) == 300
    assert story.posts == 200
