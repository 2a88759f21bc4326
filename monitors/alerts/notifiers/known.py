"""The notifiers there are: an entry here is all that metrics, the service and ``pacewatch doctor`` need to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kpis.runtime.errors import Misconfigured
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.protocol import Grouping, Notifier
from monitors.alerts.notifiers.slack.bot import SlackBot
from monitors.alerts.notifiers.slack.wardrobe import Wardrobe
from monitors.alerts.notifiers.slack.web_api import SlackApi
from monitors.alerts.notifiers.slack.webhook import Slack
from monitors.alerts.routes import BadRoutes, Matter, Routes, routes_of
from monitors.settings import MonitorSettings


@dataclass(frozen=True, slots=True)
class Known:
    """One kind of notifier.

    Attributes:
        name: of its lane, of its label in metrics, and in routes.
        what: what is set up, for people.
        setting: the variable that turns it on.
        make: the notifier that settings name; None when they name none.
    """

    name: str
    what: str
    setting: str
    make: Callable[[MonitorSettings], Notifier | None]


def _slack(settings: MonitorSettings) -> Notifier | None:
    links = Links(settings.public_url, settings.grafana_url)
    grouping = Grouping(gather_s=settings.alert_gather_s)
    if settings.slack_bot_token is not None:
        if settings.slack_channel is None:
            raise Misconfigured("PACEWATCH_SLACK_CHANNEL", "a bot needs a channel to tell in", "set it")
        wardrobe = Wardrobe(links, has_buttons=settings.slack_signing_secret is not None)
        api = SlackApi(settings.slack_bot_token, settings.slack_api_url)
        return SlackBot(api, settings.slack_channel, wardrobe, grouping)
    url = settings.slack_webhook_url
    return None if url is None else Slack(url, links, grouping=grouping)


KNOWN = (
    Known(Slack.name, "Slack", "PACEWATCH_SLACK_BOT_TOKEN or PACEWATCH_SLACK_WEBHOOK_URL", _slack),
)  # fmt: skip
PREFERS = {matter: tuple(known.name for known in KNOWN) for matter in Matter}
"""Who tells of a matter where the settings do not say: the first of these that is set up."""


def configured(settings: MonitorSettings) -> list[tuple[Known, Notifier]]:
    """The notifiers that settings name.

    Raises:
        Misconfigured: one is named, and what it needs is not.
    """
    return [(known, made) for known in KNOWN if (made := known.make(settings)) is not None]


def routes_to(notifiers: Sequence[Notifier], settings: MonitorSettings) -> Routes:
    """Which of them is told of what.

    Raises:
        Misconfigured: ``PACEWATCH_ROUTES`` names what there is not.
    """
    try:
        return routes_of([notifier.name for notifier in notifiers], PREFERS, settings.routes)
    except BadRoutes as e:
        raise Misconfigured("PACEWATCH_ROUTES", str(e)) from None
