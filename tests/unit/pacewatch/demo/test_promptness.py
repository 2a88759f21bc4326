"""How long events take from being sent to being counted."""

from __future__ import annotations

import pytest

from pacewatch.demo.sums.promptness import Promptness


def test_each_look_is_timed_until_what_was_sent_by_then_is_counted() -> None:
    prompt = Promptness()
    for now_s, sent, counted in ((0.0, 10, 0), (0.1, 20, 0), (0.3, 20, 10), (0.6, 20, 20), (0.7, 20, 20)):
        prompt.look(now_s, sent, counted)
    assert prompt.seconds == pytest.approx([0.3, 0.5, 0.3])
    assert prompt.within(0.5) == pytest.approx(0.3)
    assert prompt.within(0.95) == pytest.approx(0.5)


def test_before_anything_is_counted_nothing_is_known() -> None:
    prompt = Promptness()
    prompt.look(0.0, 10, 0)
    assert prompt.within(0.5) is None


def test_a_killed_worker_is_back_when_what_came_meanwhile_is_counted() -> None:
    prompt = Promptness()
    prompt.look(0.0, 10, 5)
    prompt.killed(1.0)
    # Written before it was killed, and seen after.
    prompt.look(1.1, 20, 10)
    assert prompt.back_s is None
    for now_s, sent in ((2.0, 100), (3.0, 200)):
        prompt.look(now_s, sent, 10)
    prompt.look(6.0, 300, 50)
    assert prompt.back_s is None, "what waited is not counted yet"
    prompt.look(7.0, 400, 350)
    assert prompt.back_s == pytest.approx(6.0)
