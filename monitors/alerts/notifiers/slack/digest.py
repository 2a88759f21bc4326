"""Many alerts as one message: how many, the worst of them, and where all are. Pure.

What a digest says is a value, so that a bot keeps it and edits its message as the alerts in it end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from kpis.units import how_many
from monitors.alerts.alert import Alert
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.slack.cards import LOOK_ORDER, NO_LINKS, Message
from monitors.alerts.notifiers.slack.mrkdwn import FIELD_LIMIT, fitted, link, listed
from monitors.alerts.sentences import headline
from monitors.pacing.verdict import Reason, Status
from monitors.words.wording import LOOK, REASONS, word_of

SHOWN = 10
"""Alerts that have a line of their own."""
MOST_CARDS = 8
"""More changes than that are no cards, whosever they are: a message holds 50 blocks, a card up to six."""
_LINE_LIMIT = 240
_MOST = 0.8
"""From that part of the alerts on, what is said of them is said of all."""


class Digest(msgspec.Struct, frozen=True):
    """What a digest says.

    Attributes:
        counts: alerts by the status that people know now.
        campaigns: how many they are of.
        lines: the worst of them, by goal: status and sentence.
        common: what is said of most of them; empty when they differ.
    """

    counts: Mapping[Status, int]
    campaigns: int
    lines: tuple[tuple[str, Status, str], ...]
    common: str = ""

    @property
    def total(self) -> int:
        """How many alerts."""
        return sum(self.counts.values())


def digest_of(alerts: Sequence[Alert]) -> Digest:
    """What there is to say of many alerts; not none."""
    worst = sorted(alerts, key=_badness)[:SHOWN]
    reasons = Counter(alert.reason for alert in alerts)
    return Digest(
        counts=dict(Counter(alert.after for alert in alerts)),
        campaigns=len({alert.campaign for alert in alerts}),
        lines=tuple((alert.goal, alert.after, headline(alert)[:_LINE_LIMIT]) for alert in worst),
        common=_common(reasons, len(alerts)),
    )


def is_digest(alerts: Sequence[Alert], digest_from: int) -> bool:
    """Whether changes are told as a digest: those of so many campaigns, or more than there is room for."""
    return len(alerts) > MOST_CARDS or len({alert.campaign for alert in alerts}) >= digest_from


def render_digest(digest: Digest, over: frozenset[str] = frozenset(), links: Links = NO_LINKS) -> Message:
    """A digest in Slack's form.

    Args:
        digest: what it says.
        over: the goals whose alerts have ended since.
        links: where people see more.
    """
    missed = digest.counts.get(Status.CRITICAL, 0) + digest.counts.get(Status.WARNING, 0)
    is_over = bool(missed) and len(over) >= missed
    worst = Status.ON_PACE if is_over else min(digest.counts, key=LOOK_ORDER.__getitem__)
    lines = [_line(*line, is_over=line[0] in over) for line in digest.lines]
    blocks: list[dict[str, Any]] = [_section(listed(lines, more=digest.total - len(lines)))]
    if digest.common:
        blocks.insert(0, _section(f"*Most of them:* {digest.common}"))
    page = link(links.of_board, "All of them on the board")
    if page:
        blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": page}]})
    said = _said(digest, len(over), is_over=is_over)
    return Message(
        f"{LOOK[worst].slack} {said}".strip(),
        ({"color": LOOK[worst].bar, "fallback": fitted(said, FIELD_LIMIT), "blocks": blocks},),
    )


def _said(digest: Digest, over: int, *, is_over: bool) -> str:
    counted = sorted(digest.counts.items(), key=lambda item: LOOK_ORDER[item[0]])
    counts = ", ".join(f"{count:,} {word_of(status, is_watch=False)}" for status, count in counted)
    campaigns = how_many(digest.campaigns, "campaign")
    # Where each has one alert, two equal numbers say no more than one.
    who = campaigns if digest.total == digest.campaigns else f"{how_many(digest.total, 'alert')} of {campaigns}"
    first = f"{who} changed together: {counts}"
    if is_over:
        return f"Over: {first}, and all have ended"
    return f"{first}; {how_many(over, 'has', 'have')} ended since" if over else first


def _line(_goal: str, status: Status, sentence: str, *, is_over: bool) -> str:
    text = fitted(sentence, _LINE_LIMIT)
    return f"{LOOK[Status.ON_PACE].mark} ~{text.replace('~', '-')}~" if is_over else f"{LOOK[status].mark} {text}"


def _badness(alert: Alert) -> tuple[int, float]:
    """The worst first: by status, then by how far from what is expected."""
    return LOOK_ORDER[alert.after], -abs(1 - alert.ratio) if alert.ratio is not None else -1.0


def _common(reasons: Mapping[Reason, int], total: int) -> str:
    reason, count = max(reasons.items(), key=lambda item: item[1])
    return f"{REASONS[reason]} ({count:,} of {total:,})" if count >= _MOST * total else ""


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}
