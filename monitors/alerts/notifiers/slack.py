"""Slack: an alert as Block Kit, and one attempt to post it to an incoming webhook.

Slack's rules for text (docs.slack.dev, "Formatting message text" and "Block Kit"): ``&``, ``<`` and ``>`` are escaped;
a header holds 150 characters, a section's field 2,000, ten fields.

The webhook URL is a secret. The client gets a logger that says nothing, for at debug level it would log the URL;
errors are told by their type, for their text may hold it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.webhook.async_client import AsyncWebhookClient

from monitors.alerts.alert import Alert, Outgoing, Rendered
from monitors.alerts.check_in import CheckIn
from monitors.alerts.check_in_words import check_in_headline, check_in_lines
from monitors.alerts.notifiers.protocol import Answer, Outcome
from monitors.alerts.sentences import bounded, facts, headline, status_change, whose
from monitors.wording import LOOK

TIMEOUT_S = 5
MAX_RETRY_AFTER_S = 3600.0
_DEFAULT_RETRY_AFTER_S = 30.0
HEADER_LIMIT = 150
FIELD_LIMIT = 2000
TEXT_LIMIT = 3000


@dataclass(frozen=True, slots=True)
class Message:
    """One message: ``text`` for notifications, ``blocks`` for Slack's windows."""

    text: str
    blocks: list[dict[str, Any]]


def render(alert: Alert, url: str | None = None) -> Message:
    """An alert in Slack's form; ``url`` is where people see more, None for no link."""
    first, known = headline(alert), facts(alert)
    scope, called = whose(alert)
    lines = [
        f"{LOOK[alert.after].slack} {escape(first)}",
        f"Status: {status_change(alert)}",
        *(f"{name}: {escape(value)}" for name, value in known),
        f"{scope}: {escape(called)}, as of {alert.as_of}",
    ]
    context = f"{scope} `{escape(called)}` · as of {alert.as_of}"
    if url:
        context += f" · <{escape(url).replace('|', '%7C')}|Pacewatch>"
    fields = [("Status", status_change(alert)), *known]
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": bounded(first, HEADER_LIMIT), "emoji": False}},
        {"type": "section", "fields": [_field(name, value) for name, value in fields]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": bounded(context, FIELD_LIMIT)}]},
    ]
    return Message(bounded("\n".join(lines), TEXT_LIMIT), blocks)


def render_check_in(check_in: CheckIn) -> Message:
    """A check-in in Slack's form: its lines as they are."""
    first, lines = check_in_headline(check_in), "\n".join(check_in_lines(check_in))
    body = {"type": "mrkdwn", "text": bounded(escape(lines), TEXT_LIMIT)}
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": bounded(first, HEADER_LIMIT), "emoji": False}},
        {"type": "section", "text": body},
    ]
    return Message(bounded(escape(f"{first}\n{lines}"), TEXT_LIMIT), blocks)


def escape(text: str) -> str:
    """Text with the three characters that Slack gives a meaning replaced, as Slack asks."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Slack:
    """A Slack incoming webhook.

    Args:
        url: of the webhook, a secret.
        public_url: the link in messages.
        timeout_s: how long an attempt may take.
    """

    title = "Slack"

    def __init__(self, url: SecretStr, public_url: str | None = None, timeout_s: int = TIMEOUT_S) -> None:
        silent = logging.Logger("monitors.alerts.notifiers.slack.client")
        silent.disabled = True
        self.timeout_s = float(timeout_s)
        self._public_url = public_url
        self._client = AsyncWebhookClient(url.get_secret_value(), timeout=timeout_s, logger=silent, retry_handlers=[])

    def __repr__(self) -> str:
        """Without the URL."""
        return "Slack(webhook)"

    async def send(self, alert: Outgoing) -> Answer:
        """Post once; never raises for what the network or Slack does."""
        message = self._message(alert)
        try:
            response = await self._client.send(text=message.text, blocks=message.blocks)
        except (aiohttp.ClientError, TimeoutError, OSError) as e:
            return Answer(Outcome.UNREACHABLE, type(e).__name__)
        return judge(response.status_code, response.headers)

    def _message(self, alert: Outgoing) -> Message:
        if isinstance(alert, Rendered):
            return Message(alert.text, alert.blocks)
        return render_check_in(alert) if isinstance(alert, CheckIn) else render(alert, self._public_url)


def judge(status: int, headers: Mapping[str, str]) -> Answer:
    """What a response means."""
    detail = f"HTTP {status}"
    if status == 200:
        return Answer(Outcome.SENT, detail)
    if status == 429:
        return Answer(Outcome.RATE_LIMITED, detail, retry_after(headers))
    return Answer(Outcome.SERVER_ERROR if status >= 500 else Outcome.REFUSED, detail)


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds a 429 asks to wait, at most an hour; half a minute when it does not say."""
    text = next((v for k, v in headers.items() if k.lower() == "retry-after"), "")
    return min(float(text), MAX_RETRY_AFTER_S) if text.isascii() and text.isdigit() else _DEFAULT_RETRY_AFTER_S


def _field(name: str, value: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": bounded(f"*{name}*\n{escape(value)}", FIELD_LIMIT)}
