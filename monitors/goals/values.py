"""Goals as values: what a campaign is meant to reach, and by when."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from math import isinf

from kpis.catalogue import Kpi
from kpis.measures import Measure
from kpis.series import key, of_shown, parent_key
from kpis.units import Unit
from monitors.goals.parents.scope import Scope
from monitors.goals.spread.spec import CurveSpec

MATERIALITY = 0.03
"""A difference of less than 3 % of a target is no news, whatever the evidence for it."""


class Bound(StrEnum):
    """On which side of its bound a ratio should be."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"


class Period(StrEnum):
    """What a total's target is for."""

    FLIGHT = "flight"
    """The whole flight."""
    MONTH = "month"
    """Each month of the flight."""
    WEEK = "week"
    """Each week of the flight, from Monday."""
    DAY = "day"
    """Each day of the flight."""


class Rule(StrEnum):
    """When a miss is told."""

    EVIDENCE = "evidence"
    """When what was seen proves it."""
    THRESHOLD = "threshold"
    """As soon as the value is beyond its bound, or has been for as long as the goal says."""


@dataclass(frozen=True, slots=True)
class Band:
    """A range of actual / expected; None is an open side.

    Attributes:
        low: the least that is inside.
        high: the most that is inside.
    """

    low: float | None
    high: float | None

    def __contains__(self, ratio: float) -> bool:
        """Whether a ratio is inside, bounds included."""
        return (self.low is None or ratio >= self.low) and (self.high is None or ratio <= self.high)

    @property
    def pair(self) -> tuple[float | None, float | None]:
        """Both sides."""
        return self.low, self.high

    @lru_cache(maxsize=4096)  # noqa: B019 - a band is a value, and there are few
    def narrowed(self, margin: float) -> Band:
        """The band with each closed side ``margin`` further in; between two sides at most half the way to 1."""
        two_sided = self.low is not None and self.high is not None
        low = None if self.low is None else self.low + (min(margin, (1 - self.low) / 2) if two_sided else margin)
        high = None if self.high is None else self.high - (min(margin, (self.high - 1) / 2) if two_sided else margin)
        return Band(low, high)


OPEN = Band(None, None)
"""Nothing lies outside of it."""
_FROM_ONE, _TO_ONE = Band(1.0, None), Band(None, 1.0)


@dataclass(frozen=True, slots=True)
class Flight:
    """When a campaign runs: epoch milliseconds, ``end_ms`` exclusive; ``timezone`` is how people read it."""

    start_ms: int
    end_ms: int
    timezone: str

    @property
    def span_ms(self) -> int:
        """Its length."""
        return self.end_ms - self.start_ms


@dataclass(frozen=True, slots=True)
class TotalGoal:
    """A target for a sum over the flight, or over each period of it.

    Attributes:
        total: of what.
        target: how much, millionths of money and of other units, else a count.
        warning: actual / expected outside of it is a warning.
        critical: outside of it critical; contains ``warning``.
        curve: how the target spreads, over the flight or within each period.
        per: what the target is for; parts of it are :func:`monitors.goals.periods.target_of`.
        platform: whose daily budgets may be exceeded; empty for no such rule.
        rule: when a miss is told.
        for_ms: with ``Rule.THRESHOLD``, how long a miss must last to be told.
        materiality: the part of the target below which a difference is not worth telling.
        patience_ms: for how long a goal that is missed is given time before it is told.
    """

    total: Measure
    target: int
    warning: Band
    critical: Band
    curve: CurveSpec = field(default_factory=CurveSpec)
    per: Period = Period.FLIGHT
    platform: str = ""
    rule: Rule = Rule.EVIDENCE
    for_ms: int = 0
    materiality: float = MATERIALITY
    patience_ms: int = 0

    @property
    def id(self) -> str:
        """Its name within the campaign, e.g. ``spend``, ``spend:day``."""
        return self.total.title if self.per is Period.FLIGHT else f"{self.total.title}:{self.per}"

    @property
    def label(self) -> str:
        """It in words: ``spend``, ``spend a day``."""
        return self.total.title if self.per is Period.FLIGHT else f"{self.total.title} a {self.per}"

    @property
    def unit(self) -> Unit:
        """What its amounts are in."""
        return self.total.unit


