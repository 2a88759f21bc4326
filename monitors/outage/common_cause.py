"""One alert for what is wrong with all campaigns at once: one stream stands still, or nothing comes at all. Pure.

All campaigns together are judged as if they were one, by the same rules: together they bring more, so that it is known
sooner. While that says that a stream stands still, what each campaign would say of it waits, and what hangs on it. When
it comes again, the time is left out of each campaign's own silence, and what waits goes on waiting for a little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from msgspec import structs

from kpis.times import MINUTE_MS
from monitors.goals.subject import Watch, Watched
from monitors.habits.heard import Heard
from monitors.outage.common_silence import Due
from monitors.pacing.hush import Hush
from monitors.pacing.silence import FIRST_DAY_QUIET_MS
from monitors.pacing.verdict import Direction, Reason, Status, Verdict

FEEDS = {
    Watched.SERVING: Watched.IMPRESSION_STREAM,
    Watched.CLICKS: Watched.CLICK_STREAM,
    Watched.CONVERSIONS: Watched.CONVERSION_STREAM,
    Watched.SPEND: Watched.SPEND_STREAM,
}
"""What says of all campaigns what a watch says of one."""
LATE_MS = 2 * MINUTE_MS
"""Beside twice the age up to which numbers are judged: with a minute, a pipeline is told to be late after four."""
SILENT = frozenset({Reason.NOT_SERVING, Reason.NOTHING_SERVED, Reason.SILENT, Reason.QUIET})
"""What the watch of one campaign says that is silent, or may be."""


class Certainty(StrEnum):
    """How sure it is that a stream stands still for all campaigns."""

    NONE = "none"
    SUSPECTED = "suspected"
    """It may be one campaign alone; nobody is told of any until that is known."""
    CERTAIN = "certain"


@dataclass(frozen=True, slots=True)
class CommonPolicy:
    """When a cause is common.

    Attributes:
        least_campaigns: of how many campaigns at the least.
        suspected: so many events of all but the busiest campaign must be missing for it to wait for the others.
        proven: so many for it to be told of all: chance does that once in twenty, where together it is proven.
        at_once_ms: how far apart campaigns may fall silent to have fallen silent at once.
        most_campaigns: campaigns that fell silent at once, at the least, while others go on.
        most: their part of those that were heard since, or are silent.
        still: the part below which that is over.
        settle_ms: how long it must come again before it is over.
        first_day_ms: how long it must be quiet while the hours of the day are not known, where most fell silent within
            ``same_ms``: budgets are not used up in the same minute.
        same_ms: see there.
    """

    least_campaigns: int = 2
    suspected: float = 2.0
    proven: float = 3.0
    at_once_ms: int = 30 * MINUTE_MS
    most_campaigns: int = 3
    most: float = 0.5
    still: float = 0.2
    settle_ms: int = 3 * MINUTE_MS
    first_day_ms: int = 25 * MINUTE_MS
    same_ms: int = 2 * MINUTE_MS

    def first_day(self, heard_ms: Sequence[int]) -> int:
        """How long it must be quiet on a first day, of campaigns that were heard of last at these moments."""
        last = max(heard_ms, default=0)
        same = sum(ms >= last - self.same_ms for ms in heard_ms)
        is_same = same >= self.most_campaigns and same > self.most * len(heard_ms)
        return self.first_day_ms if is_same else FIRST_DAY_QUIET_MS


@dataclass(frozen=True, slots=True)
class Stillness:
    """A stream that stands still for all campaigns, or for most.

    Attributes:
        since_ms: since when.
        of_whole: whether it brings nothing at all; else there are campaigns that go on.
        is_all: whether no other stream brings anything either.
        back_ms: when it came again; None while it stands still.
        campaigns: how many wait for it.
    """

    since_ms: int
    of_whole: bool
    is_all: bool
    back_ms: int | None
    campaigns: int


@dataclass(frozen=True, slots=True)
class Common:
    """What is kept of all campaigns together.

    Attributes:
        heard: when each measure of all of them together last grew.
        standing: the streams that stand still, by the watch of one campaign that would say so.
        dues: by the same, how many outcomes should have come since any came.
        deaf: by the same, the series that were silent already when anything came last.
    """

    heard: Heard
    standing: Mapping[Watched, Stillness] = field(default_factory=dict)
    dues: Mapping[Watched, Due] = field(default_factory=dict)
    deaf: Mapping[Watched, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Voice:
    """What one campaign says of a stream.

    Attributes:
        verdict: that of its own watch.
        heard_ms: when it was last heard of in that stream.
        is_deaf: whether it was silent already when anything came last of any campaign.
    """

    verdict: Verdict
    heard_ms: int
    is_deaf: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether it is, or may be."""
        return self.verdict.reason in SILENT


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is known of a stream at a look.

    Attributes:
        whole: what the watch says of all campaigns together.
        others: how many events of all but the busiest campaign should have come since.
        heard_ms: when any campaign was heard of last.
        any_ms: the same, in any stream.
        voices: what each campaign says that brings anything of it.
        at_ms: the moment.
    """

    whole: Hush
    others: float
    heard_ms: int
    any_ms: int
    voices: Sequence[Voice]
    at_ms: int


def certainty(heard: Hearing, policy: CommonPolicy) -> Certainty:
    """Whether a stream that brings nothing at all does so for more than one campaign."""
    whole = heard.whole
    if whole.reason not in SILENT or len(heard.voices) < policy.least_campaigns:
        return Certainty.NONE
    own = sum(voice.is_silent and not voice.is_deaf for voice in heard.voices) >= policy.least_campaigns
    if whole.status is Status.CRITICAL and (heard.others >= policy.proven or own):
        return Certainty.CERTAIN
    # Of spend, and of what has never come, nobody knows how much should have.
    may_be = heard.others >= policy.suspected or (own and not heard.others)
    return Certainty.SUSPECTED if may_be else Certainty.NONE


def at_once(voices: Sequence[Voice], part: float, policy: CommonPolicy) -> tuple[int, int] | None:
    """When most campaigns fell silent at once, and how many they are; None when they did not.

    Those that were heard of since go on; of those that were not, and are not silent by their own measure, nothing is
    known.
    """
    silent = [v for v in voices if v.is_silent and v.verdict.since_ms is not None]
    if not any(v.verdict.status is Status.CRITICAL for v in silent):
        return None
    last_ms = max(v.verdict.since_ms or 0 for v in silent)
    together = sum((v.verdict.since_ms or 0) >= last_ms - policy.at_once_ms for v in silent)
    going_on = sum(not v.is_silent and v.heard_ms > last_ms for v in voices)
    if together < policy.most_campaigns or together <= part * (together + going_on):
        return None
    return last_ms, together


def stand(before: Stillness | None, heard: Hearing, sure: Certainty, policy: CommonPolicy) -> Stillness | None:
    """Whether a stream stands still after a look; None when it does not, or not for all.

    Args:
        before: whether it did before.
        heard: what is known of it.
        sure: see :func:`certainty`.
        policy: when a cause is common.
    """
    if sure is Certainty.CERTAIN:
        return _of_whole(before, heard)
    if before is not None and before.of_whole and before.back_ms is None:
        # What each campaign says of itself does not know yet that the time is left out.
        return before if sure is Certainty.SUSPECTED else replace(before, back_ms=heard.at_ms)
    if before is None and sure is Certainty.SUSPECTED:
        # Nothing comes of any: whether that is so is known soon, and of all of them.
        return None
    most = at_once(heard.voices, policy.most if before is None else policy.still, policy)
    if most is not None:
        since, campaigns = most if before is None else (before.since_ms, most[1])
        return Stillness(since, of_whole=False, is_all=False, back_ms=None, campaigns=campaigns)
    if before is None or before.back_ms is None:
        return None if before is None else replace(before, back_ms=heard.at_ms)
    is_over = heard.at_ms - before.back_ms >= policy.settle_ms and sure is Certainty.NONE
    return None if is_over else before


def _of_whole(before: Stillness | None, heard: Hearing) -> Stillness:
    """It brings nothing at all; since when, and whether others do, is what it was first told to be."""
    if before is not None and before.of_whole:
        return replace(before, back_ms=None, campaigns=len(heard.voices))
    since = heard.heard_ms if heard.whole.since_ms is None else heard.whole.since_ms
    is_all = before is None and heard.any_ms - heard.heard_ms < MINUTE_MS
    return Stillness(since, of_whole=True, is_all=is_all, back_ms=None, campaigns=len(heard.voices))


def verdict_of(of: Watched, held: Stillness | None, sure: Certainty, heard: Hearing, campaigns: int) -> Verdict:
    """What is said of a stream.

    Args:
        of: which, as of all campaigns.
        held: whether it stands still.
        sure: whether it may.
        heard: what is known of it.
        campaigns: how many run.
    """
    watch, at_ms = Watch(of), heard.at_ms
    flowing = Verdict.withheld(Status.ON_PACE, Reason.FLOWING, watch, at_ms)
    if held is not None:
        if held.back_ms is not None:
            return structs.replace(flowing, recovered=Status.CRITICAL)
        reason = Reason.NOTHING_COMES if of is Watched.PIPELINE else Reason.STREAM_SILENT
        found = Verdict.withheld(Status.CRITICAL, reason, watch, at_ms).because(Direction.UNDER, held.since_ms)
        return structs.replace(found, actual=held.campaigns, expected=campaigns)
    if sure is not Certainty.NONE:
        since = heard.whole.since_ms
        return structs.replace(flowing, recovered=Status.CRITICAL, reason=Reason.QUIET, since_ms=since)
    return flowing


def late_pipeline(waiting: Sequence[int], campaigns: int, now_ms: int, max_lag_ms: int) -> Verdict:
    """What is said while numbers are too old to be judged.

    Args:
        waiting: as of when they are, of each campaign that waits for newer ones.
        campaigns: how many run.
        now_ms: the clock.
        max_lag_ms: how old numbers may be to be judged.
    """
    watch, since = Watch(Watched.PIPELINE), min(waiting)
    if now_ms - since < 2 * max_lag_ms + LATE_MS:
        return Verdict.withheld(Status.HOLD, Reason.STALE_DATA, watch, now_ms)
    found = Verdict.withheld(Status.CRITICAL, Reason.PIPELINE_LATE, watch, now_ms).because(Direction.UNDER, since)
    return structs.replace(found, actual=len(waiting), expected=campaigns)
