"""What an answer of Slack means. Pure.

A webhook answers by status; the Web API by a status of 200 and ``ok``, with a word for what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from monitors.alerts.notifiers.protocol import Answer, Outcome

MAX_RETRY_AFTER_S = 3600.0
_DEFAULT_RETRY_AFTER_S = 30.0
_LIMITED = frozenset({"ratelimited", "rate_limited"})
_AGAIN = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"})
"""Slack's own troubles: the same request may go through later."""
GONE = frozenset({"message_not_found", "thread_not_found"})
"""The message that was to be changed, or answered to, is there no more."""
FIXED = frozenset({"edit_window_closed", "cant_update_message"})
"""It is there, and may not be changed."""
BLIND = frozenset({"missing_scope", "no_permission", "method_not_supported_for_channel_type"})
"""The bot may not read what it has written."""
UNTOLD = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action"})
"""The channel is not there, or the bot may not tell in it."""
TOKEN_IS_BAD = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type"}
)
"""It is no token, or none any more."""
_WORD = re.compile(r"[a-z][a-z0-9_]{0,60}", re.ASCII)


class SlackFailed(Exception):
    """A call that did not do what it should.

    Attributes:
        answer: what that means for the message.
        code: Slack's word for it; empty where it had none.
    """

    def __init__(self, answer: Answer, code: str = "") -> None:
        super().__init__(answer.detail)
        self.answer = answer
        self.code = code


def judge(status: int, headers: Mapping[str, str]) -> Answer:
    """What a response of a webhook means."""
    detail = f"HTTP {status}"
    if status == 200:
        return Answer(Outcome.SENT, detail)
    if status == 429:
        return Answer(Outcome.RATE_LIMITED, detail, retry_after(headers))
    return Answer(Outcome.SERVER_ERROR if status >= 500 else Outcome.REFUSED, detail)


def failed(error: SlackApiError) -> SlackFailed:
    """What an error of the Web API means; of its text only Slack's word is shown, for the rest may be anything."""
    response: Any = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    headers: Mapping[str, str] = getattr(response, "headers", None) or {}
    data = getattr(response, "data", None)
    word = data.get("error", "") if isinstance(data, dict) else ""
    word = word if isinstance(word, str) and _WORD.fullmatch(word) else ""
    detail = word or f"HTTP {status}"
    if status == 429 or word in _LIMITED:
        return SlackFailed(Answer(Outcome.RATE_LIMITED, detail, retry_after(headers)), word)
    if status >= 500 or word in _AGAIN or not word:
        # Without a word it was no answer of Slack, but of something in between.
        return SlackFailed(Answer(Outcome.SERVER_ERROR, detail), word)
    return SlackFailed(Answer(Outcome.REFUSED, detail), word)


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds a 429 asks to wait, at most an hour; half a minute when it does not say."""
    text = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    return min(float(text), MAX_RETRY_AFTER_S) if text.isascii() and text.isdigit() else _DEFAULT_RETRY_AFTER_S
