"""Slack: alerts as cards and digests, through a webhook or a bot.

Comes in: alerts that are told together; a button that someone pressed.
Goes out: messages, each once; what people did, recorded.
The rule that lives here: a message is posted once, however often it is tried; tokens and addresses are secrets.
"""

from __future__ import annotations

from monitors.alerts.notifiers.slack.answers import MAX_RETRY_AFTER_S, judge, retry_after
from monitors.alerts.notifiers.slack.cards import Message, render
from monitors.alerts.notifiers.slack.check_in_card import render_check_in
from monitors.alerts.notifiers.slack.mrkdwn import escape
from monitors.alerts.notifiers.slack.webhook import Slack

__all__ = [
    "MAX_RETRY_AFTER_S", "Message", "Slack", "escape", "judge", "render", "render_check_in", "retry_after",
]  # fmt: skip
