"""Which sets of labels Alertmanager has of which goals, as far as this process knows, and which have just ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitors.alerts.alert import Alert
from monitors.alerts.notifiers.alertmanager.labelled import Dress, LabelledAlert, Labels, labelled, labels_of

MOST_ENDS = 250
REPEAT_ENDS_MS = 15 * 60_000
"""For so long an end is told again: an Alertmanager that restarts before it told people has forgotten it."""

_Key = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often Alertmanager is told.

    Attributes:
        again_ms: how often what stands is told again, real milliseconds.
        hold_ms: how long an alert stands that is not: long enough for another monitor to take over.
    """

    again_ms: int = 60_000
    hold_ms: int = 300_000


@dataclass(slots=True)
class _Ended:
    """A set that is over: what was sent of it, until when it is told again, and when next."""

    sent: LabelledAlert
    until_ms: int
    next_ms: int


class KnownSets:
    """What was sent, so that what follows ends exactly that.

    Args:
        name: the notifier's.
        dress: clock and links.
        repeats: how often it is told.
    """

    def __init__(self, name: str, dress: Dress, repeats: Repeats) -> None:
        self._name = name
        self._dress = dress
        self._repeats = repeats
        self._fires: dict[str, Labels] = {}
        self._ended: dict[_Key, _Ended] = {}

    def changes(self, alerts: Iterable[Alert], now_ms: int) -> list[LabelledAlert]:
        """What to send of changes, oldest first: each goal's former set, over, and the one it has now."""
        fires, found = dict(self._fires), dict[_Key, LabelledAlert]()
        for alert in alerts:
            after = labels_of(alert, alert.after) if alert.after.is_miss else None
            before = fires.pop(alert.goal, None) or self._former(alert)
            if before is not None and before != after:
                found[_key(before)] = labelled(alert, before, self._dress, now_ms, now_ms)
            if after is not None:
                fires[alert.goal] = after
                found[_key(after)] = self._firing(alert, now_ms)
        return list(found.values())

    def changed(self, alerts: Sequence[Alert], sent: Iterable[LabelledAlert], now_ms: int) -> None:
        """Note that changes were taken."""
        for alert in alerts:
            if alert.after.is_miss:
                self._fires[alert.goal] = labels_of(alert, alert.after)
            else:
                self._fires.pop(alert.goal, None)
        firing = {_key(self._fires[alert.goal]) for alert in alerts if alert.goal in self._fires}
        for one in sent:
            if _key(one.labels) in firing:
                self._ended.pop(_key(one.labels), None)
            else:
                self._ended[_key(one.labels)] = _Ended(one, now_ms + REPEAT_ENDS_MS, now_ms + self._repeats.again_ms)

    def forget(self) -> None:
        """Another monitor leads: what was sent here says nothing of what is there from now on."""
        self._fires.clear()
        self._ended.clear()

    def again(self, standing: Sequence[Alert], now_ms: int, *, is_last: bool) -> list[LabelledAlert]:
        """What to send again.

        Args:
            standing: some of what stands.
            now_ms: real time, epoch milliseconds.
            is_last: whether that was all of it: what has ended of late, and does not stand again, follows then.
        """
        stands = {alert.goal: labels_of(alert, alert.after) for alert in standing}
        self._fires |= stands
        firing = {_key(labels) for labels in stands.values()}
        self._ended = {k: one for k, one in self._ended.items() if one.until_ms > now_ms and k not in firing}
        due = [one for one in self._ended.values() if is_last and one.next_ms <= now_ms][:MOST_ENDS]
        for one in due:
            one.next_ms = now_ms + self._repeats.again_ms
        return [*(self._firing(alert, now_ms) for alert in standing), *(one.sent for one in due)]

    def _former(self, alert: Alert) -> Labels | None:
        """What another monitor, or this one before its restart, must have sent of the miss before."""
        was_told = alert.before.is_miss and self._name in alert.known_to
        return labels_of(alert, alert.before) if was_told else None

    def _firing(self, alert: Alert, now_ms: int) -> LabelledAlert:
        return labelled(alert, labels_of(alert, alert.after), self._dress, now_ms, now_ms + self._repeats.hold_ms)


def _key(labels: Labels) -> _Key:
    return frozenset(labels.items())
