"""What becomes of cards as alerts change. Pure, but that a card has an id that no other has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import uuid4

import msgspec

from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.notifiers.slack.card_store import Card
from monitors.alerts.notifiers.slack.digest import digest_of


def new_card(channel: str, alerts: Sequence[Alert], at_ms: int) -> Card:
    """A card of one alert, or a digest of several; ``at_ms`` is the real time."""
    is_one = len(alerts) == 1
    return Card(
        id=uuid4().hex,
        channel=channel,
        at_ms=at_ms,
        since_ms=min(alert.at_ms for alert in alerts),
        first=tuple(alert.id for alert in alerts),
        goals=tuple(alert.goal for alert in alerts if alert.after.is_miss),
        alert=alerts[0] if is_one else None,
        digest=None if is_one else digest_of(alerts),
        over=tuple(alert.goal for alert in alerts if not alert.after.is_miss),
    )


def changed(card: Card, alerts: Sequence[Alert]) -> Card:
    """A card after changes of alerts in it."""
    over = dict.fromkeys((*card.over, *(alert.goal for alert in alerts if not alert.after.is_miss)))
    goals = tuple(goal for goal in card.goals if goal not in over)
    last = card.alert if card.digest is not None else alerts[-1] if alerts else card.alert
    return msgspec.structs.replace(card, goals=goals, alert=last, over=tuple(over))


def rounds(alerts: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    """Alerts in their order, in parts in which no goal is twice: what came of one is known before the next is told."""
    left = list(alerts)
    while left:
        seen: dict[str, Outgoing] = {}
        later: list[Outgoing] = []
        for alert in left:
            if alert.goal in seen:
                later.append(alert)
            else:
                seen[alert.goal] = alert
        yield list(seen.values())
        left = later
