"""Whether a change is sent now, or only told: mutes, flapping and acknowledgements. Pure.

The end of a miss is always sent, for people must never be left with one that is over. So a campaign that flaps sends
its miss and its end, and is then quiet for the rest of the hour; what still stands after it is sent then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kpis.times import HOUR_MS
from monitors.alerts.lifecycle import LEVEL, AlertState
from monitors.pacing.verdict import Status

KEEP_SENDS = 20
"""Of one alert, so that what is stored of a goal stays small however often it is repeated."""

Sends = tuple[tuple[int, Status], ...]
"""What was sent of an alert of late: the clock, epoch milliseconds, and the status that people knew from then on."""


class Quiet(StrEnum):
    """Why a change is not sent now."""

    NOT = "not"
    MUTED = "muted"
    """Its campaign is muted."""
    FLAPPING = "flapping"
    """It was sent as often as one alert may in an hour."""
    ACKNOWLEDGED = "acknowledged"
    """Someone takes care of it, and it has become no worse."""


@dataclass(frozen=True, slots=True)
class QuietPolicy:
    """How often one alert may be sent.

    Attributes:
        most_sends: messages in ``within_ms``, after which a miss waits.
        within_ms: how long one counts.
        repeat_ms: how long after the last message a miss that still stands, and that nobody has acknowledged, is sent
            again; 0 for never.
    """

    most_sends: int = 2
    within_ms: int = HOUR_MS
    repeat_ms: int = 0

    def after(self, sends: Sends, status: Status, now_ms: int) -> Sends:
        """Those that still count, with one that is sent now."""
        return self.kept((*sends, (now_ms, status)), now_ms)

    def kept(self, sends: Sends, now_ms: int) -> Sends:
        """Those that still count, the last ``KEEP_SENDS`` of them; the last one always, for repeats."""
        late = [sent for sent in sends if sent[0] > now_ms - self.within_ms]
        return tuple(late or sends[-1:])[-KEEP_SENDS:]


def quiet(
    known: Status,
    told: Status,
    sends: Sends,
    policy: QuietPolicy,
    now_ms: int,
    *,
    is_muted: bool,
    is_acknowledged: bool,
) -> Quiet:
    """Whether a state may be sent, and why not.

    Args:
        known: the status that people know.
        told: the one that they would know.
        sends: what was sent of the alert.
        policy: how often.
        now_ms: the clock.
        is_muted: whether the campaign is muted now.
        is_acknowledged: whether someone takes care of the alert.
    """
    if is_muted:
        return Quiet.MUTED
    if is_acknowledged and 0 < LEVEL[told] <= LEVEL[known]:
        return Quiet.ACKNOWLEDGED
    late = [status for at_ms, status in sends if at_ms > now_ms - policy.within_ms]
    # That it is critical is worth a message once an hour, however often it was told as less.
    is_news = told is Status.CRITICAL and Status.CRITICAL not in late
    return Quiet.FLAPPING if len(late) >= policy.most_sends and not is_news else Quiet.NOT


def is_due_again(state: AlertState, sends: Sequence[tuple[int, Status]], policy: QuietPolicy, now_ms: int) -> bool:
    """Whether a miss that people know of has stood for so long that they are told again."""
    if not policy.repeat_ms or not state.is_firing or state.sent is not None or not sends:
        return False
    return now_ms - sends[-1][0] >= policy.repeat_ms
