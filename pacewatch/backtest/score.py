"""How much of what was told was right, and how much of what went wrong was told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pacewatch.backtest.labels import Label
from pacewatch.backtest.trial import TrialMessage


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """One incident, and the first message in time that told of it; None when none did."""

    label: Label
    message: TrialMessage | None

    @property
    def delay_ms(self) -> int | None:
        """How long after it began it was told."""
        return None if self.message is None else self.message.at_ms - self.label.from_ms


@dataclass(frozen=True, slots=True)
class Score:
    """Messages held against labels.

    Attributes:
        found: each label.
        misses: how many messages told of something wrong.
        unmatched: those of them that no label explains.
    """

    found: tuple[LabelMatch, ...]
    misses: int
    unmatched: tuple[TrialMessage, ...]

    @property
    def precision(self) -> float | None:
        """The share of messages of something wrong that some label explains; None when there are none."""
        return (self.misses - len(self.unmatched)) / self.misses if self.misses else None

    @property
    def recall(self) -> float | None:
        """The share of labels that were told in time; None when there are none."""
        return sum(f.message is not None for f in self.found) / len(self.found) if self.found else None

    @property
    def median_delay_ms(self) -> int | None:
        """Of those that were told, the median of how long after they began."""
        delays = [f.delay_ms for f in self.found if f.delay_ms is not None]
        return round(median(delays)) if delays else None


def score(messages: Sequence[TrialMessage], labels: Sequence[Label]) -> Score:
    """Hold messages of something wrong against labels of the same campaign."""
    misses = [m for m in messages if m.is_miss]
    found = tuple(LabelMatch(label, next((m for m in misses if _in_time(m, label)), None)) for label in labels)
    unmatched = tuple(m for m in misses if not any(_is_about(m, label) for label in labels))
    return Score(found, len(misses), unmatched)


def _is_about(message: TrialMessage, label: Label) -> bool:
    until = max((ms for ms in (label.until_ms, label.by_ms) if ms is not None), default=None)
    return _is_within(message, label, until)


def _in_time(message: TrialMessage, label: Label) -> bool:
    return _is_within(message, label, label.by_ms)


def _is_within(message: TrialMessage, label: Label, until_ms: int | None) -> bool:
    if message.campaign.campaign != label.campaign or label.goal not in {"", message.goal.id}:
        return False
    return label.from_ms <= message.at_ms and (until_ms is None or message.at_ms <= until_ms)
