"""Words, marks and colours of statuses and reasons, once for every place that shows them."""

from __future__ import annotations

from dataclasses import dataclass

from monitors.pacing.verdict import Reason, Status


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
    """

    status: Status | None
    word: str
    mark: str
    terminal: str
    grafana: str
    slack: str = ""

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
    Look(Status.CRITICAL, "critical", "▲", "bold red", "red", ":red_circle:"),
    Look(Status.WARNING, "warning", "◆", "yellow", "orange", ":large_yellow_circle:"),
    Look(Status.HOLD, "on hold", "‖", "magenta", "purple"),
    Look(Status.ON_PACE, "on pace", "●", "green", "green", ":large_green_circle:"),
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
    Reason.STALE_DATA: "data too old to judge",
    Reason.GOAL_GONE: "no longer in the goals file",
}
"""Why a verdict is what it is, for people."""
