"""One set of policies tried: the monitor's engine and lifecycle, and what they would have told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from monitors.alerts.alert import Alert, alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.deciding import Circumstances, TellingPolicy, decide
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy, Transition
from monitors.alerts.muting import is_said_by_another
from monitors.alerts.quieting import QuietPolicy
from monitors.alerts.stored import NOTHING_HELD, Held, encode_alert
from monitors.common.together import Looked
from monitors.common.whole import Whole
from monitors.engine import Engine
from monitors.goals.subject import Subject, key_of, muted_at
from monitors.goals.values import Campaign
from monitors.pacing.causes import Judged
from monitors.pacing.evidence import EvidencePolicy
from monitors.pacing.verdict import Status, Verdict, VerdictPolicy
from monitors.read.past import Past
from monitors.read.queries import ToDate
from monitors.sight import Sight
from monitors.telling import Place
from pacewatch.backtest.moments import Moment

MISSES = frozenset({Change.FIRED, Change.WORSENED, Change.TURNED})
"""Changes that tell of something wrong; the others that it is over."""


@dataclass(frozen=True, slots=True)
class TrialPolicy:
    """What is tried; each as the monitor has it."""

    verdicts: VerdictPolicy = field(default_factory=VerdictPolicy)
    evidence: EvidencePolicy = field(default_factory=EvidencePolicy)
    lifecycle: LifecyclePolicy = field(default_factory=LifecyclePolicy)
    quiet: QuietPolicy = field(default_factory=QuietPolicy)

    @property
    def telling(self) -> TellingPolicy:
        """When people are told."""
        return TellingPolicy(self.lifecycle, self.quiet)


@dataclass(frozen=True, slots=True)
class TrialMessage:
    """What people would have been sent: what a mute keeps from them is none.

    Attributes:
        at_ms: when, event time.
        campaign: whose.
        goal: which of its goals or watches.
        change: what kind of change.
        status: what people know from then on.
        verdict: why.
        alert: it as notifiers get it.
    """

    at_ms: int
    campaign: Campaign
    goal: Subject
    change: Change
    status: Status
    verdict: Verdict
    alert: Alert

    @property
    def is_miss(self) -> bool:
        """Whether it tells of something wrong."""
        return self.change in MISSES


class Trial:
    """Judges every moment.

    Args:
        policy: what is tried.
        currency: of all money.
        is_alone: whether no other trial judges the same moments.

    Attributes:
        messages: told so far.
        engine: that judges each campaign.
        whole: that judges all of them together.
    """

    def __init__(self, policy: TrialPolicy, currency: str, *, is_alone: bool = True) -> None:
        self.policy = policy
        self.messages: list[TrialMessage] = []
        self._currency = currency
        self.engine = Engine(policy.verdicts, policy.evidence)
        self._is_alone = is_alone
        self.whole = Whole(self.engine)
        self._held: dict[str, Held] = {}
        self._pasts: dict[str, tuple[Past, Past]] = {}

    def look(self, moment: Moment) -> None:
        """Judge one."""
        self.whole.begin()
        looks: list[Looked] = []
        for campaign, seen in moment.seen:
            own = self._own(campaign, seen)
            looks.append(Looked(campaign, own, self.engine.look(campaign, own, moment.now_ms)))
        concert = self.whole.judge(looks, moment.now_ms)
        if concert.campaign is not None:
            self._judged(concert.campaign, None, concert.judged, moment.now_ms)
        for one in concert.looks:
            self._judged(one.campaign, one.seen, one.judged, moment.now_ms)

    def _judged(self, campaign: Campaign, seen: Sight | None, judged: Sequence[Judged], now_ms: int) -> None:
        place = Place(campaign, muted_at(campaign, now_ms) is not None, None if seen is None else _sums(seen))
        for goal, verdict in judged:
            others = ((g, v, self._state(campaign, g)) for g, v in judged)
            is_muted = place.is_muted or is_said_by_another(goal, verdict, others)
            self._step(replace(place, is_muted=is_muted), goal, verdict, now_ms)

    def _state(self, campaign: Campaign, goal: Subject) -> AlertState:
        return self._held.get(key_of(campaign, goal), NOTHING_HELD).state

    def _step(self, place: Place, goal: Subject, verdict: Verdict, now_ms: int) -> None:
        campaign, key = place.campaign, key_of(place.campaign, goal)
        held = self._held.get(key, NOTHING_HELD)
        then = None if held.counted is None else place.before(held.counted[0])
        around = Circumstances(now_ms, is_muted=place.is_muted, then=then)
        transition = decide(campaign, goal, verdict, held, self.policy.telling, around=around)
        if transition.change.is_told:
            self._tell(place, Assessment(campaign, goal, verdict, transition.after), transition, now_ms)
        elif transition.after is not held.state:
            self._held[key] = replace(held, state=transition.after)

    def _tell(self, place: Place, one: Assessment, transition: Transition, now_ms: int) -> None:
        campaign, goal, after = one.campaign, one.goal, transition.after
        key, at_ms = key_of(campaign, goal), one.verdict.as_of_ms or now_ms
        sends = self._held.get(key, NOTHING_HELD).sends
        alert = alert_of(one, transition, self._currency, key, f"backtest-{len(self.messages)}")
        if transition.is_sent:
            change = transition.change
            self.messages.append(TrialMessage(at_ms, campaign, goal, change, after.told, one.verdict, alert))
            sends = self.policy.telling.quiet.after(sends, after.told, now_ms)
        flight, raw = campaign.flight, encode_alert(alert) if after.is_firing else None
        counted = place.counted(goal, alert.at_ms)
        self._held[key] = Held(after, flight.start_ms, flight.end_ms, raw, counted, sends=sends)

    def _own(self, campaign: Campaign, seen: Sight) -> Sight:
        """The same with a past of its own: what is learned of one depends on the policies."""
        if seen.past is None or self._is_alone:
            return seen
        shared, mine = self._pasts.get(campaign.series, (None, None))
        if shared is not seen.past or mine is None:
            mine = replace(seen.past, memo={})
            self._pasts[campaign.series] = seen.past, mine
        return replace(seen, past=mine)


def _sums(seen: Sight) -> ToDate:
    """The flight to date that a look was made of."""
    return ToDate(seen.to_date, seen.as_of_ms, seen.recent_ms, seen.recent)
