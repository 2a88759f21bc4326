"""Slack: an alert as Block Kit, and one attempt to post it to an incoming webhook.

Slack's rules for text (docs.slack.dev, "Formatting message text" and "Block Kit"): ``&``, ``<`` and ``>`` are escaped;
a header holds 150 characters, a section's field 2,000, ten fields.

The webhook URL is a secret. The client gets a logger that says nothing, for at debug level it would log the URL;
errors are told by their type, for their text may hold it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.webhook.async_client import AsyncWebhookClient

from kpis.runtime.clock import wall_ms
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in import CheckIn
from monitors.alerts.check_in_words import check_in_headline, check_in_lines
from monitors.alerts.notifiers.http_answers import judge
from monitors.alerts.notifiers.protocol import Answer, Grouping, Outcome
from monitors.alerts.sentences import bounded, facts, headline, status_change, whose
from monitors.wording import LOOK

TIMEOUT_S = 5
HEADER_LIMIT = 150
FIELD_LIMIT = 2000
TEXT_LIMIT = 3000
BLOCK_LIMIT = 50


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

    name = "slack"
    title = "Slack"

    def __init__(
        self,
        url: SecretStr,
        public_url: str | None = None,
        timeout_s: int = TIMEOUT_S,
        grouping: Grouping = Grouping(),  # noqa: B008  frozen
    ) -> None:
        silent = logging.Logger("monitors.alerts.notifiers.slack.client")
        silent.disabled = True
        self.timeout_s = float(timeout_s)
        self.grouping = grouping
        self._public_url = public_url
        self._client = AsyncWebhookClient(url.get_secret_value(), timeout=timeout_s, logger=silent, retry_handlers=[])

    def __repr__(self) -> str:
        """Without the URL."""
        return "Slack(webhook)"

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Post once; never raises for what the network or Slack does."""
        message = together([self._message(alert) for alert in alerts])
        try:
            response = await self._client.send(text=message.text, blocks=message.blocks)
        except (aiohttp.ClientError, TimeoutError, OSError) as e:
            return Answer(Outcome.UNREACHABLE, type(e).__name__)
        return judge(response.status_code, response.headers, wall_ms())

    def _message(self, alert: Outgoing) -> Message:
        return render_check_in(alert) if isinstance(alert, CheckIn) else render(alert, self._public_url)


def together(messages: Sequence[Message]) -> Message:
    """Several messages as one."""
    blocks = [block for message in messages for block in message.blocks]
    return Message(bounded("\n".join(message.text for message in messages), TEXT_LIMIT), blocks[:BLOCK_LIMIT])


def _field(name: str, value: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": bounded(f"*{name}*\n{escape(value)}", FIELD_LIMIT)}
