"""The notifiers there are: an entry here is all that metrics, the service and ``pacewatch doctor`` need to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kpis.runtime.errors import Misconfigured
from monitors.alerts.notifiers.protocol import Grouping, Notifier
from monitors.alerts.notifiers.slack import Slack
from monitors.alerts.routing import BadRoutes, Matter, Routes, routes_of
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
    url = settings.slack_webhook_url
    return None if url is None else Slack(url, settings.public_url, grouping=Grouping(gather_s=settings.alert_gather_s))


KNOWN = (Known(Slack.name, "Slack webhook", "PACEWATCH_SLACK_WEBHOOK_URL", _slack),)
PREFERS = {matter: tuple(known.name for known in KNOWN) for matter in Matter}
"""Who tells of a matter where the settings do not say: the first of these that is set up."""


def configured(settings: MonitorSettings) -> list[tuple[Known, Notifier]]:
    """The notifiers that settings name."""
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
