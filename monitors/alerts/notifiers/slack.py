"""One attempt to post a message to a Slack webhook, and what its answer means.

The webhook URL is a secret. The client gets a logger that says nothing, for at debug level it would log the URL;
errors are told by their type, for their text may hold it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from pydantic import SecretStr
from slack_sdk.webhook.async_client import AsyncWebhookClient

from monitors.alerts.stored import Outgoing

TIMEOUT_S = 5
MAX_RETRY_AFTER_S = 3600.0
_DEFAULT_RETRY_AFTER_S = 30.0


class Outcome(StrEnum):
    """What became of an attempt; also the label of its counter."""

    SENT = "sent"
    RATE_LIMITED = "rate_limited"
    """429: wait as long as Slack says."""
    SERVER_ERROR = "server_error"
    """5xx: try again."""
    UNREACHABLE = "unreachable"
    """No answer, or none in time: try again."""
    REFUSED = "refused"
    """Another answer: the message or the webhook is wrong, and trying again would not help."""
    UNREADABLE = "unreadable"
    """What lies in the outbox is no message."""

    @property
    def is_final(self) -> bool:
        """Whether the message leaves the outbox."""
        return self in {Outcome.SENT, Outcome.REFUSED, Outcome.UNREADABLE}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt came to.

    Attributes:
        outcome: its kind.
        detail: status or error type, for logs; never holds the URL.
        wait_s: how long Slack asks to wait; None when it does not say.
    """

    outcome: Outcome
    detail: str
    wait_s: float | None = None


class Slack:
    """A Slack incoming webhook."""

    def __init__(self, url: SecretStr, timeout_s: int = TIMEOUT_S) -> None:
        silent = logging.Logger("monitors.alerts.notifiers.slack.client")
        silent.disabled = True
        self._client = AsyncWebhookClient(url.get_secret_value(), timeout=timeout_s, logger=silent, retry_handlers=[])

    def __repr__(self) -> str:
        """Without the URL."""
        return "Slack(webhook)"

    async def post(self, message: Outgoing) -> Answer:
        """Post once; never raises for what the network or Slack does."""
        try:
            response = await self._client.send(text=message.text, blocks=message.blocks)
        except (aiohttp.ClientError, TimeoutError, OSError) as e:
            return Answer(Outcome.UNREACHABLE, type(e).__name__)
        return judge(response.status_code, response.headers)


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
