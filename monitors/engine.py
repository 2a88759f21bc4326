"""The engine: what is seen of a campaign becomes a verdict for each goal and watch. Pure, but for what it keeps.

It keeps what one look alone cannot know: the evidence on proportions, and when each measure last grew. Live, in the
backtest and in the simulator it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kpis.measures import WIDTH, Row, Stream, zeros
from kpis.series import campaign_part
from kpis.times import MINUTE_MS
from kpis.windows import parse_window
from monitors.goals.subject import Subject, key_of, subjects_of
from monitors.goals.values import Campaign, Flight, RatioGoal, Rule
from monitors.habits.dispersion import of_proportion
from monitors.habits.heard import Heard, first_heard, nothing_heard
from monitors.pacing import evidence, returns
from monitors.pacing.causes import Causes, causes_of, explained, in_all, waiting
from monitors.pacing.evidence import Evidence, EvidencePolicy
from monitors.pacing.judge import judge
from monitors.pacing.partly import is_partly
from monitors.pacing.verdict import Status, Verdict, VerdictPolicy
from monitors.sight import Sight
from monitors.vantage import Vantage

BESIDE = "|before"
"""Ends the name of evidence of before something may have been wrong, see :mod:`monitors.common.sparing`."""
SETTLED_MS = 10 * MINUTE_MS
"""How long after the last evidence it goes on, where Redis lost what was counted."""


@dataclass
class Engine:
    """Judges.

    Attributes:
        verdicts: when to judge.
        proof: what counts as proof.
        held: the evidence on each goal, by :func:`monitors.goals.subject.key_of`.
        heard: when the measures of each campaign last grew, by series.
        changed: what of both is new since it was last stored.
        causes: what was wrong with each campaign at its last look, and when that was, by series.
        dropped: what was stored and is kept no more.
        lost: the goals of which Redis has lost what was counted, until that is counted again.
    """

    verdicts: VerdictPolicy = field(default_factory=VerdictPolicy)
    proof: EvidencePolicy = field(default_factory=EvidencePolicy)
    held: dict[str, Evidence] = field(default_factory=dict)
    heard: dict[str, Heard] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    causes: dict[str, tuple[int, Causes]] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)

    def look(self, campaign: Campaign, seen: Sight, now_ms: int) -> list[tuple[Subject, Verdict]]:
        """Judge all goals of a campaign, and its watches; of a parent after its members.

        Args:
            campaign: whose.
            seen: what is seen of it.
            now_ms: the clock, for freshness.
        """
        heard = self._hear(campaign, seen, now_ms)
        vantage = (
            Vantage(seen, campaign.flight) if campaign.flight.start_ms <= now_ms < campaign.flight.end_ms else None
        )
        judged: list[tuple[Subject, Verdict]] = []
        for goal in subjects_of(campaign):
            view = seen if vantage is None else vantage.of(goal)
            if isinstance(view, Stream):
                judged.append((goal, waiting(goal, view, seen.as_of_ms)))
                continue
            if view is seen:
                view = seen.settled(goal, heard)
            view = view.counted(goal)
            proven = self.proven(campaign, goal, view, heard)
            held = None if proven is None else self.held.get(key_of(campaign, goal))
            observed = view.of(goal, heard, proven, None if held is None else held.onset)
            judged.append((goal, judge(campaign, goal, observed, self.verdicts, now_ms)))
        if vantage is not None and not campaign.is_parent:
            self.causes[campaign.series] = now_ms, causes_of(judged)
        return explained(judged, self._shared(campaign, now_ms))

    def proven(self, campaign: Campaign, goal: Subject, seen: Sight, heard: Heard | None = None) -> Status | None:
        """What is proven after a look; None for goals that are not judged by evidence, or where there can be none.

        It goes by the flight's sums to date: unlike totals they are all of one moment, also while one stream is behind.
        """
        at_ms, flight = seen.as_of_ms, campaign.flight
        if (
            not isinstance(goal, RatioGoal)
            or goal.rule is Rule.THRESHOLD
            or at_ms is None
            or not flight.start_ms <= at_ms < flight.end_ms
            or flight.start_ms < seen.history_from_ms
        ):
            return None
        if is_partly(flight, goal, seen.whole_ms(goal), at_ms):
            self._let_go(key_of(campaign, goal))
            return None
        if not evidence.applies_to(goal):
            return _of_hours(goal, flight, seen)
        total, name = seen.to_date, key_of(campaign, goal)
        held, found = self.held.get(name), None
        members = campaign.members_digest
        if held is not None and name in self.lost:
            found = self._counted_again(name, held, goal, total, at_ms)
        elif held is None or not (held.is_about(goal, flight, self.proof, members) and seen.goes_on(goal, held.at_ms)):
            since = seen.windows.get(goal.window) if _is_within(goal, flight.start_ms, at_ms) else seen.to_date
            found = evidence.begin(goal, flight, since or zeros(len(total)), total, at_ms, policy=self.proof)
            found = replace(found, members=members)
        else:
            spread = of_proportion(seen.past, goal, comes_in_reports=_in_reports(goal, heard))
            found = evidence.gain(held, goal, total, at_ms, self.proof, dispersion=spread)
        if found is not held:
            self.held[name] = found
            self.changed.add(name)
        return evidence.proven(found, self.proof)

    def forget(self, known: set[str], series: set[str]) -> list[str]:
        """Let go of goals and campaigns that are gone; answers with their names."""
        gone = sorted(name for name in self.held if name.removesuffix(BESIDE) not in known)
        for name in gone:
            del self.held[name]
        silent = sorted(self.heard.keys() - series)
        for name in silent:
            del self.heard[name]
        self.causes = {name: held for name, held in self.causes.items() if name in series}
        dropped = sorted(self.dropped)
        self.dropped.clear()
        return gone + silent + dropped

    def _let_go(self, name: str) -> None:
        """Forget the evidence on a goal: what comes is of other numbers."""
        for one in (name, name + BESIDE):
            if self.held.pop(one, None) is not None:
                self.dropped.add(one)
        self.lost.discard(name)

    def _shared(self, parent: Campaign, now_ms: int) -> Causes:
        """What is wrong with all of a parent's members that are in their flights, so that it explains all of a miss."""
        # What is dark as a whole is dark in each of its parts.
        series = [campaign_part(one) for one in parent.members]
        found = [self.causes[one][1] for one in series if self.causes.get(one, (None,))[0] == now_ms]
        return in_all(found)

    def _counted_again(self, name: str, held: Evidence, goal: RatioGoal, total: Row, at_ms: int) -> Evidence:
        """Evidence as it was before Redis lost what was counted; it goes on a while after all is counted again.

        What comes of a seam between two countings says nothing of the campaign.
        """
        if at_ms <= held.at_ms + SETTLED_MS:
            return held
        self.lost.discard(name)
        successes, trials = goal.kpi.parts(total)
        return replace(held, at_ms=at_ms, successes=successes, trials=trials, onset=None)

    def _hear(self, campaign: Campaign, seen: Sight, now_ms: int) -> Heard:
        before, to_date = self.heard.get(campaign.series), seen.to_date[:WIDTH]
        if seen.past is None or seen.as_of_ms is None:
            heard = before or nothing_heard(now_ms)
        elif before is None:
            heard = first_heard(to_date, seen.past, seen.open_quarters, seen.as_of_ms)
        else:
            heard = before.after(to_date, seen.as_of_ms)
        if before is not None and seen.to_date[0] < before.total[0] // 2:
            self.lost |= {key_of(campaign, goal) for goal in campaign.goals} & self.held.keys()
        if heard is not before:
            self.heard[campaign.series] = heard
            self.changed.add(campaign.series)
        return heard


def _of_hours(goal: RatioGoal, flight: Flight, seen: Sight) -> Status | None:
    """What the hours of a cost or a return prove; None where they are not known."""
    if seen.past is None:
        return None
    if (seen.whole_ms(goal) or 0) > seen.past.end_ms:
        # Of the hour that is open only some was counted.
        return Status.ON_PACE
    return returns.proven(seen.past, goal, flight, seen.open_hour)


def _in_reports(goal: RatioGoal, heard: Heard | None) -> bool:
    """Whether its trials come many at once; of what is added that is not known, so that they may."""
    column = goal.kpi.below.column
    return heard is not None and (column >= WIDTH or heard.comes_in_reports(column))


def _is_within(goal: RatioGoal, start_ms: int, at_ms: int) -> bool:
    """Whether all of a goal's window lies in its flight."""
    return at_ms - parse_window(goal.window).span_ms >= start_ms
