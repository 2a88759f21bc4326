"""How a bot's messages are dressed: a card as it stands, and a line of its history. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitors.alerts.alert import Alert
from monitors.alerts.interventions import Interventions
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.slack.card_store import Card
from monitors.alerts.notifiers.slack.cards import NO_LINKS, Message, Surroundings, called, render
from monitors.alerts.notifiers.slack.digest import render_digest
from monitors.alerts.notifiers.slack.mrkdwn import escape, fitted, listed
from monitors.alerts.sentences import acknowledged, history, shown_mute
from monitors.words.wording import LOOK

_LINE_LIMIT = 500
_NEWS = frozenset({Change.WORSENED, Change.TURNED, Change.REPEATED})


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """How messages look.

    Attributes:
        links: where people see more.
        has_buttons: whether Slack is set up to say who pressed one.
    """

    links: Links = NO_LINKS
    has_buttons: bool = False

    def card(self, card: Card, done: Interventions) -> Message:
        """A card as it stands.

        Args:
            card: which.
            done: what people have done about alerts.
        """
        if card.digest is not None:
            return render_digest(card.digest, frozenset(card.over), self.links)
        if card.alert is None:
            # Another version wrote it.
            return self.line("an alert")
        around = Surroundings(
            card.id if self.has_buttons else "", card.since_ms, tuple(map(escape, _done(card.alert, done)))
        )
        return render(card.alert, self.links, around)

    def history(self, alerts: Sequence[Alert]) -> Message:
        """What became of the alerts of a card, for its thread."""
        lines = [f"{LOOK[alert.after].slack} {fitted(history(alert), _LINE_LIMIT)}".strip() for alert in alerts]
        return Message(listed(lines) + "".join(dict.fromkeys(filter(None, map(called, alerts)))))

    def line(self, text: str) -> Message:
        """A line of plain text."""
        return Message(fitted(text, _LINE_LIMIT))


def is_news(alert: Alert) -> bool:
    """Whether what became of an alert is shown in the channel too: an edited card calls nobody."""
    return alert.change in _NEWS


def _done(alert: Alert, done: Interventions) -> list[str]:
    """What people did about an alert, a sentence each."""
    if not alert.after.is_miss:
        return []
    taken = done.acknowledged.get(alert.goal)
    mutes = [mute for mute in done.mutes.values() if mute.is_of(alert.campaign) and mute.until_ms > alert.at_ms]
    last = max(mutes, key=lambda mute: mute.until_ms, default=None)
    said = [acknowledged(taken, alert.timezone, alert.as_of_ms)] if taken is not None else []
    return said + ([shown_mute(last, alert.timezone, alert.as_of_ms)] if last is not None else [])
