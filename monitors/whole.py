"""All campaigns as one: what is wrong with all of them at once is told once. Pure, but for what it keeps.

What is kept is when each measure of all campaigns together last grew, and which streams stand still. Live and in the
backtest it is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kpis.measures import INDEX, WIDTH, Row
from monitors.engine import Engine
from monitors.goals.subject import COMMON_WATCHES, Watch, Watched
from monitors.goals.values import Campaign
from monitors.habits.heard import Heard, first_heard, nothing_heard
from monitors.pacing.causes import Judged, hangs_on
from monitors.pacing.common_cause import (
    FEEDS,
    Certainty,
    Common,
    CommonPolicy,
    Hearing,
    Stillness,
    Voice,
    certainty,
    late_pipeline,
    stand,
    under,
    verdict_of,
)  # fmt: skip
from monitors.pacing.hush import NOTHING_KNOWN, Hush
from monitors.pacing.silence import hush_of, served_column
from monitors.pacing.verdict import Observed, Reason, Status, Verdict
from monitors.sight import Sight
from monitors.together import Looked, Together, campaign_of_all, gained
from monitors.vantage import Vantage

_COLUMNS = {
    Watched.CLICKS: INDEX["clicks"],
    Watched.CONVERSIONS: INDEX["conversions"],
    Watched.SPEND: INDEX["spend_micros"],
}
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
        campaigns = [one.campaign for one in looks if one.campaign.goals]
        if not campaigns:
            return Concert(None, [], list(looks))
        running = [one for one in looks if _runs(one, now_ms)]
        oldest = now_ms - self._engine.verdicts.max_lag_ms
        late = [ms for one in running if (ms := one.seen.as_of_ms) is not None and ms < oldest]
        fresh = [one for one in running if one.seen.as_of_ms is None or one.seen.as_of_ms >= oldest]
        suspected: list[Watched] = []
        if not running:
            found = _same(Status.NO_DATA, Reason.NO_FLIGHT, now_ms)
            self._keep(None if self.held is None else Common(self.held.heard))
        elif not fresh:
            found = _same(Status.HOLD, Reason.STALE_DATA, now_ms)
        else:
            found, suspected = self._judge(fresh, now_ms)
        if late:
            found[Watched.PIPELINE] = late_pipeline(late, len(running), now_ms, now_ms - oldest)
        standing = self.held.standing if self.held is not None else {}
        held = [
            replace(one, judged=under(one.judged, standing, suspected)) if _runs(one, now_ms) else one for one in looks
        ]
        return Concert(campaign_of_all(campaigns), [(watch, found[watch.of]) for watch in COMMON_WATCHES], held)

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
            hearing = chorus.hearing(watched, self._engine, self._together, self._policy)
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
        self._keep(Common(chorus.heard, after))
        return found, suspected

    def _listen(self, looks: Sequence[Looked], now_ms: int) -> Chorus:
        """All campaigns at this look."""
        campaign = campaign_of_all([one.campaign for one in looks])
        known = [one for one in looks if one.seen.as_of_ms is not None and one.seen.past is not None]
        if not known:
            heard = nothing_heard(now_ms) if self.held is None else self.held.heard
            return Chorus(campaign, looks, None, heard, now_ms)
        seen = self._together.sight(known)
        heard = self._hear(known, seen)
        return Chorus(campaign, known, replace(seen, to_date=heard.total), heard, seen.as_of_ms or now_ms)

    def _hear(self, looks: Sequence[Looked], seen: Sight) -> Heard:
        at_ms = seen.as_of_ms or 0
        if self.held is None and seen.past is not None:
            return first_heard(seen.to_date, seen.past, seen.open_quarters, at_ms)
        heard = self.held.heard if self.held is not None else nothing_heard(at_ms)
        total = gained(heard.total, looks, self._counted)
        for watched, standing in (self.held.standing if self.held is not None else {}).items():
            columns = [c for c in _columns(watched, standing, seen) if total[c] != heard.total[c]]
            if standing.back_ms is None and columns:
                # What stood still for all is no habit.
                heard = heard.excused(columns, standing.since_ms, at_ms)
        return heard.after(total, at_ms)

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


@dataclass(frozen=True, slots=True, eq=False)
class Chorus:
    """All campaigns whose flights run and whose numbers are new enough, at one look.

    Attributes:
        campaign: what stands for all of them.
        looks: each of them.
        seen: what is seen of them together; None when nothing is.
        heard: when each measure of them last grew.
        at_ms: the watermark; the clock where there is none.
    """

    campaign: Campaign
    looks: Sequence[Looked]
    seen: Sight | None
    heard: Heard
    at_ms: int

    def hearing(self, watched: Watched, engine: Engine, together: Together, policy: CommonPolicy) -> Hearing:
        """What is known of one stream."""
        own = [(one, _own(one, watched)) for one in self.looks]
        if self.seen is None:
            silent = sum(verdict is not None and verdict.reason is Reason.NOTHING_SERVED for _, verdict in own)
            reason = Reason.NOTHING_SERVED if silent else Reason.TOO_EARLY
            hush = Hush(Status.CRITICAL if silent else Status.NO_DATA, reason, self.campaign.flight.start_ms)
            return Hearing(hush, 0.0, 0, 0, [Voice(v, 0) for _, v in own if v is not None], self.at_ms)
        (column,) = _columns(watched, None, self.seen)
        voices = [
            Voice(verdict, engine.heard[one.campaign.series].since_ms[column])
            for one, verdict in own
            if verdict is not None and (watched is Watched.SERVING or one.seen.to_date[column] or _brought(one, column))
        ]
        hush = self._hush(watched, engine.verdicts.launch_ms, policy.first_day_ms)
        heard = self.heard.since_ms
        last = max(heard) if watched is Watched.SERVING else self.at_ms
        return Hearing(hush, together.of_others(column), heard[column], last, voices, self.at_ms)

    def _hush(self, watched: Watched, launch_ms: int, first_day_ms: int) -> Hush:
        """What the watch of a campaign says of all of them."""
        assert self.seen is not None
        watch = Watch(watched)
        view = Vantage(self.seen, self.campaign.flight).of(watch)
        if not isinstance(view, Sight) or view.past is None or view.as_of_ms is None:
            return NOTHING_KNOWN
        return hush_of(
            self.campaign,
            watch,
            view.of(watch, self.heard, None),
            view.past,
            heard=self.heard,
            at_ms=view.as_of_ms,
            launch_ms=launch_ms,
            first_day_ms=first_day_ms,
        )


def _runs(one: Looked, now_ms: int) -> bool:
    return bool(one.campaign.goals) and one.campaign.flight.start_ms <= now_ms < one.campaign.flight.end_ms


def _own(one: Looked, watched: Watched) -> Verdict | None:
    return next((v for goal, v in one.judged if isinstance(goal, Watch) and goal.of is watched), None)


def _brought(one: Looked, column: int) -> bool:
    """Whether a campaign brought any of a measure in the hours that are known."""
    past = one.seen.past
    return past is not None and past.once(("brought", column), lambda: bool(past.busy[:, column].any()))


def _columns(watched: Watched, standing: Stillness | None, seen: Sight) -> tuple[int, ...]:
    """The measures that a stream brings; all of them where nothing comes at all."""
    if standing is not None and standing.is_all:
        return _ALL
    if watched is Watched.SERVING:
        assert seen.past is not None
        return (served_column(Observed(seen.to_date, None, seen.as_of_ms, seen.history_from_ms), seen.past),)
    return (_COLUMNS[watched],)


def _same(status: Status, reason: Reason, at_ms: int) -> dict[Watched, Verdict]:
    return {watch.of: Verdict.withheld(status, reason, watch, at_ms) for watch in COMMON_WATCHES}