@dataclass(frozen=True, slots=True)
class RatioGoal:
    """A bound for a KPI in a rolling window.

    Attributes:
        kpi: which.
        bound: the side it should be on.
        limit: the bound; money in units of the base currency.
        critical_limit: from beyond here on it is critical; infinite where nothing is.
        window: the window's name.
        rule: when a miss is told.
        for_ms: with ``Rule.THRESHOLD``, how long a miss must last to be told.
        materiality: the part of the target below which a difference is not worth telling (of totals; a ratio has none).
        patience_ms: for how long a goal that is missed is given time before it is told.
    """

    kpi: Kpi
    bound: Bound
    limit: float
    critical_limit: float
    window: str
    rule: Rule = Rule.EVIDENCE
    for_ms: int = 0
    materiality: float = MATERIALITY
    patience_ms: int = 0

    @property
    def id(self) -> str:
        """Its name within the campaign, e.g. ``ctr:at_least:1h``."""
        return f"{self.kpi.name}:{self.bound}:{self.window}"

    @property
    def label(self) -> str:
        """It in words: ``CTR (1h)``."""
        return f"{self.kpi.label} ({self.window})"

    @property
    def unit(self) -> Unit:
        """What its amounts are in."""
        return self.kpi.unit

    @property
    def target(self) -> float:
        """The bound: what a ratio has in place of a target."""
        return self.limit

    @property
    def warning(self) -> Band:
        """The bound as a band of :meth:`part`."""
        return _FROM_ONE if self.bound is Bound.AT_LEAST else _TO_ONE

    def part(self, value: float) -> float:
        """A value as a part of the bound; where that is not above 0, 1 and by how many bounds (at 0, units) more."""
        if self.limit > 0:
            return value / self.limit
        return 1 + (value - self.limit) / (abs(self.limit) or 1.0)

    @property
    def critical(self) -> Band:
        """The critical bound as a band of :meth:`part`."""
        if isinf(self.critical_limit):
            return OPEN
        part = self.part(self.critical_limit)
        return Band(part, None) if self.bound is Bound.AT_LEAST else Band(None, part)


Goal = TotalGoal | RatioGoal
"""What a file may ask for."""


@dataclass(frozen=True, slots=True)
class Mute:
    """A time in which nobody is told about a campaign: from, until (exclusive), epoch milliseconds, and why."""

    from_ms: int
    until_ms: int
    why: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """A moment of a flight at which people are told how it goes; one of its two fields is given.

    Attributes:
        fraction: the part of the flight's time that is over then.
        at_ms: when it is.
    """

    fraction: float | None = None
    at_ms: int | None = None

    def moment(self, flight: Flight) -> int:
        """When it is in a flight."""
        if self.at_ms is not None:
            return self.at_ms
        return flight.start_ms + round((self.fraction or 0.0) * flight.span_ms)


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign, with what its account gives it; or a parent: several campaigns, judged by their sums.

    Attributes:
        campaign: its id as in events; of a parent what it is called, ``account=Acme``.
        name: its name for people.
        flight: when it runs.
        goals: what it is meant to reach.
        account: whose it is; empty for nobody's.
        tags: words to find it by.
        owner: who looks after it; empty for nobody.
        slack_channel: where it is told; empty for where all others are.
        mutes: when it is not told.
        milestones: when it is told how it goes, as they are written.
        scope: what it is: a campaign, or which parent.
        value: of a parent that is a part of its campaigns, which: the name of a channel.
        members: of a parent, the series of its campaigns or of these parts of them, each once.
        own: of a parent, the series of what is counted of its accounts themselves, beside their campaigns.
    """

    campaign: str
    name: str
    flight: Flight
    goals: tuple[Goal, ...]
    account: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    slack_channel: str = ""
    mutes: tuple[Mute, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    scope: Scope = Scope.CAMPAIGN
    value: str = ""
    members: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def series(self) -> str:
        """Its series key."""
        if self.scope is Scope.CAMPAIGN:
            return key(self.campaign)
        if self.scope is Scope.EXPERIMENT:
            return of_shown(self.campaign)
        if self.scope.is_breakdown:
            return parent_key(self.scope, self.value, self.account)
        return parent_key(self.scope, self.account)

    @property
    def members_digest(self) -> str:
        """Which members it has, in a few characters; empty for a campaign."""
        return sha256("|".join(self.members).encode()).hexdigest()[:16] if self.members else ""

    @property
    def is_parent(self) -> bool:
        """Whether it is several campaigns together."""
        return self.scope is not Scope.CAMPAIGN
