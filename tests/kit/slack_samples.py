"""One message of each kind that people get, for tests and for ``docs/alerts.md``."""

from __future__ import annotations

from typing import Any

import msgspec

from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from kpis.units import MICROS, Unit
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in import CheckIn, Standing
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.links import Links
from monitors.alerts.notifiers.protocol import Grouping
from monitors.alerts.notifiers.slack.cards import Message
from monitors.alerts.notifiers.slack.webhook import posted
from monitors.goals.subject import Watched
from monitors.goals.values import Bound
from monitors.pacing.verdict import Direction, Reason, Status
from tests.kit.monitor_fakes import NOON

LINKS = Links("https://pace.example", "https://grafana.example")
SPEND: dict[str, Any] = {
    "id": "1", "goal": "c42|spend", "at_ms": NOON, "campaign": "c42", "name": "Spring launch", "account": "Acme",
    "label": "spend", "unit": Unit.MICROS, "currency": "EUR", "change": Change.FIRED, "before": Status.ON_PACE,
    "after": Status.WARNING, "reason": Reason.PROJECTED, "direction": Direction.UNDER, "actual": 4_100 * MICROS,
    "expected": 5_000 * MICROS, "target": 10_000 * MICROS, "ratio": 0.82, "projected": 8_234 * MICROS,
    "required_per_day": 1_967 * MICROS, "bound": None, "warning": (0.9, 1.1), "critical": (0.75, 1.25),
    "as_of_ms": NOON, "timezone": "Europe/Berlin", "interval": (7_900 * MICROS, 8_600 * MICROS),
    "ends_ms": NOON + 3 * DAY_MS, "owner": "@ana",
}  # fmt: skip


def an_alert(**changes: Any) -> Alert:
    """A warning about spend, with changes."""
    return Alert(**(SPEND | changes))


def later(alert: Alert, minutes: int, **changes: Any) -> Alert:
    """What became of an alert so many minutes after."""
    at_ms = alert.at_ms + minutes * MINUTE_MS
    return msgspec.structs.replace(alert, at_ms=at_ms, as_of_ms=at_ms, before=alert.after, **changes)


WARNING = an_alert()
CRITICAL = an_alert(
    id="2", goal="c7|cpa:at_most:24h", campaign="c7", name="Brand search", label="CPA (24h)", unit=Unit.CURRENCY,
    after=Status.CRITICAL, reason=Reason.OUTSIDE, direction=Direction.OVER, actual=31.4159, expected=20.0,
    target=20.0, ratio=1.57, projected=None, interval=None, required_per_day=None, bound=Bound.AT_MOST,
    warning=(None, 1.0), critical=(None, 1.25),
)  # fmt: skip
WORSENED = later(
    WARNING, 130, id="3", change=Change.WORSENED, after=Status.CRITICAL, actual=4_190 * MICROS,
    expected=5_300 * MICROS, ratio=0.79, projected=7_310 * MICROS, interval=(6_900 * MICROS, 7_480 * MICROS),
    required_per_day=2_010 * MICROS,
)  # fmt: skip
REPEATED = later(WORSENED, 240, id="4", change=Change.REPEATED)
RESOLVED = later(
    WORSENED, 600, id="5", change=Change.RESOLVED, after=Status.ON_PACE, reason=Reason.WITHIN, actual=6_420 * MICROS,
    expected=6_600 * MICROS, ratio=0.97, projected=9_780 * MICROS, interval=(9_300 * MICROS, 10_200 * MICROS),
)  # fmt: skip
CORRECTED = later(WARNING, 45, id="6", change=Change.CORRECTED, after=Status.ON_PACE, reason=Reason.WITHIN)
ENDED = later(WORSENED, 90, id="7", change=Change.ENDED, after=Status.NO_DATA, reason=Reason.GOAL_GONE)
SILENT = an_alert(
    id="8", goal="c42|watch:serving", label="serving", unit=Unit.EVENTS, after=Status.CRITICAL,
    reason=Reason.NOT_SERVING, actual=0, expected=2_399, target=0, ratio=None, projected=None, interval=None,
    required_per_day=None, warning=(None, None), critical=(None, None), watched=Watched.SERVING,
    measure="impressions", since_ms=NOON - 50 * MINUTE_MS,
)  # fmt: skip
CHECK_IN = CheckIn(
    id="9", goal="c42|milestones", at_ms=NOON, campaign="c42", name="Spring launch", account="Acme", fraction=0.5,
    milestone_ms=NOON - HOUR_MS, as_of_ms=NOON, currency="EUR", timezone="Europe/Berlin", owner="@ana",
    standings=(
        Standing(label="spend", unit=Unit.MICROS, status=Status.WARNING, reason=Reason.PROJECTED,
                 direction=Direction.UNDER, actual=4_100 * MICROS, expected=5_000 * MICROS, target=10_000 * MICROS,
                 ratio=0.82, projected=8_234 * MICROS),
        Standing(label="CTR (1h)", unit=Unit.PROPORTION, status=Status.ON_PACE, reason=Reason.WITHIN,
                 direction=Direction.OVER, actual=0.0231, expected=0.02, target=0.02, ratio=1.16, projected=None),
    ),
)  # fmt: skip


_NAMES = ("Campaign", "Brand search", "Retargeting", "Shopping", "Prospecting")


def outage(campaigns: int, **changes: Any) -> list[Alert]:
    """Campaigns that all stopped being served, with other ids."""
    return [
        msgspec.structs.replace(
            SILENT, id=f"o{n}", goal=f"c{n}|watch:serving", campaign=f"c{n}", name=f"{_NAMES[n % 5]} {n}", **changes
        )
        for n in range(campaigns)
    ]


KINDS: dict[str, tuple[Outgoing, ...]] = {
    "A warning": (WARNING,),
    "Critical": (CRITICAL,),
    "Worse than before": (WORSENED,),
    "Still so": (REPEATED,),
    "Back on pace": (RESOLVED,),
    "Corrected": (CORRECTED,),
    "Not judged any more": (ENDED,),
    "Silence": (SILENT,),
    "Several goals of a campaign": (WARNING, SILENT),
    "Many campaigns at once": tuple(outage(412)),
    "A check-in": (CHECK_IN,),
}
"""What is told, by what it is."""


def as_message(alerts: tuple[Outgoing, ...]) -> Message:
    """What a webhook is sent of them."""
    return posted(alerts, LINKS, Grouping().digest_from)


def as_text(message: Message) -> str:
    """A message as people read it, without its looks."""
    lines = [message.text]
    for block in message.blocks:
        lines += [one["text"].replace("\n", ": ", 1) for one in block.get("fields", ())]
        lines += [block["text"]["text"]] if "text" in block else []
        shown = [one["text"] if "action_id" not in one else one["text"]["text"] for one in block.get("elements", ())]
        lines += [" · ".join(shown)] if shown else []
    return "\n".join(lines)
