"""One cycle of the monitor: read, judge, record what changed. Knows no timing and no web."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from kpis.contract.published import BadLayout
from kpis.measures import ZERO
from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Unreachable, Unusable
from kpis.times import DAY_MS
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import LifecyclePolicy
from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.outbox import Outbox
from monitors.common.together import Looked
from monitors.common.whole import Concert, Whole
from monitors.engine import Engine
from monitors.gathering import Gathering
from monitors.goals.reload import GoalsSource
from monitors.goals.subject import key_of
from monitors.goals.values import Campaign, Period
from monitors.pacing.evidence import EvidencePolicy
from monitors.pacing.verdict import VerdictPolicy
from monitors.read.history import Query, ToDate
from monitors.read.pasts import Pasts
from monitors.read.reader import Reader
from monitors.read.snapshot import Snapshot
from monitors.sight import Sight, periods_of, sight
from monitors.telling import Round, Telling
from monitors.view import View

KEEP_S = 15.0
"""For how many real seconds the last view stands while Redis is away: no number is better than an old one."""

NOTHING_SENT: Mapping[Outcome, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CyclePolicy:
    """How the monitor judges and tells.

    Attributes:
        verdicts: when to judge.
        lifecycle: how patient alerts are.
        evidence: what counts as proof.
        notifier: who tells people; without one, empty, alerts are only logged and kept as told.
    """

    verdicts: VerdictPolicy
    lifecycle: LifecyclePolicy
    notifier: str
    evidence: EvidencePolicy = field(default_factory=EvidencePolicy)


class Cycle:
    """Turns what Redis holds into a view, and changes into alerts.

    Args:
        reader: reads Redis.
        outbox: keeps alert states, and what waits to be told.
        goals: what is judged; refreshed by whoever made it.
        clock: the deployment's.
        policy: how to judge and tell.
        outcomes: attempts to send so far, counted by who sends.

    Attributes:
        view: what is known after the last cycle.
    """

    def __init__(
        self,
        reader: Reader,
        outbox: Outbox,
        goals: GoalsSource,
        clock: Clock,
        policy: CyclePolicy,
        *,
        outcomes: Mapping[Outcome, int] = NOTHING_SENT,
    ) -> None:
        self._reader = reader
        self._outbox = outbox
        self._goals = goals
        self._clock = clock
        self._policy = policy
        self._outcomes = outcomes
        self._telling = Telling(outbox, policy.lifecycle, sends=bool(policy.notifier))
        self._engine = Engine(policy.verdicts, policy.evidence)
        self._whole = Whole(self._engine)
        self._gathering = Gathering(outbox, self._engine, self._whole)
        self._pasts = Pasts(reader.flights)
        self.view = View()

    async def cycle(self) -> None:
        """Read, judge and record once; afterwards ``view`` is new.

        Raises:
            Unreachable: Redis does not answer; ``view`` says so.
            Unusable: it holds something else than what is asked for; ``view`` says so.
            BadLayout: no worker has written to it yet; ``view`` says so.
        """
        try:
            await self._cycle()
        except (Unreachable, Unusable, BadLayout) as e:
            is_old = self.view.read_at_s is None or monotonic() - self.view.read_at_s > KEEP_S
            self.view = replace(
                self.view,
                redis_up=not isinstance(e, Unreachable),
                problem=str(e),
                leads=False,
                snapshot=None if is_old else self.view.snapshot,
                assessments=() if is_old else self.view.assessments,
                common=() if is_old else self.view.common,
                goals_problem=self._goals.problem,
            )
            raise

    async def _cycle(self) -> None:
        # The goals of this cycle: a thread may change the source's at any time.
        campaigns, has_file = self._goals.goals.campaigns, bool(self._goals.version)
        acts = has_file or bool(self._policy.notifier)
        leads = acts and await self._outbox.lead()
        snapshot = await self._reader.read()
        now = self._clock.now_ms()
        seen = await self._see(campaigns, snapshot, now)
        states = await self._outbox.states() if has_file else {}
        await self._gathering.load()
        told = Round(states, leads, snapshot.layout.currency, now)
        concert = await self._judge(seen, now)
        common: list[Assessment] = []
        if concert.campaign is not None:
            common = await self._telling.judged(told, concert.campaign, concert.judged, None)
        judged: list[Assessment] = []
        for one, (_, _, summed) in zip(concert.looks, seen, strict=True):
            judged += await self._telling.judged(told, one.campaign, one.judged, summed)
        if leads and has_file:
            await self._telling.gone(told, campaigns, [*judged, *common])
            await self._gathering.keep({key_of(j.campaign, j.goal) for j in judged}, monotonic())
        waiting = await self._outbox.waiting() if acts else 0
        self.view = View(
            snapshot=snapshot,
            assessments=tuple(judged),
            common=tuple(common),
            changes=self.view.changes.after([*common, *judged], now),
            redis_up=True,
            problem="",
            read_at_s=monotonic(),
            reads=self.view.reads + 1,
            leads=leads,
            outcomes=dict(self._outcomes),
            notifier=self._policy.notifier,
            waiting=waiting,
            history_problems=self._reader.flights.problems,
            campaigns=campaigns,
            goals_problem=self._goals.problem,
        )

    async def _judge(self, seen: Iterable[tuple[Campaign, Sight, ToDate | None]], now_ms: int) -> Concert:
        """Each campaign, then all of them together."""
        self._whole.begin()
        looks: list[Looked] = []
        for campaign, one, _ in seen:
            looks.append(Looked(campaign, one, self._engine.look(campaign, one, now_ms)))
            # Others are served in between: what is learned of a campaign for the first time takes milliseconds.
            await asyncio.sleep(0)
        return self._whole.judge(looks, now_ms)

    async def _see(
        self, campaigns: Iterable[Campaign], snapshot: Snapshot, now_ms: int
    ) -> list[tuple[Campaign, Sight, ToDate | None]]:
        """What is seen of each campaign, and its flight to date where it is judged now."""
        queries = {c: q for c in campaigns if (q := self._query(c, snapshot, now_ms)) is not None}
        parts = {c: self._parts(c, query, now_ms) for c, query in queries.items()}
        wanted = [*queries.values(), *(query for part in parts.values() for query in part.values())]
        sums = await self._reader.flights.to_date(snapshot.layout.partitions, wanted) if wanted else {}
        await self._pasts.load(snapshot.layout.partitions, {q.series for q in queries.values()}, now_ms)
        return [
            (c, self._sight(c, snapshot, q, sums, parts.get(c, {})), None if q is None else sums[q])
            for c, q in ((c, queries.get(c)) for c in campaigns)
        ]

    def _sight(
        self,
        campaign: Campaign,
        snapshot: Snapshot,
        query: Query | None,
        sums: Mapping[Query, ToDate],
        parts: Mapping[Period, Query],
    ) -> Sight:
        found = ToDate(ZERO, None) if query is None else sums[query]
        at_ms = found.as_of_ms if found.as_of_ms is not None else snapshot.as_of(campaign.series)
        past = None if query is None or at_ms is None else self._pasts.at(query.series, found, at_ms)
        reaches = history_from(snapshot, snapshot.read_at_ms)
        periods = {per: sums[part].row for per, part in parts.items()}
        return sight(campaign, snapshot, found, past, reaches, periods=periods)

    def _parts(self, campaign: Campaign, query: Query, now_ms: int) -> dict[Period, Query]:
        """What to sum for totals that are for a day, a week or a month."""
        parts = periods_of(campaign, min(now_ms, campaign.flight.end_ms - 1))
        return {per: replace(query, start_ms=part.start_ms) for per, part in parts.items()}

    def _query(self, campaign: Campaign, snapshot: Snapshot, now_ms: int) -> Query | None:
        """What to sum for a campaign; None when its flight is not judged now."""
        flight = campaign.flight
        final = flight.end_ms + self._policy.verdicts.final_ms
        if not flight.start_ms <= now_ms < final or flight.start_ms < history_from(snapshot, now_ms):
            return None
        return Query(campaign.series, flight.start_ms, min(flight.end_ms, now_ms + 1))


def history_from(snapshot: Snapshot, now_ms: int) -> int:
    """The oldest time that history certainly reaches back to."""
    return now_ms - snapshot.layout.history_days * DAY_MS
