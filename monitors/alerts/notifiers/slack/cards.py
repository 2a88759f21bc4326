"""An alert as a card: a coloured bar, what is wrong in one sentence, its numbers, why, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitors.alerts.alert import Alert
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.slack.mrkdwn import (
    FIELD_LIMIT,
    FIELDS,
    TEXT_LIMIT,
    code,
    escape,
    fitted,
    is_mention,
    link,
    person,
)
from monitors.alerts.sentences import figures, grounds, headline, shown_name, status_change
from monitors.words.moments import moment
from monitors.words.wording import LOOK

ACKNOWLEDGE, MUTE, OPEN = "pacewatch_acknowledge", "pacewatch_mute", "pacewatch_open"
"""What buttons are called in what Slack sends when one is pressed."""
NO_LINKS = Links()
_CALLS = frozenset({Change.FIRED, Change.WORSENED, Change.TURNED, Change.REPEATED})
"""Changes that whoever looks after a campaign is called for."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        text: its first line, which notifications show too.
        attachments: the cards below it.
    """

    text: str
    attachments: tuple[dict[str, Any], ...] = ()

    @property
    def blocks(self) -> list[dict[str, Any]]:
        """The blocks of all cards."""
        return [block for attachment in self.attachments for block in attachment["blocks"]]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a card shows besides its alert.

    Attributes:
        card: its id, which buttons send; empty for no buttons.
        since_ms: since when its alert is known; None for not known.
        done: what people did about it, a sentence each.
    """

    card: str = ""
    since_ms: int | None = None
    done: tuple[str, ...] = ()


ALONE = Surroundings()


def render(alert: Alert, links: Links = NO_LINKS, around: Surroundings = ALONE) -> Message:
    """An alert as a message of its own.

    Args:
        alert: which.
        links: where people see more.
        around: what else is known of it.
    """
    said = f"{LOOK[alert.after].slack} {fitted(headline(alert), TEXT_LIMIT // 2)}".strip()
    return Message(said + called(alert), (attachment(alert, links, around),))


def together(alerts: Sequence[Alert], links: Links = NO_LINKS) -> Message:
    """Several changes of one campaign as one message: a card each, below a line for all.

    Args:
        alerts: not none, oldest first.
        links: where people see more.
    """
    worst = min(alerts, key=lambda alert: LOOK_ORDER[alert.after])
    changes = "; ".join(escape(_short(alert)) for alert in alerts[:3])
    more = f"; and {len(alerts) - 3} more" if len(alerts) > 3 else ""
    name = escape(shown_name(worst.name, worst.campaign))
    calls = "".join(dict.fromkeys(filter(None, map(called, alerts))))
    cards = tuple(attachment(alert, links, ALONE, is_alone=False) for alert in alerts)
    return Message(f"{LOOK[worst.after].slack} {name}: {changes}{more}{calls}".strip(), cards)


def attachment(alert: Alert, links: Links, around: Surroundings = ALONE, *, is_alone: bool = True) -> dict[str, Any]:
    """A card.

    Args:
        alert: which.
        links: where people see more.
        around: what else is known of it.
        is_alone: whether the sentence stands above it already.
    """
    blocks: list[dict[str, Any]] = []
    if not is_alone:
        text = fitted(headline(alert), TEXT_LIMIT // 2)
        blocks.append({"type": "section", "text": _mrkdwn(f"{LOOK[alert.after].mark} {text}")})
    fields = [("Status", status_change(alert)), *figures(alert)]
    if around.since_ms is not None and alert.since_ms is None and alert.after.is_miss:
        fields.append(("Told since", moment(around.since_ms, alert.timezone, alert.as_of_ms)))
    blocks.append({"type": "section", "fields": [_field(name, value) for name, value in fields if value][:FIELDS]})
    because = "\n".join(f"*{name}:* {escape(value)}" for name, value in grounds(alert))
    if because:
        blocks.append({"type": "section", "text": _mrkdwn(because)})
    if around.done:
        blocks.append(_context(*around.done))
    has_buttons = bool(around.card) and alert.after.is_miss
    blocks.append(_context(*_about(alert, links, has_open=has_buttons)))
    if has_buttons:
        blocks.append({"type": "actions", "elements": _buttons(alert, links, around.card)})
    return {"color": LOOK[alert.after].bar, "fallback": fitted(headline(alert), FIELD_LIMIT), "blocks": blocks}


def called(alert: Alert) -> str:
    """Whoever looks after a campaign, at the end of the first line: mentions in cards call nobody."""
    return f" {alert.owner}" if alert.change in _CALLS and alert.after.is_miss and is_mention(alert.owner) else ""


def _short(alert: Alert) -> str:
    return f"{alert.label} {status_change(alert)}"


def _about(alert: Alert, links: Links, *, has_open: bool) -> list[str]:
    """Whose it is and as of when; then links, each for itself, for addresses may be long."""
    parts = (
        code(shown_name(alert.campaign)) if alert.campaign else "",
        escape(shown_name(alert.account)) if alert.account else "",
        f"owner: {person(shown_name(alert.owner))}" if alert.owner else "",
        f"as of {alert.as_of}",
    )
    page = "" if has_open else link(links.of_campaign(alert.campaign), "Board")
    since_ms = alert.since_ms if alert.since_ms is not None else alert.at_ms
    panel = link(links.of_panel(alert.campaign, alert.goal, since_ms, alert.as_of_ms), "Grafana")
    return [" · ".join(filter(None, parts)), *filter(None, (page, panel))]


def _buttons(alert: Alert, links: Links, card: str) -> list[dict[str, Any]]:
    page = links.of_campaign(alert.campaign)
    found: list[dict[str, Any]] = [_button("Acknowledge", ACKNOWLEDGE, card)]
    if alert.campaign:
        found.append(_button("Mute 2 h", MUTE, card))
    return [*found, *([_button("Open", OPEN, card) | {"url": page}] if page else [])]


def _button(words: str, action: str, card: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": words}, "action_id": action, "value": card}


def _context(*texts: str) -> dict[str, Any]:
    return {"type": "context", "elements": [_mrkdwn(text) for text in texts]}


def _mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def _field(name: str, value: str) -> dict[str, str]:
    return _mrkdwn(f"*{name}*\n{fitted(value, FIELD_LIMIT - 100)}")


LOOK_ORDER = {status: rank for rank, status in enumerate(LOOK)}
"""The worst first."""
