"""What becomes of judgements: transitions, check-ins and endings, each recorded in Redis with its message."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

import msgspec

from kpis.measures import Row
from kpis.times import QUARTER_MS
from monitors.alerts.alert import Alert, alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.check_in import as_of, check_in_of, due, key_of_milestones
from monitors.alerts.check_in_words import check_in_headline
from monitors.alerts.deciding import Circumstances, TellingPolicy, decide
from monitors.alerts.endings import end_of
from monitors.alerts.interventions import NO_INTERVENTIONS, Interventions
from monitors.alerts.lifecycle import AlertState, Change, Transition, ended
from monitors.alerts.muting import is_said_by_another, within_mutes
from monitors.alerts.outbox import Outbox, Recorded
from monitors.alerts.routing import Routes
from monitors.alerts.sentences import headline
from monitors.alerts.stored import Held, decode_held, decode_milestones, encode_alert, encode_held, encode_milestones
from monitors.goals.subject import Subject, key_of
from monitors.goals.values import Campaign, TotalGoal
from monitors.pacing.verdict import Reason, Verdict
from monitors.read.queries import ToDate

_log = logging.getLogger(__name__)

Judged = tuple[Subject, Verdict]


@dataclass(frozen=True, slots=True)
class Round:
    """What one cycle tells from.

    Attributes:
        states: all that is stored, by its field in the state hash.
        leads: whether this monitor writes.
        currency: of all money.
        now_ms: the clock.
        done: what people have done.
    """

    states: Mapping[str, bytes]
    leads: bool
    currency: str
    now_ms: int
    done: Interventions = NO_INTERVENTIONS


@dataclass(frozen=True, slots=True)
class Place:
    """What is told of one campaign.

    Attributes:
        campaign: which.
        is_muted: whether it is muted now.
        sums: its flight to date; None when it is not read.
    """

    campaign: Campaign
    is_muted: bool
    sums: ToDate | None

    def counted(self, goal: Subject, at_ms: int) -> tuple[int, int] | None:
        """The last quarter hour that had begun by a moment, and what a total had come to before it."""
        quarter_ms = at_ms - at_ms % QUARTER_MS
        row = self.before(quarter_ms)
        return (quarter_ms, row[goal.total.column]) if row is not None and isinstance(goal, TotalGoal) else None

    def before(self, at_ms: int) -> Row | None:
        """What is known to have been counted before a moment; None when that is not known."""
        return None if self.sums is None else self.sums.until(at_ms, self.campaign.flight.end_ms)


class Telling:
    """Follows what people are told, and writes it while this monitor leads.

    Args:
        outbox: where.
        policy: when people are told.
        routes: by whom; what nobody is told of is only kept as told.

    Every method raises :class:`~kpis.runtime.errors.Unreachable` when Redis does not answer.
    """

    def __init__(self, outbox: Outbox, policy: TellingPolicy, routes: Routes) -> None:
        self._outbox = outbox
        self._policy = policy
        self._routes = routes

    async def judged(
        self, now: Round, campaign: Campaign, judged: Iterable[Judged], sums: ToDate | None
    ) -> list[Assessment]:
        """Take what a look at a campaign found, and its flight to date; gives it with what people know of it then."""
        place = Place(campaign, now.done.mutes_campaign(campaign, now.now_ms), sums)
        looked = list(judged)
        helds = [decode_held(now.states.get(key_of(campaign, goal))) for goal, _ in looked]
        states = [AlertState() if held.is_before(campaign.flight) else held.state for held in helds]
        found: list[Assessment] = []
        for n, ((goal, verdict), held) in enumerate(zip(looked, helds, strict=True)):
            others = ((other, its, known) for (other, its), known in zip(looked, states, strict=True))
            around = self._around(now, place, goal, held)
            if is_said_by_another(goal, verdict, others):
                around = replace(around, is_muted=True)
            transition = decide(campaign, goal, verdict, held, self._policy, around=around)
            states[n] = transition.after
            done = now.done.acknowledged.get(key_of(campaign, goal)) if transition.after.is_firing else None
            one = Assessment(campaign, goal, verdict, transition.after, done, place.is_muted)
            if now.leads and (transition.change.is_told or transition.after != held.state):
                await self._record(now, place, one, held, transition)
            found.append(one)
        if now.leads and found:
            await self._check_in(now, place, found)
        return found

    async def gone(self, now: Round, campaigns: Sequence[Campaign], judged: Iterable[Assessment]) -> None:
        """End what fires and is in the goals file no more, and forget all that is not."""
        known = {key_of(one.campaign, one.goal) for one in judged}
        known |= {key_of_milestones(campaign) for campaign in campaigns if campaign.milestones}
        forgotten: list[str] = []
        for key in now.states.keys() - known:
            held = decode_held(now.states[key])
            if not held.state.is_firing:
                forgotten.append(key)
                continue
            transition = within_mutes(ended(held.state, now.now_ms), None, is_quiet=False)
            alert = end_of(key, held, transition, Reason.GOAL_GONE, now.now_ms, unique=uuid4().hex)
            await self._write(now, key, None, alert, self._lanes(held, transition), is_new=False)
        await self._outbox.forget(forgotten)

    def _around(self, now: Round, place: Place, goal: Subject, held: Held) -> Circumstances:
        return Circumstances(
            now.now_ms,
            place.is_muted,
            key_of(place.campaign, goal) in now.done.acknowledged,
            None if held.counted is None else place.before(held.counted[0]),
        )

    async def _record(self, now: Round, place: Place, one: Assessment, held: Held, transition: Transition) -> None:
        key, alert = key_of(one.campaign, one.goal), None
        after = replace(held, state=transition.after)
        if transition.change is Change.ENDED:
            is_before = held.is_before(one.campaign.flight)
            reason = Reason.FLIGHT_CLOSED if is_before else one.verdict.reason
            at_ms = one.verdict.as_of_ms or now.now_ms
            alert = end_of(key, held, transition, reason, at_ms, unique=uuid4().hex)
        elif transition.change.is_told:
            alert = alert_of(one, transition, now.currency, key, uuid4().hex)
            after = replace(after, raw=encode_alert(alert), counted=place.counted(one.goal, alert.at_ms))
        lanes = self._lanes(held, transition)
        after = self._sent(after, transition, lanes, now.now_ms)
        is_new = not held.state.is_firing
        await self._write(now, key, encode_held(after, one.campaign.flight), alert, lanes, is_new=is_new)

    def _lanes(self, held: Held, transition: Transition) -> tuple[str, ...]:
        """Who is told of a change: by its status, and whoever was told of what came before it."""
        if not transition.change.is_told or not transition.is_sent:
            return ()
        # An older version did not write down whom it had told.
        told = held.lanes or self._routes.of(transition.before.known[0])
        wanted = dict.fromkeys((*told, *self._routes.of(transition.after.told)))
        return tuple(name for name in wanted if name in self._routes.names)

    def _sent(self, after: Held, transition: Transition, lanes: tuple[str, ...], now_ms: int) -> Held:
        quiet, is_sent = self._policy.quiet, transition.change.is_told and transition.is_sent
        told = transition.after.told
        kept = quiet.after(after.sends, told, now_ms) if is_sent else quiet.kept(after.sends, now_ms)
        if not after.state.is_firing:
            return replace(after, sends=kept, lanes=())
        return replace(after, sends=kept, lanes=tuple(dict.fromkeys((*after.lanes, *lanes))))

    async def _write(
        self, now: Round, key: str, after: bytes | None, alert: Alert | None, lanes: tuple[str, ...], *, is_new: bool
    ) -> None:
        if alert is not None:
            alert = msgspec.structs.replace(alert, known_to=decode_held(now.states.get(key)).lanes)
        message = None if alert is None else encode_alert(alert)
        # Whoever took care of the last one, late, has not seen this one.
        is_over = alert is not None and (is_new or not alert.after.is_miss)
        recorded = await self._outbox.record(key, now.states.get(key), after, message, lanes=lanes, is_over=is_over)
        if recorded is Recorded.WRITTEN and alert is not None:
            unsent = " (not sent)" if alert.muted else ""
            _log.info("%s: %s%s", alert.change, headline(alert), unsent)

    async def _check_in(self, now: Round, place: Place, judged: list[Assessment]) -> None:
        campaign, is_muted = place.campaign, place.is_muted
        key = key_of_milestones(campaign)
        held = decode_milestones(now.states.get(key))
        after, milestone = due(campaign, held, as_of(judged), now.now_ms)
        if after is None or (after == held and milestone is None):
            return
        made = None
        if milestone is not None:
            found = check_in_of(campaign, milestone, judged, now.currency, now.now_ms, unique=uuid4().hex)
            made = msgspec.structs.replace(found, muted=is_muted)
        message = None if made is None else encode_alert(made)
        lanes = () if is_muted else self._routes.of_check_ins
        recorded = await self._outbox.record(key, now.states.get(key), encode_milestones(after), message, lanes=lanes)
        if recorded is Recorded.WRITTEN and made is not None:
            _log.info("check-in: %s%s", check_in_headline(made), " (muted)" if is_muted else "")
