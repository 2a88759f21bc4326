"""The notifiers there are: an entry here is all that metrics, the service and ``pacewatch doctor`` need to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kpis.runtime.errors import Misconfigured
from kpis.settings.environment import PREFIX
from monitors.alerts.notifiers.alertmanager.known_sets import Repeats
from monitors.alerts.notifiers.alertmanager.labelled import Dress
from monitors.alerts.notifiers.alertmanager.peers import PATH as ALERTS_PATH
from monitors.alerts.notifiers.alertmanager.peers import Alertmanager
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.posting import endpoint
from monitors.alerts.notifiers.protocol import Grouping, Notifier
from monitors.alerts.notifiers.slack.bot import SlackBot
from monitors.alerts.notifiers.slack.wardrobe import Wardrobe
from monitors.alerts.notifiers.slack.web_api import SlackApi
from monitors.alerts.notifiers.slack.webhook import Slack
from monitors.alerts.notifiers.webhook.hook import Webhook
from monitors.alerts.routing import BadRoutes, Matter, Routes, routes_of
from monitors.settings import MonitorSettings

_HOLD_REFRESHES, _HOLD_LEASES = 5, 3
"""An alert in Alertmanager outlives that a few refreshes fail, and that another monitor takes over."""


@dataclass(frozen=True, slots=True)
class Known:
    """One kind of notifier.

    Attributes:
        name: of its lane, of its label in metrics, and in routes.
        what: what is set up, for people.
        setting: the variable that turns it on.
        make: the notifier that settings name; None when they name none.
        refreshes: whether it is one of :class:`~monitors.alerts.notifiers.protocol.Refreshes`.
    """

    name: str
    what: str
    setting: str
    make: Callable[[MonitorSettings], Notifier | None]
    refreshes: bool = False


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


def _alertmanager(settings: MonitorSettings) -> Notifier | None:
    urls, setting = settings.alertmanager_urls, f"{PREFIX}ALERTMANAGER_URL"
    if not urls:
        return None
    peers = [endpoint(setting, url, ALERTS_PATH, settings.alertmanager_token) for url in urls]
    again_s = settings.alertmanager_refresh_s
    hold_s = max(_HOLD_REFRESHES * again_s, _HOLD_LEASES * settings.leader_ttl_s)
    repeats = Repeats(int(again_s * 1000), int(hold_s * 1000))
    return Alertmanager(peers, Dress(settings.the_clock, settings.public_url), repeats)


def _webhook(settings: MonitorSettings) -> Notifier | None:
    url = settings.webhook_url
    if url is None:
        return None
    to = endpoint(f"{PREFIX}WEBHOOK_URL", url.get_secret_value())
    return Webhook(to, settings.webhook_secret, settings.public_url, gather_s=settings.alert_gather_s)


KNOWN = (
    Known(Slack.name, "Slack", f"{PREFIX}SLACK_BOT_TOKEN or {PREFIX}SLACK_WEBHOOK_URL", _slack),
    Known(Alertmanager.name, "Alertmanager", f"{PREFIX}ALERTMANAGER_URL", _alertmanager, refreshes=True),
    Known(Webhook.name, "webhook", f"{PREFIX}WEBHOOK_URL", _webhook),
)
"""Slack is the first: what versions without lanes left to be sent was for it."""
_MISSES = (Alertmanager.name, Slack.name, Webhook.name)
PREFERS = {
    Matter.CRITICAL: _MISSES,
    Matter.WARNING: _MISSES,
    # A check-in does not last, and nobody resolves it: it is no alert of Alertmanager's.
    Matter.CHECK_IN: (Slack.name, Webhook.name),
}
"""Who may tell of a matter; where the settings do not say, the first of these that is set up does."""


def configured(settings: MonitorSettings) -> list[tuple[Known, Notifier]]:
    """The notifiers that settings name.

    Raises:
        Misconfigured: an address cannot be used, or one is named and what it needs is not.
    """
    return [(known, made) for known in KNOWN if (made := known.make(settings)) is not None]


def routes_to(notifiers: Sequence[Notifier], settings: MonitorSettings) -> Routes:
    """Which of them is told of what.

    Raises:
        Misconfigured: ``PACEWATCH_ROUTES`` names what there is not, or somebody twice.
    """
    try:
        return routes_of([notifier.name for notifier in notifiers], PREFERS, settings.routes)
    except BadRoutes as e:
        raise Misconfigured("PACEWATCH_ROUTES", str(e)) from None
