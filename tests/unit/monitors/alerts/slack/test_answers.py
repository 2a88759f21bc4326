"""Answers of the Web API: what is tried again, what is waited for, what is given up, and what of them is shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError

from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.notifiers.slack.answers import failed


class Answered:
    """An answer as the client has it."""

    def __init__(self, status: Any, data: Any, headers: Any = None) -> None:
        self.status_code, self.data, self.headers = status, data, headers


@pytest.mark.parametrize(
    ("status", "word", "outcome"),
    [
        (429, "ratelimited", Outcome.RATE_LIMITED),
        (200, "ratelimited", Outcome.RATE_LIMITED),
        (200, "rate_limited", Outcome.RATE_LIMITED),
        (200, "internal_error", Outcome.SERVER_ERROR),
        (200, "fatal_error", Outcome.SERVER_ERROR),
        (503, "service_unavailable", Outcome.SERVER_ERROR),
        (500, "invalid_auth", Outcome.SERVER_ERROR),
        (200, "invalid_auth", Outcome.REFUSED),
        (200, "channel_not_found", Outcome.REFUSED),
        (200, "not_in_channel", Outcome.REFUSED),
        (200, "invalid_blocks", Outcome.REFUSED),
        (200, "msg_too_long", Outcome.REFUSED),
        (200, "a_word_that_slack_invents_next_year", Outcome.REFUSED),
        (200, "", Outcome.SERVER_ERROR),
    ],
)
def test_slacks_word_says_what_becomes_of_the_message(status: int, word: str, outcome: Outcome) -> None:
    found = failed(SlackApiError("no", Answered(status, {"ok": False, "error": word}, {"Retry-After": "7"})))  # type: ignore[no-untyped-call]
    assert found.answer.outcome is outcome
    assert found.answer.wait_s == (7 if outcome is Outcome.RATE_LIMITED else None)
    assert found.code == word


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["error", "ok"]), inner, max_size=2),
    max_leaves=5,
)


@given(st.integers(0, 999), JSON)
def test_whatever_is_answered_only_a_word_of_slack_is_shown(status: int, data: Any) -> None:
    found = failed(SlackApiError("the url holds a s3cr3t", Answered(status, data)))  # type: ignore[no-untyped-call]
    assert "s3cr3t" not in str(found)
    assert found.answer.detail in {f"HTTP {status}", found.code}
    assert found.code == "" or found.code.replace("_", "").isalnum()
