"""What becomes of cards as alerts change. Pure, but that a card has an id that no other has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import uuid4

import msgspec

from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.slack.card_store import Card
from monitors.alerts.notifiers.slack.digest import digest_of
from monitors.pacing.verdict import Status


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


def net(alerts: Sequence[Alert]) -> list[Alert]:
    """Changes that are told in one message, each goal once: from what people knew before the first to the last.

    Args:
        alerts: oldest first.
    """
    of_goals: dict[str, list[Alert]] = {}
    for alert in alerts:
        of_goals.setdefault(alert.goal, []).append(alert)
    return [its[0] if len(its) == 1 else _since(its[0].before, its[-1]) for its in of_goals.values()]


def _since(before: Status, alert: Alert) -> Alert:
    """A change as it is for who knew an earlier status than the one before it."""
    if not alert.after.is_miss:
        # What came and went in between is told as over: of nothing there would be nothing to say.
        return msgspec.structs.replace(alert, before=before) if before.is_miss else alert
    change = alert.change
    if not before.is_miss:
        change = Change.FIRED
    elif change is not Change.TURNED:
        worse = Change.WORSENED if alert.after is Status.CRITICAL else Change.EASED
        change = Change.REPEATED if before is alert.after else worse
    return msgspec.structs.replace(alert, before=before, change=change)
