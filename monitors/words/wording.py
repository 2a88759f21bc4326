"""Words, marks and colours of statuses and reasons, once for every place that shows them."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.goals.subject import Watched
from monitors.pacing.verdict import Direction, Reason, Status


@dataclass(frozen=True, slots=True)
class Look:
    """How a status reads and looks.

    Attributes:
        status: which; None for a campaign without goals.
        word: in a sentence.
        mark: a character that tells it without colour.
        terminal: its style in a terminal.
        grafana: its colour in dashboards.
        slack: its emoji.
        bar: the colour of the bar beside a message.
    """

    status: Status | None
    word: str
    mark: str
    terminal: str
    grafana: str
    slack: str = ""
    bar: str = "#98a2b3"

    @property
    def name(self) -> str:
        """Its name in the API and in style sheets."""
        return self.status.value if self.status else NO_GOAL

    @property
    def title(self) -> str:
        """Its word at the head of a sentence, or alone."""
        return self.word.capitalize()


NO_GOAL = "no_goal"
LOOKS: tuple[Look, ...] = (
    Look(Status.CRITICAL, "critical", "▲", "bold red", "red", ":red_circle:", "#d92d20"),
    Look(Status.WARNING, "warning", "◆", "yellow", "orange", ":large_yellow_circle:", "#f79009"),
    Look(Status.HOLD, "on hold", "‖", "magenta", "purple"),
    Look(Status.ON_PACE, "on pace", "●", "green", "green", ":large_green_circle:", "#12a150"),
    Look(Status.NO_DATA, "no data", "○", "dim", "text"),
    Look(None, "no goal", "–", "dim", "text"),
)
"""The worst first, which is the order in which people should see campaigns."""
LOOK: dict[Status | None, Look] = {look.status: look for look in LOOKS}
RANK: dict[Status | None, int] = {look.status: rank for rank, look in enumerate(LOOKS)}

REASONS: dict[Reason, str] = {
    Reason.WITHIN: "inside its band",
    Reason.OUTSIDE: "outside its band",
    Reason.NOT_PROVEN: "outside, but within chance",
    Reason.NO_EVENTS: "money spent, nothing came of it",
    Reason.FLIGHT_ENDED: "flight ended",
    Reason.FLIGHT_CLOSED: "flight is over",
    Reason.NOT_STARTED: "flight has not begun",
    Reason.TOO_EARLY: "too early to judge",
    Reason.TOO_FEW: "too few events to judge",
    Reason.NO_CLOCK: "no event yet",
    Reason.NO_WINDOW: "its window is not kept",
    Reason.NO_VALUE: "nothing to divide by",
    Reason.HISTORY_GONE: "older than the history kept",
    Reason.PARTLY_COUNTED: "a measure that it needs is not counted in all of its time",
    Reason.STALE_DATA: "data too old to judge",
    Reason.GOAL_GONE: "no longer in the goals file",
    Reason.PROJECTED: "will end outside its band",
    Reason.CHANGED: "the last hours are not as usual",
    Reason.EXCEEDED: "more than the whole target already",
    Reason.ARMED: "flight has begun, its first event is awaited",
    Reason.FLOWING: "flows as it should",
    Reason.QUIET: "quiet for a while, which may be chance",
    Reason.NOT_SERVING: "nothing is served any more",
    Reason.NOTHING_SERVED: "nothing was served yet",
    Reason.DAILY_BUDGET: "stops every evening until midnight, as when the day's budget is used up",
    Reason.SURGE: "far more is served than usual",
    Reason.SILENT: "nothing comes of what goes on",
    Reason.EXPLAINED: "waits: what else is wrong explains it",
    Reason.NOTHING_DUE: "nothing is due in this period",
    Reason.IMMATERIAL: "misses its target by less than is worth a message",
    Reason.PIPELINE_LATE: "the pipeline is late: nothing new is counted",
    Reason.NOTHING_COMES: "nothing comes of any campaign",
    Reason.STREAM_SILENT: "its stream stands still for all campaigns, or for most",
    Reason.NO_FLIGHT: "no flight runs",
    Reason.AWAITS_STREAM: "waits for events that are quiet or late",
    Reason.DECIDED: "one variant is better than all others",
    Reason.ALIKE: "its variants differ by less than is worth telling",
    Reason.UNDECIDED: "what its variants differ by may be chance",
    Reason.ENDED_UNDECIDED: "ended, and what its variants differ by may be chance",
    Reason.WORSE: "worse than another variant",
    Reason.UNEVEN: "its variants are not tried equally often",
}
"""Why a verdict is what it is, for people; :mod:`monitors.words.phrases` says it with what is known."""

AS_USUAL = "as usual"
"""What a watch is that misses nothing: it has no pace to be on."""
BACK: dict[Watched, str] = {
    Watched.SERVING: "served as usual again",
    Watched.CLICKS: "clicks come again",
    Watched.CONVERSIONS: "conversions come again",
    Watched.SPEND: "spend comes again",
    Watched.EVENINGS: "served to the end of the day again",
    Watched.SURGE: "no more is served than in other hours",
    Watched.PIPELINE: "the pipeline is back: what waited for it is judged again",
    Watched.IMPRESSION_STREAM: "impressions come again",
    Watched.CLICK_STREAM: "clicks come again",
    Watched.CONVERSION_STREAM: "conversions come again",
    Watched.SPEND_STREAM: "spend comes again",
    Watched.EXPERIMENT: "undecided again: what was counted has been corrected",
    Watched.VARIANT: "no longer proven worse: what was counted has been corrected",
    Watched.SPLIT: "its variants are tried equally often again",
}
"""What is told when a watch has nothing to say any more."""
LOOK_AT: dict[Reason, str] = {
    Reason.NOT_SERVING: "is it paused, refused or out of budget? If not, do its events still come?",
    Reason.NOTHING_SERVED: "is it switched on and approved? Do its events carry this campaign id?",
    Reason.SILENT: "does its tracking or its report still work? Does the stream still come?",
    Reason.DAILY_BUDGET: "should the day's budget be more, or spread over the day?",
    Reason.PIPELINE_LATE: "does the worker run, and keep up? Does Kafka answer it? pacewatch doctor tells.",
    Reason.NOTHING_COMES: "do the producers send, and to these topics? Does Kafka take it? pacewatch doctor tells.",
    Reason.STREAM_SILENT: "does the producer of that stream send, and to its topic?",
    Reason.SURGE: "are bids and budget right? Is the traffic real?",
    Reason.NO_EVENTS: "does its tracking still work? If so, pause what spends for nothing",
    Reason.EXCEEDED: "cap or pause it: all that comes now is beyond the plan",
    Reason.FLIGHT_ENDED: "it cannot be mended any more: tell whose it is, and plan the next flight with it",
    Reason.DECIDED: "give all traffic to the winner, and take the experiment out of the goals file",
    Reason.ALIKE: "take whichever is cheaper, and try something that differs more",
    Reason.ENDED_UNDECIDED: "keep what there is, or let it run for longer: its end is in the goals file",
    Reason.WORSE: "take it out: what it gets is lost to the others",
    Reason.UNEVEN: "is each person given a variant at random, and is none of them counted less? Begin it anew then",
}
"""What to look at first, or to do, by what is wrong."""
GROUNDS: dict[Reason, str] = {
    Reason.PROJECTED: "what was counted so far, and the curve of its target, put its end outside the band",
    Reason.CHANGED: "its last hours differ from its habit by more than chance does",
    Reason.EXCEEDED: "more was counted than the whole target, and that does not fall again",
    Reason.OUTSIDE: "what was counted lies outside its band",
    Reason.NO_EVENTS: "money was spent and nothing came of it",
    Reason.FLIGHT_ENDED: "all of the flight was counted",
    Reason.NOT_SERVING: "by its habit at this hour, such a silence is no chance",
    Reason.NOTHING_SERVED: "its flight has begun, and no event has come",
    Reason.DAILY_BUDGET: "several evenings it stopped at the same hour, and began again at midnight",
    Reason.SURGE: "no hour of its last week was like it",
    Reason.SILENT: "what it hangs on goes on as usual",
    Reason.DECIDED: "a test that holds however often it is looked at",
    Reason.ALIKE: "a test that holds however often it is looked at",
    Reason.WORSE: "a test that holds however often it is looked at",
    Reason.UNEVEN: "by chance alone one split in a thousand is ever so far off",
}
"""What the judgement of a miss rests on."""
CURED = "late events or refunds changed what had been counted"
"""Why a corrected miss is over."""
OF_TOTALS: dict[Direction, str] = {
    Direction.UNDER: "see on its page which channel fell behind; raise bids or budget, or widen what it may buy",
    Direction.OVER: "see on its page which channel runs ahead; lower bids or the day's budget",
}
OF_RATIOS: dict[Direction, str] = {
    Direction.UNDER: "see on its page which channel or creative does worst, and move budget away from it",
    Direction.OVER: "see on its page which channel is the dearest; lower its bids or pause it",
}
"""The same for what has no line of its own, by the side of the miss."""
UNPAID = "see on its page which of the numbers that it is made of are not as usual"
"""The same for what no budget moves, such as a score."""


def share_text(ratio: float | None, expected: float | None) -> str | None:
    """How much of what is expected came: ``87%``; None where that means nothing: a bound that is not above 0."""
    if ratio is None or ratio < 0 or expected is None or expected <= 0:
        return None
    return f"{ratio:.0%}"


def next_step(reason: Reason, direction: Direction | None, *, is_ratio: bool, is_paid: bool = True) -> str:
    """What to look at first, or to do; empty where there is nothing to say."""
    if reason in LOOK_AT or direction is None:
        return LOOK_AT.get(reason, "")
    if not is_paid:
        return UNPAID
    return (OF_RATIOS if is_ratio else OF_TOTALS)[direction]


def stands(status: Status) -> str:
    """A status as what is said of a goal: ``is on pace``, ``has no data``."""
    return f"{'has' if status is Status.NO_DATA else 'is'} {LOOK[status].word}"


def word_of(status: Status | None, *, is_watch: bool) -> str:
    """A status in a sentence, of a goal or of a watch."""
    return AS_USUAL if is_watch and status is Status.ON_PACE else LOOK[status].word
