"""The notifiers there are: an entry here is all that metrics, the service and ``pacewatch doctor`` need to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from monitors import metrics
from monitors.alerts.notifiers.protocol import Notifier
from monitors.alerts.notifiers.slack import Slack
from monitors.metrics import Definition
from monitors.settings import MonitorSettings


@dataclass(frozen=True, slots=True)
class Known:
    """One kind of notifier.

    Attributes:
        what: what is set up, for people.
        setting: the variable that turns it on.
        make: the notifier that settings name; None when they name none.
        attempts: counts attempts to send, by outcome.
        waiting: how many messages wait.
    """

    what: str
    setting: str
    make: Callable[[MonitorSettings], Notifier | None]
    attempts: Definition
    waiting: Definition


def _slack(settings: MonitorSettings) -> Notifier | None:
    url = settings.slack_webhook_url
    return None if url is None else Slack(url, settings.public_url)


KNOWN = (Known("Slack webhook", "PACEWATCH_SLACK_WEBHOOK_URL", _slack, metrics.SLACK, metrics.SLACK_WAITING),)


def configured(settings: MonitorSettings) -> list[tuple[Known, Notifier]]:
    """The notifiers that settings name; the outbox is delivered to the first of them."""
    return [(known, made) for known in KNOWN if (made := known.make(settings)) is not None]
