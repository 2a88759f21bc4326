"""What happens in a demo: what goes wrong, what people are told of it, and what the demo itself has to say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from kpis.runtime.clock import Clock
from kpis.runtime.printable import blanked
from kpis.units import how_many
from monitors.words.wording import LOOKS

_MARKS = {look.slack: look.mark for look in LOOKS if look.slack}
BAD = frozenset({"▲", "◆"})
"""The marks of what is told to be wrong."""
_LINES = 6
_KEPT = 300


def hour(ms: int) -> str:
    """The time of the day, UTC: ``14:05``."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%H:%M")


class Teller(StrEnum):
    """Who says it."""

    HAPPENS = "happens"
    """Something is done to campaigns or to the pipeline."""
    TOLD = "told"
    """Slack was posted it."""
    NOTE = "note"
    """It is about the demo."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened.

    Attributes:
        at_ms: when, by the demo's clock; None before it runs.
        teller: who says it.
        mark: of what was told: how bad it is, as a character.
        text: it, in one line that is safe to show.
    """

    at_ms: int | None
    teller: Teller
    mark: str
    text: str

    @property
    def is_alert(self) -> bool:
        """Whether people were told that something is wrong."""
        return self.teller is Teller.TOLD and self.mark in BAD


class Story:
    """All that happened.

    Args:
        hear: is called with each moment as it comes.

    Attributes:
        clock: the demo's; None before it runs.
        moments: the last of them, oldest first.
        posts: how many messages Slack was posted.
    """

    def __init__(self, hear: Callable[[Happening], None]) -> None:
        self.clock: Clock | None = None
        self.moments: list[Happening] = []
        self.posts = 0
        self._hear = hear

    def happens(self, text: str) -> None:
        """Something is done to campaigns or to the pipeline."""
        self._add(Teller.HAPPENS, "", text)

    def note(self, text: str) -> None:
        """Something about the demo itself."""
        self._add(Teller.NOTE, "", text)

    def told(self, message: str) -> None:
        """Slack was posted a message."""
        self.posts += 1
        for mark, text in said(message):
            self._add(Teller.TOLD, mark, text)

    def of(self, *tellers: Teller) -> list[Happening]:
        """The moments of some tellers."""
        return [moment for moment in self.moments if moment.teller in tellers]

    def _add(self, teller: Teller, mark: str, text: str) -> None:
        moment = Happening(self.clock.now_ms() if self.clock else None, teller, mark, blanked(text))
        self.moments = [*self.moments[1 - _KEPT :], moment]
        self._hear(moment)


def said(message: str) -> Iterator[tuple[str, str]]:
    """The first lines of a message of Slack, each with its mark in place of the emoji."""
    lines = [line.strip() for line in message.strip().splitlines() if line.strip()]
    for line in lines[:_LINES]:
        emoji, _, rest = line.partition(" ")
        yield (_MARKS[emoji], rest) if emoji in _MARKS else ("", line)
    if len(lines) > _LINES:
        yield "", f"and {how_many(len(lines) - _LINES, 'more line')}"
