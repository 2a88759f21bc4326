"""One set of policies tried: the monitor's engine and lifecycle, and what they would have told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from monitors.alerts.alert import Alert, alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.endings import restated
from monitors.alerts.lifecycle import Change, LifecyclePolicy, Transition, step
from monitors.alerts.muting import within_mutes
from monitors.alerts.stored import NOTHING_HELD, Held, encode_alert
from monitors.common.together import Looked
from monitors.common.whole import Whole
from monitors.engine import Engine
from monitors.goals.subject import Subject, key_of
from monitors.goals.values import Campaign, muted_at
from monitors.pacing.evidence import EvidencePolicy
from monitors.pacing.verdict import Status, Verdict, VerdictPolicy
from monitors.read.history import ToDate
from monitors.read.past import Past
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
            for goal, verdict in concert.judged:
                self._step(concert.campaign, None, goal, verdict, moment.now_ms)
        for one in concert.looks:
            for goal, verdict in one.judged:
                self._step(one.campaign, one.seen, goal, verdict, moment.now_ms)

    def _step(self, campaign: Campaign, seen: Sight | None, goal: Subject, verdict: Verdict, now_ms: int) -> None:
        key, at_ms = key_of(campaign, goal), verdict.as_of_ms or now_ms
        held = self._held.get(key, NOTHING_HELD)
        place = Place(campaign, muted_at(campaign, now_ms) is not None, None if seen is None else _sums(seen))
        found = step(held.state, verdict, self.policy.lifecycle.of(goal), at_ms)
        if found.change is Change.RESOLVED:
            then = None if held.counted is None else place.before(held.counted[0])
            found = restated(found, held, campaign, goal, verdict, then=then)
        transition = within_mutes(found, verdict, is_muted=place.is_muted)
        if transition.change.is_told:
            self._tell(place, Assessment(campaign, goal, verdict, transition.after), transition, at_ms)
        elif transition.after is not held.state:
            self._held[key] = replace(held, state=transition.after)

    def _tell(self, place: Place, one: Assessment, transition: Transition, at_ms: int) -> None:
        campaign, goal, after = one.campaign, one.goal, transition.after
        key = key_of(campaign, goal)
        alert = alert_of(one, transition, self._currency, key, f"backtest-{len(self.messages)}")
        if transition.is_sent:
            change = transition.change
            self.messages.append(TrialMessage(at_ms, campaign, goal, change, after.told, one.verdict, alert))
        flight, raw = campaign.flight, encode_alert(alert) if after.is_firing else None
        self._held[key] = Held(after, flight.start_ms, flight.end_ms, raw, place.counted(goal, alert.at_ms))

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
