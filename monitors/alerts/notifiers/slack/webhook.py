"""An incoming webhook of Slack: one attempt to post what is told together as one message.

The webhook URL is a secret. The client gets a logger that says nothing, for at debug level it would log the URL;
errors are told by their type, for their text may hold it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import aiohttp
from pydantic import SecretStr
from slack_sdk.webhook.async_client import AsyncWebhookClient

from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in import CheckIn
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.probing import reach
from monitors.alerts.notifiers.protocol import Answer, Asked, Grouping, Outcome
from monitors.alerts.notifiers.slack.answers import judge
from monitors.alerts.notifiers.slack.card_changes import net
from monitors.alerts.notifiers.slack.cards import NO_LINKS, Message, render, together
from monitors.alerts.notifiers.slack.check_in_card import render_check_in, render_check_ins
from monitors.alerts.notifiers.slack.digest import digest_of, is_digest, render_digest

TIMEOUT_S = 5


class Slack:
    """A Slack incoming webhook.

    Args:
        url: of the webhook, a secret.
        links: where people see more.
        timeout_s: how long an attempt may take.
        grouping: how messages are put together.
    """

    name = "slack"
    title = "Slack"

    def __init__(
        self,
        url: SecretStr,
        links: Links = NO_LINKS,
        timeout_s: int = TIMEOUT_S,
        grouping: Grouping = Grouping(),  # noqa: B008  frozen
    ) -> None:
        self.timeout_s = float(timeout_s)
        self.grouping = grouping
        self._links = links
        self._client = AsyncWebhookClient(
            url.get_secret_value(), timeout=timeout_s, logger=silent(__name__), retry_handlers=[]
        )

    def __repr__(self) -> str:
        """Without the URL."""
        return "Slack(webhook)"

    async def ask(self, timeout_s: float) -> list[Asked]:
        """See whether Slack answers; nothing is posted."""
        cure = "let the monitor reach it, or mend PACEWATCH_SLACK_WEBHOOK_URL"
        return [await reach("Slack", self._client.url, timeout_s, cure, self._client.proxy)]

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Post once; never raises for what the network or Slack does."""
        message = posted(alerts, self._links, self.grouping.digest_from)
        body = {"text": message.text, "attachments": list(message.attachments), "unfurl_links": False}
        try:
            response = await self._client.send_dict(body)
        except (aiohttp.ClientError, TimeoutError, OSError) as e:
            return Answer(Outcome.UNREACHABLE, type(e).__name__)
        return judge(response.status_code, response.headers)


def posted(alerts: Sequence[Outgoing], links: Links, digest_from: int) -> Message:
    """What is told together, as one message.

    Args:
        alerts: not none, oldest first.
        links: where people see more.
        digest_from: changes of so many campaigns are a digest.
    """
    told = [alert for alert in alerts if isinstance(alert, Alert)]
    check_ins = [one for one in alerts if isinstance(one, CheckIn)]
    parts = [_changes(told, links, digest_from)] if told else []
    if len(check_ins) >= digest_from:
        parts.append(render_check_ins(check_ins, links))
    else:
        parts += [render_check_in(one, links) for one in check_ins]
    return Message("\n".join(part.text for part in parts), tuple(card for part in parts for card in part.attachments))


def _changes(told: Sequence[Alert], links: Links, digest_from: int) -> Message:
    alerts = net(told)
    if len(alerts) == 1:
        return render(alerts[0], links)
    if is_digest(alerts, digest_from):
        return render_digest(digest_of(alerts), links=links)
    return together(alerts, links)


def silent(name: str) -> logging.Logger:
    """A logger for a client that would say secrets: it says nothing."""
    found = logging.Logger(name)
    found.disabled = True
    return found
