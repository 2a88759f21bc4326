"""All campaigns whose flights run, at one look: what each says of a stream, and what they say together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpis.measures import INDEX
from kpis.times import MINUTE_MS
from monitors.common.together import ABOVE, Looked, Together, campaign_of_all
from monitors.engine import Engine
from monitors.goals.subject import WATCHES, Watch, Watched
from monitors.habits.rhythm import rhythm
from monitors.outage.common_cause import Common, CommonPolicy, Hearing, Voice
from monitors.outage.common_silence import Brought, Due, outcome_of_all, serving_of_all
from monitors.pacing.hush import NOTHING_KNOWN, Hush
from monitors.pacing.needs import streams_of
from monitors.pacing.outcomes import uncharged
from monitors.pacing.verdict import Reason, Status, Verdict
from monitors.sight import Sight

_SERVED = (INDEX["impressions"], INDEX["clicks"], INDEX["spend_micros"])


@dataclass(frozen=True, slots=True, eq=False)
class Chorus:
    """All of them.

    Attributes:
        looks: each of them.
        seen: what is seen of them together; None when nothing is.
        held: what is known of them together after this look, but for what stands still.
        engine: what is known of each.
        together: what they bring by habit.
        policy: when a cause is common.
        at_ms: the watermark; the clock where there is none.
    """

    looks: Sequence[Looked]
    seen: Sight | None
    held: Common
    engine: Engine
    together: Together
    policy: CommonPolicy
    at_ms: int

    def hearing(self, watched: Watched) -> Hearing:
        """What is known of one stream."""
        if self.seen is None:
            return self._before_anything(watched)
        column, deaf = column_of(watched, self.seen), frozenset(self.held.deaf.get(watched, ()))
        voices = [
            Voice(verdict, self.engine.heard[one.campaign.series].since_ms[column], one.campaign.series in deaf)
            for one, verdict in voices_of(self.looks, watched)
            if watched is Watched.SERVING or one.seen.to_date[column] or self.together.brings(one, column)
        ]
        hush, others = self._hush(watched, self.seen, column, voices)
        heard = self.held.heard.since_ms
        last = max(heard) if watched is Watched.SERVING else self.at_ms
        return Hearing(hush, others, heard[column], last, voices, self.at_ms)

    def _before_anything(self, watched: Watched) -> Hearing:
        """Nothing has ever come: the watches of flights that have begun say so."""
        own = [verdict for _, verdict in voices_of(self.looks, watched)]
        is_told = any(verdict.reason is Reason.NOTHING_SERVED for verdict in own)
        since = campaign_of_all([one.campaign for one in self.looks]).flight.start_ms
        hush = Hush(Status.CRITICAL, Reason.NOTHING_SERVED, since) if is_told else NOTHING_KNOWN
        return Hearing(hush, 0.0, 0, 0, [Voice(verdict, 0) for verdict in own], self.at_ms)

    def _hush(self, watched: Watched, seen: Sight, column: int, voices: Sequence[Voice]) -> tuple[Hush, float]:
        """What is said of all of them, and how much all but the busiest should have brought."""
        if seen.past is None or self._is_late(watched, seen):
            return NOTHING_KNOWN, 0.0
        heard, since_ms = self.held.heard, self.held.heard.since_ms[column]
        if watched is Watched.SPEND:
            return uncharged(seen.of(Watch(watched), heard, None), seen.past, heard, self.at_ms), 0.0
        deaf = frozenset(self.held.deaf.get(watched, ()))
        if watched is not Watched.SERVING:
            known, others = self.together.known(ABOVE[watched][0], self.looks, deaf)
            due, hours = self.held.dues.get(watched, Due()), self.together.hours
            return outcome_of_all(due, known, hours, since_ms, self.at_ms), due.before * others
        if not any(heard.total):
            return self._launch(seen), 0.0
        if self.at_ms - since_ms <= MINUTE_MS:
            return Hush(Status.ON_PACE, Reason.FLOWING), 0.0
        parts = [
            Brought(rhythm(one.seen.past, column, one.campaign.flight.timezone), one.campaign.flight.timezone)
            for one in self.looks
            if one.seen.past is not None and one.campaign.series not in deaf
        ]
        zone = campaign_of_all([one.campaign for one in self.looks]).flight.timezone
        return serving_of_all(
            parts,
            rhythm(seen.past, column, zone),
            since_ms,
            self.at_ms,
            step_ms=heard.step_ms[column],
            zone=zone,
            first_day_ms=self.policy.first_day([voice.heard_ms for voice in voices if not voice.is_deaf]),
        )

    def _launch(self, seen: Sight) -> Hush:
        """Nothing has come of any flight that runs: for how long that may be, each says of itself."""
        own = [verdict for _, verdict in voices_of(self.looks, Watched.SERVING)]
        since = [v.since_ms for v in own if v.reason is Reason.NOTHING_SERVED and v.since_ms is not None]
        return Hush(Status.CRITICAL, Reason.NOTHING_SERVED, min(since)) if since else NOTHING_KNOWN

    def _is_late(self, watched: Watched, seen: Sight) -> bool:
        """Whether a stream that it needs is late by habit: then each campaign is judged as of that stream's time."""
        alive = frozenset(stream for stream, health in seen.streams.items() if health.reached_ms is not None)
        needed = [seen.streams[s] for s in streams_of(Watch(watched), alive) if s in seen.streams]
        return any(h.watermark_ms is not None and self.at_ms - h.watermark_ms > MINUTE_MS for h in needed)


def voices_of(looks: Sequence[Looked], watched: Watched) -> Iterator[tuple[Looked, Verdict]]:
    """What each campaign's own watch says."""
    for one in looks:
        for goal, verdict in one.judged[-len(WATCHES) :]:
            if isinstance(goal, Watch) and goal.of is watched:
                yield one, verdict


def column_of(watched: Watched, seen: Sight) -> int:
    """The measure that shows a stream; of what is served, the one that shows it best."""
    if watched is Watched.SERVING:
        return next((column for column in _SERVED if seen.to_date[column]), _SERVED[0])
    return INDEX["spend_micros"] if watched is Watched.SPEND else ABOVE[watched][0]
