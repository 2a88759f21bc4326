"""One set of policies tried: the monitor's engine and lifecycle, and what they would have told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from monitors.alerts.alert import Alert, alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.deciding import Circumstances, TellingPolicy, decide
from monitors.alerts.lifecycle import AlertState, Change, LifecyclePolicy
from monitors.alerts.muting import is_said_by_another
from monitors.alerts.quieting import QuietPolicy
from monitors.alerts.stored import NOTHING_HELD, Held
from monitors.engine import Engine
from monitors.goals.subject import Subject, key_of
from monitors.goals.values import Campaign, muted_at
from monitors.pacing.evidence import EvidencePolicy
from monitors.pacing.verdict import Status, Verdict, VerdictPolicy
from monitors.read.past import Past
from monitors.sight import Sight
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
    """

    def __init__(self, policy: TrialPolicy, currency: str, *, is_alone: bool = True) -> None:
        self.policy = policy
        self.messages: list[TrialMessage] = []
        self._currency = currency
        self._engine = Engine(policy.verdicts, policy.evidence)
        self._is_alone = is_alone
        self._held: dict[str, Held] = {}
        self._pasts: dict[str, tuple[Past, Past]] = {}

    def look(self, moment: Moment) -> None:
        """Judge one."""
        for campaign, seen in moment.seen:
            judged = self._engine.look(campaign, self._own(campaign, seen), moment.now_ms)
            for goal, verdict in judged:
                others = ((g, v, self._state(campaign, g)) for g, v in judged)
                is_muted = muted_at(campaign, moment.now_ms) is not None or is_said_by_another(goal, verdict, others)
                self._step(campaign, goal, verdict, moment.now_ms, is_muted=is_muted)

    def _state(self, campaign: Campaign, goal: Subject) -> AlertState:
        return self._held.get(key_of(campaign, goal), NOTHING_HELD).state

    def _step(self, campaign: Campaign, goal: Subject, verdict: Verdict, now_ms: int, *, is_muted: bool) -> None:
        key, at_ms = key_of(campaign, goal), verdict.as_of_ms or now_ms
        held = self._held.get(key, NOTHING_HELD)
        around = Circumstances(now_ms, is_muted=is_muted)
        transition = decide(campaign, goal, verdict, held, self.policy.telling, around=around)
        is_sent, sends = transition.change.is_told and transition.is_sent, held.sends
        if is_sent:
            sends = self.policy.telling.quiet.kept((*sends, (now_ms, transition.after.told)), now_ms)
        self._held[key] = replace(held, state=transition.after, sends=sends)
        if not is_sent:
            return
        told = Assessment(campaign, goal, verdict, transition.after)
        alert = alert_of(told, transition, self._currency, key, f"backtest-{len(self.messages)}")
        message = TrialMessage(at_ms, campaign, goal, transition.change, transition.after.told, verdict, alert)
        self.messages.append(message)

    def _own(self, campaign: Campaign, seen: Sight) -> Sight:
        """The same with a past of its own: what is learned of one depends on the policies."""
        if seen.past is None or self._is_alone:
            return seen
        shared, mine = self._pasts.get(campaign.series, (None, None))
        if shared is not seen.past or mine is None:
            mine = replace(seen.past, memo={})
            self._pasts[campaign.series] = seen.past, mine
        return replace(seen, past=mine)
