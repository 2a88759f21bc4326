"""All campaigns as one: what is wrong with all of them at once is told once. Pure, but for what it keeps.

What is kept is when each measure of all campaigns together last grew, and which streams stand still. Live and in the
backtest it is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kpis.measures import WIDTH, Row
from monitors.common.chorus import Chorus, column_of, voices_of
from monitors.common.sparing import spare
from monitors.common.together import Looked, Together, campaign_of_all, gains
from monitors.engine import Engine
from monitors.goals.subject import COMMON_WATCHES, Watch, Watched
from monitors.goals.values import Campaign
from monitors.habits.heard import Heard, first_heard, nothing_heard
from monitors.outage.common_cause import (
    FEEDS,
    SILENT,
    Certainty,
    Common,
    CommonPolicy,
    Stillness,
    certainty,
    late_pipeline,
    stand,
    verdict_of,
)  # fmt: skip
from monitors.outage.common_silence import Due
from monitors.outage.held_back import under
from monitors.pacing.causes import Judged, hangs_on
from monitors.pacing.verdict import Reason, Status, Verdict
from monitors.sight import Sight

_ALL = tuple(range(WIDTH))


@dataclass(frozen=True, slots=True)
class Concert:
    """What a look at all campaigns found.

    Attributes:
        campaign: what stands for all of them; None when there are none.
        judged: what they are watched for together.
        looks: each of them, with what a common cause explains held.
    """

    campaign: Campaign | None
    judged: list[Judged]
    looks: list[Looked]


class Whole:
    """Judges all campaigns as one.

    Args:
        engine: that judges each of them.
        policy: when a cause is common.

    Attributes:
        held: what is kept.
        is_changed: whether that is new since it was last stored.
    """

    def __init__(self, engine: Engine, policy: CommonPolicy | None = None) -> None:
        self.held: Common | None = None
        self.is_changed = False
        self._engine = engine
        self._policy = policy or CommonPolicy()
        self._together = Together()
        self._counted: dict[str, Row] = {}

    def begin(self) -> None:
        """Note what each campaign has come to, before the engine looks at them."""
        self._counted = {series: heard.total for series, heard in self._engine.heard.items()}

    def judge(self, looks: Sequence[Looked], now_ms: int) -> Concert:
        """Judge all campaigns together, once the engine has looked at each.

        Args:
            looks: what it found of each.
            now_ms: the clock.
        """
        # A parent is the sum of campaigns that are there themselves: counted on, they would be counted twice.
        campaigns = [one.campaign for one in looks if one.campaign.goals and not one.campaign.is_parent]
        if not campaigns:
            return Concert(None, [], list(looks))
        running = [one for one in looks if _runs(one, now_ms) and not one.campaign.is_parent]
        oldest = now_ms - self._engine.verdicts.max_lag_ms
        late = [ms for one in running if (ms := one.seen.as_of_ms) is not None and ms < oldest]
        fresh = [one for one in running if one.seen.as_of_ms is None or one.seen.as_of_ms >= oldest]
        suspected: list[Watched] = []
        if not running:
            found = _same(Status.NO_DATA, Reason.NO_FLIGHT, now_ms)
            self._keep(None if self.held is None else replace(self.held, standing={}))
        elif not fresh:
            found = _same(Status.HOLD, Reason.STALE_DATA, now_ms)
        else:
            found, suspected = self._judge(fresh, now_ms)
        if late:
            found[Watched.PIPELINE] = late_pipeline(late, len(running), now_ms, now_ms - oldest)
        standing = self.held.standing if self.held is not None else {}
        after = [
            replace(one, judged=under(one.judged, standing, suspected)) if _runs(one, now_ms) else one for one in looks
        ]
        for one in after:
            spare(self._engine, one.campaign, one.judged, one.seen)
        return Concert(campaign_of_all(campaigns), [(watch, found[watch.of]) for watch in COMMON_WATCHES], after)

    def _judge(self, looks: Sequence[Looked], now_ms: int) -> tuple[dict[Watched, Verdict], list[Watched]]:
        """What is said of each stream, and the watches of those that may stand still."""
        chorus = self._listen(looks, now_ms)
        before = self.held.standing if self.held is not None else {}
        after, suspected, silent = dict(before), list[Watched](), list[Watched]()
        found = _same(Status.HOLD, Reason.EXPLAINED, chorus.at_ms)
        found[Watched.PIPELINE] = Verdict.withheld(
            Status.ON_PACE, Reason.FLOWING, Watch(Watched.PIPELINE), chorus.at_ms
        )
        for watched, feed in FEEDS.items():
            if any(hangs_on(Watch(watched), cause) for cause in silent):
                continue
            hearing = chorus.hearing(watched)
            sure = certainty(hearing, self._policy)
            standing = stand(before.get(watched), hearing, sure, self._policy)
            after.pop(watched, None)
            if standing is not None:
                after[watched] = standing
                self._excuse(chorus, watched, before.get(watched), standing)
            elif sure is Certainty.SUSPECTED:
                suspected.append(watched)
            if standing is not None or sure is not Certainty.NONE:
                silent.append(watched)
            of = Watched.PIPELINE if standing is not None and standing.is_all else feed
            found[of] = verdict_of(of, standing, sure, hearing, len(looks))
        self._keep(replace(chorus.held, standing=after))
        return found, suspected

    def _listen(self, looks: Sequence[Looked], now_ms: int) -> Chorus:
        """All campaigns at this look, and what is known of them together after it."""
        known = [one for one in looks if one.seen.as_of_ms is not None and one.seen.past is not None]
        before = self.held or Common(nothing_heard(now_ms))
        if not known:
            return Chorus(looks, None, before, self._engine, self._together, self._policy, now_ms)
        seen = self._together.sight(known)
        at_ms = seen.as_of_ms or now_ms
        gained = gains(known, self._counted)
        if self.held is None and seen.past is not None:
            heard = first_heard(seen.to_date, seen.past, seen.open_quarters, at_ms)
        else:
            heard = self._hear(before, seen, [int(n) for n in gained.sum(axis=0)])
        dues, deaf = dict(before.dues), dict(before.deaf)
        for watched in FEEDS:
            column = column_of(watched, seen)
            came, still = heard.since_ms[column] != before.heard.since_ms[column], watched in before.standing
            if came and not still:
                silent = [v for v in voices_of(known, watched) if v[1].reason in SILENT]
                deaf[watched] = tuple(one.campaign.series for one, _ in silent)
            gain = self._together.due(watched, known, gained, frozenset(deaf.get(watched, ())))
            dues[watched] = dues.get(watched, Due()).after(gain, came=came, learns=not still)
        held = Common(heard, before.standing, dues, deaf)
        return Chorus(
            known, replace(seen, to_date=heard.total), held, self._engine, self._together, self._policy, at_ms
        )

    def _hear(self, before: Common, seen: Sight, gained: Sequence[int]) -> Heard:
        heard, at_ms = before.heard, seen.as_of_ms or 0
        for watched, standing in before.standing.items():
            columns = [column for column in _columns(watched, standing, seen) if gained[column]]
            if standing.back_ms is None and columns:
                # What stood still for all is no habit.
                heard = heard.excused(columns, standing.since_ms, at_ms)
        return heard.after(tuple(a + b for a, b in zip(heard.total, gained, strict=True)), at_ms)

    def _excuse(self, chorus: Chorus, watched: Watched, before: Stillness | None, after: Stillness) -> None:
        """When a stream comes again, leave the time out of what each campaign is silent for."""
        if chorus.seen is None or before is None or before.back_ms is not None or after.back_ms is None:
            return
        columns = _columns(watched, after, chorus.seen)
        for one in chorus.looks:
            series = one.campaign.series
            self._engine.heard[series] = self._engine.heard[series].excused(columns, after.since_ms, chorus.at_ms)
            self._engine.changed.add(series)

    def _keep(self, held: Common | None) -> None:
        self.is_changed |= held != self.held
        self.held = held


def _runs(one: Looked, now_ms: int) -> bool:
    return bool(one.campaign.goals) and one.campaign.flight.start_ms <= now_ms < one.campaign.flight.end_ms


def _columns(watched: Watched, standing: Stillness, seen: Sight) -> tuple[int, ...]:
    """The measures that a stream brings; all of them where nothing comes at all."""
    return _ALL if standing.is_all else (column_of(watched, seen),)


def _same(status: Status, reason: Reason, at_ms: int) -> dict[Watched, Verdict]:
    return {watch.of: Verdict.withheld(status, reason, watch, at_ms) for watch in COMMON_WATCHES}
