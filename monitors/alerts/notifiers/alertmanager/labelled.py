"""An alert as Alertmanager knows it: by its labels, which are its name there. Pure.

Another label makes another alert, so what changes while one stands (why, how far, where it will end) is an annotation.
Severity is a label, for routes and inhibitions need it: when it changes, the former alert must end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from kpis.runtime.clock import Clock
from kpis.times import written_time
from monitors.alerts.alert import Alert
from monitors.alerts.notifiers.links import PACE_ALERTS, board_link, runbook_link
from monitors.alerts.sentences import facts, headline, shown_name, status_change
from monitors.pacing.verdict import Status
from monitors.words.wording import REASONS

_TOTAL, _RATIO = "pace", "kpi"

Labels = Mapping[str, str]


class LabelledAlert(msgspec.Struct, frozen=True, omit_defaults=True):
    """One alert of a request to ``/api/v2/alerts``."""

    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str = msgspec.field(name="startsAt")
    ends_at: str = msgspec.field(name="endsAt")
    generator_url: str = msgspec.field(name="generatorURL", default="")


@dataclass(frozen=True, slots=True)
class Dress:
    """What else makes an alert of ours one of Alertmanager's.

    Attributes:
        clock: the deployment's, whose times become real ones.
        public_url: where people see the monitor; None for no links.
    """

    clock: Clock
    public_url: str | None = None


def labels_of(alert: Alert, severity: Status) -> dict[str, str]:
    """The labels of a miss at a severity; they stay the same as long as it has that."""
    found = {
        "alertname": PACE_ALERTS[severity],
        "severity": str(severity),
        "campaign": alert.campaign,
        "account": alert.account,
        "goal": alert.goal.rpartition("|")[2],
        "cause": cause_of(alert),
    }
    # One without a value is none, there.
    return {name: value for name, value in found.items() if value}


def cause_of(alert: Alert) -> str:
    """What is wrong, as long as an alert lives: what a watch watches, ``kpi`` of a ratio, ``pace`` of a total."""
    if alert.watched is not None:
        return str(alert.watched)
    return _TOTAL if alert.bound is None else _RATIO


def labelled(alert: Alert, labels: Labels, dress: Dress, now_ms: int, ends_ms: int) -> LabelledAlert:
    """An alert with these labels.

    Args:
        alert: what is told.
        labels: its name there.
        dress: clock and links.
        now_ms: real time, epoch milliseconds.
        ends_ms: when it is over unless it is told again; now or earlier for one that is over.
    """
    started_ms = alert.at_ms if alert.since_ms is None else alert.since_ms
    # Nothing begins in the future, whatever the clocks of events say; of what nobody knows, now.
    starts_ms = min(dress.clock.real_ms(started_ms), now_ms, ends_ms) if started_ms > 0 else min(now_ms, ends_ms)
    return LabelledAlert(
        labels=dict(labels),
        annotations=_annotations(alert, labels, dress),
        starts_at=written_time(max(starts_ms, 0)),
        ends_at=written_time(ends_ms),
        generator_url=board_link(dress.public_url, alert.campaign),
    )


def _annotations(alert: Alert, labels: Labels, dress: Dress) -> dict[str, str]:
    found = {
        "summary": headline(alert),
        "description": "\n".join(f"{name}: {value}" for name, value in facts(alert)),
        "status": status_change(alert),
        "reason": str(alert.reason),
        "why": REASONS.get(alert.reason, ""),
        "name": shown_name(alert.name),
        "as_of": alert.as_of,
        "owner": alert.owner,
        "slack_channel": alert.slack_channel,
        "dashboard": board_link(dress.public_url, alert.campaign),
        "runbook_url": runbook_link(dress.public_url, Status(labels["severity"])),
    }
    return {name: value for name, value in found.items() if value}
