"""One cycle of the monitor: read, judge, record what changed. Knows no timing and no web."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kpis.contract.published import BadLayout
from kpis.measures import zeros
from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Unreachable, Unusable
from kpis.times import DAY_MS
from monitors.alerts.assessment import Assessment
from monitors.alerts.cycle_policy import CyclePolicy
from monitors.alerts.interventions import NO_INTERVENTIONS, InterventionStore
from monitors.alerts.notifiers.delivery import Delivery
from monitors.alerts.outbox import Outbox
from monitors.alerts.outbox.files_in_use import Compared
from monitors.common.together import Looked
from monitors.common.whole import Concert, Whole
from monitors.engine import Engine
from monitors.examining import Examining
from monitors.gathering import Gathering
from monitors.goals.all_goals import Goals, accounts_of, breakdowns_of
from monitors.goals.reload import GoalsSource
from monitors.goals.subject import key_of, parts_of
from monitors.goals.values import Campaign, Period
from monitors.read.pasts import Pasts
from monitors.read.queries import Query, ToDate
from monitors.read.reader import Reader
from monitors.read.scopes.scope_sums import ScopeSums, with_scopes
from monitors.read.scopes.wanted import WantedParts, uncounted
from monitors.read.snapshot import Snapshot
from monitors.read.sums import with_parents
from monitors.sight import Sight, periods_of, sight
from monitors.telling import Round, Telling
from monitors.view import NOTHING_EXAMINED, LaneHealth, View

KEEP_S = 15.0
"""For how many real seconds the last view stands while Redis is away: no number is better than an old one."""
SPARED_S = 300.0
"""For so many real seconds a monitor that took the lead from one with another goals file ends nothing for its own."""


@dataclass(frozen=True, slots=True)
class Scoped:
    """What some goals say about what is read and added up: made once for them."""

    goals: Goals
    wanted: WantedParts
    accounts: Mapping[str, str]


class Cycle:
    """Turns what Redis holds into a view, and changes into alerts.

    Args:
        reader: reads Redis.
        outbox: keeps alert states.
        done: what people have done about alerts.
        goals: what is judged; refreshed by whoever made it.
        clock: the deployment's.
        policy: how to judge and tell.
        deliveries: who sends what waits to be told.

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
        done: InterventionStore | None = None,
        deliveries: Sequence[Delivery] = (),
    ) -> None:
        self._reader = reader
        self._outbox = outbox
        self._goals = goals
        self._clock = clock
        self._policy = policy
        self._done = done
        self._deliveries = deliveries
        self._telling = Telling(outbox, policy.telling, policy.routes)
        self._engine = Engine(policy.verdicts, policy.evidence)
        self._whole = Whole(self._engine)
        self._gathering = Gathering(outbox, self._engine, self._whole)
        self._pasts = Pasts(reader.flights)
        self._examining = Examining(reader.flights, self._telling, policy.verdicts.max_lag_ms)
        self._scopes = ScopeSums(policy.scopes)
        self._scoped: Scoped | None = None
        self._leads_from_s = 0.0
        self.view = View()

    def current(self) -> View:
        """The view; once the lock has run out, for a cycle takes too long, one of a monitor that does not lead."""
        if self.view.leads and monotonic() >= self._outbox.leads_until_s:
            self.view = replace(self.view, leads=False)
        return self.view

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
                is_bare=isinstance(e, BadLayout),
                leads=False,
                snapshot=None if is_old else self.view.snapshot,
                assessments=() if is_old else self.view.assessments,
                common=() if is_old else self.view.common,
                examined=NOTHING_EXAMINED if is_old else self.view.examined,
                goals_problem=self._goals.problem,
                catalogue_problem=self._goals.catalogue.problem,
            )
            raise

    async def _cycle(self) -> None:
        # The goals of this cycle: a thread may change the source's at any time.
        goals, has_file = self._goals.goals, self._goals.has_file
        leads = await self._lead()
        files = await self._outbox.files.tell(self._goals.version, self._goals.catalogue.version)
        snapshot = await self._read(goals)
        now = self._clock.now_ms()
        seen = await self._see(goals.all, snapshot, now)
        states = await self._outbox.look() if has_file else {}
        await self._gathering.load()
        done = NO_INTERVENTIONS if self._done is None else await self._done.read()
        told = Round(states, leads, snapshot.layout.currency, now, done)
        concert = await self._judge(seen, now)
        common = await self._common(told, concert)
        judged: list[Assessment] = []
        for one, (_, _, summed) in zip(concert.looks, seen, strict=True):
            judged += await self._telling.judged(told, one.campaign, one.judged, summed)
        examined = await self._examining.examine(told, goals.experiments, snapshot)
        if leads and has_file:
            await self._let_go(told, goals, [*judged, *common, *examined.told], judged, files)
        self.view = View(
            snapshot=snapshot,
            assessments=tuple(judged),
            common=tuple(common),
            examined=examined,
            changes=self.view.changes.after([*common, *examined.told, *judged], now),
            redis_up=True,
            problem="",
            read_at_s=monotonic(),
            reads=self.view.reads + 1,
            leads=leads,
            lanes={one.lane.notifier: await _health(one) for one in self._deliveries},
            done=done,
            history_problems=self._reader.flights.problems,
            campaigns=goals.campaigns,
            goals_problem=self._goals.problem,
            catalogue_problem=self._goals.catalogue.problem,
            uncounted=self._uncounted(goals, snapshot),
            differing_files=files.differing,
        )

    async def _common(self, told: Round, concert: Concert) -> list[Assessment]:
        whole = concert.campaign
        return [] if whole is None else await self._telling.judged(told, whole, concert.judged, None)

    async def _let_go(
        self, told: Round, goals: Goals, found: Sequence[Assessment], judged: Sequence[Assessment], files: Compared
    ) -> None:
        """Ends what is judged no more, and keeps the evidence of what is."""
        # Two files by mistake, or an update that has not come to all monitors: what this one lacks may be meant.
        is_spared = files.has_other_goals and monotonic() < self._leads_from_s + SPARED_S
        if not is_spared:
            await self._telling.gone(told, goals.all, found)
        known = {key_of(one.campaign, one.goal) for one in judged}
        await self._gathering.keep(known, monotonic(), forgets=not is_spared)

    def _uncounted(self, goals: Goals, snapshot: Snapshot) -> tuple[str, ...]:
        """Dimensions that scopes or goals are about, and no worker breaks down by."""
        asked = {str(one.scope) for one in goals.parents if one.scope.is_breakdown}
        return uncounted(asked | self._policy.dimensions, snapshot.layout)

    async def _read(self, goals: Goals) -> Snapshot:
        """What Redis holds, as rows of the catalogue that goals are about; with what parents and scopes have."""
        scoped = self._scoped
        if scoped is None or scoped.goals is not goals:
            wanted = replace(self._reader.wanted, dimensions=self._policy.dimensions, series=breakdowns_of(goals))
            scoped = self._scoped = Scoped(goals, wanted, accounts_of(goals))
        self._reader.catalogue, self._reader.wanted = goals.catalogue, scoped.wanted
        read = with_parents(await self._reader.read(), {one.series: parts_of(one) for one in goals.parents})
        return await self._reader.with_unions(with_scopes(read, self._scopes, scoped.accounts))

    async def _lead(self) -> bool:
        """Whether this monitor leads; one that begins to sees to what an older version left."""
        leads = await self._outbox.lead()
        if leads and not self.view.leads:
            self._leads_from_s = monotonic()
            if self._deliveries:
                await self._outbox.adopt([self._deliveries[0].lane.notifier])
        return leads

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
        await self._pasts.load(snapshot.layout.partitions, queries.values(), now_ms)
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
        if campaign.scope.is_breakdown and uncounted([campaign.scope], snapshot.layout):
            # Nobody counts it: that is no zero.
            return Sight(None, history_from(snapshot, snapshot.read_at_ms), zeros(snapshot.catalogue.width))
        found = ToDate(zeros(snapshot.catalogue.width), None) if query is None else sums[query]
        at_ms = found.as_of_ms if found.as_of_ms is not None else snapshot.as_of(campaign.series)
        past = None if query is None or at_ms is None else self._pasts.at(query, found, at_ms)
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
        return Query(campaign.series, flight.start_ms, min(flight.end_ms, now_ms + 1), _parts(campaign, snapshot))


def _parts(campaign: Campaign, snapshot: Snapshot) -> tuple[str, ...]:
    """The series that a parent is the sum of; what is of an account itself is of added measures only."""
    return parts_of(campaign) if snapshot.catalogue.added_measures else campaign.members


async def _health(delivery: Delivery) -> LaneHealth:
    backlog = await delivery.lane.backlog()
    return LaneHealth(backlog, dict(delivery.outcomes), dict(delivery.parked), dict(delivery.refreshes))


def history_from(snapshot: Snapshot, now_ms: int) -> int:
    """The oldest time that history certainly reaches back to."""
    return now_ms - snapshot.layout.history_days * DAY_MS
