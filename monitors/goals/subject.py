"""What is judged, and told: goals that people write, and watches that every campaign with goals has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kpis.series import escape
from kpis.units import Unit
from monitors.goals.values import OPEN, Band, Campaign, Goal, Mute


class Watched(StrEnum):
    """What nobody writes a goal for: what every campaign is watched for, and then what all of them are together."""

    SERVING = "serving"
    """That it is served at all."""
    CLICKS = "clicks"
    """That what is served is clicked."""
    CONVERSIONS = "conversions"
    """That clicks bring conversions: that tracking works."""
    SPEND = "spend"
    """That what is served is charged, where spend comes as a stream of its own."""
    EVENINGS = "evenings"
    """That it is served to the end of the day: that the day's budget lasts."""
    SURGE = "surge"
    """That no hour brings far more than any of the last week did."""
    PIPELINE = "pipeline"
    """That what comes is counted, and that anything comes: of all campaigns together."""
    IMPRESSION_STREAM = "impression_stream"
    """That impressions come of all campaigns together."""
    CLICK_STREAM = "click_stream"
    """That clicks do."""
    CONVERSION_STREAM = "conversion_stream"
    """That conversions do."""
    SPEND_STREAM = "spend_stream"
    """That spend does, where it comes as a stream of its own."""
    EXPERIMENT = "experiment"
    """What is proven of the variants of an experiment: whether it is decided."""
    VARIANT = "variant"
    """Of an experiment with more than two, whether one of them is proven worse than another."""
    SPLIT = "split"
    """That the variants of an experiment are tried equally often, where they should be."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch over a campaign: it must not fall silent.

    Attributes:
        of: what is watched.
        variant: of an experiment, which of its variants; empty for all of them.
    """

    of: Watched
    variant: str = ""

    @property
    def id(self) -> str:
        """Its name within the campaign, e.g. ``watch:serving``."""
        return f"watch:{self.of}" + (f":{escape(self.variant)}" if self.variant else "")

    @property
    def label(self) -> str:
        """It in words: ``serving``."""
        return self.of.replace("_", " ") + (f" {self.variant}" if self.variant else "")

    @property
    def unit(self) -> Unit:
        """What its amounts are in."""
        return Unit.EVENTS

    @property
    def target(self) -> int:
        """It has none."""
        return 0

    @property
    def warning(self) -> Band:
        """It has none."""
        return OPEN

    @property
    def critical(self) -> Band:
        """It has none."""
        return OPEN


COMMON = (
    Watched.PIPELINE, Watched.IMPRESSION_STREAM, Watched.CLICK_STREAM, Watched.CONVERSION_STREAM, Watched.SPEND_STREAM
)  # fmt: skip
"""What all campaigns are watched for together."""
COMMON_WATCHES = tuple(Watch(of) for of in COMMON)
EXPERIMENTAL = (Watched.EXPERIMENT, Watched.VARIANT, Watched.SPLIT)
"""What experiments are watched for."""
WATCHES = tuple(Watch(of) for of in Watched if of not in (*COMMON, *EXPERIMENTAL))
"""Those of every campaign that has goals."""

Subject = Goal | Watch
"""What has a verdict."""


def subjects_of(campaign: Campaign) -> Iterator[Subject]:
    """A campaign's goals, and what each one that has any is watched for; a parent's campaigns are watched already."""
    yield from campaign.goals
    if campaign.goals and not campaign.is_parent:
        yield from WATCHES


def key_of(campaign: Campaign, goal: Subject) -> str:
    """The name of a goal among all: series key (which escapes ``|``), then the goal's id."""
    return f"{campaign.series}|{goal.id}"


def muted_at(campaign: Campaign, at_ms: int) -> Mute | None:
    """The first of a campaign's mutes that a moment lies in; None when it lies in none."""
    return next((mute for mute in campaign.mutes if mute.from_ms <= at_ms < mute.until_ms), None)


def parts_of(campaign: Campaign) -> tuple[str, ...]:
    """Of a parent, all series that it is the sum of: its campaigns', and those of its accounts themselves."""
    return (*campaign.members, *campaign.own)


def at_part(part: float, of: float) -> float:
    """The value that is a part of a target or bound: what :meth:`monitors.goals.values.RatioGoal.part` was given."""
    return part * of if of > 0 else of + (part - 1) * (abs(of) or 1.0)
