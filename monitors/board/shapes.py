"""What the API answers. The OpenAPI page is generated from these types, so their docstrings are its text.

Money of measures and totals is integer micros of the base currency; money KPIs are in units of it. Times are epoch
milliseconds of the deployment's clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct, defstruct, field

from kpis.catalogue import CATALOGUE
from kpis.measures import MEASURES
from kpis.units import Unit
from monitors.alerts.lifecycle import AlertPhase
from monitors.alerts.status_changes import StatusChange
from monitors.board.overview.overview_shapes import HealthNow, Tiles
from monitors.goals.parents.scope import Scope
from monitors.pacing.verdict import Direction, Reason, Status

if TYPE_CHECKING:
    Measures = Any
else:
    Measures = defstruct(
        "Measures",
        [
            *((m.name, int) for m in MEASURES),
            *((k.name, float | None) for k in CATALOGUE),
            ("added", dict[str, int | float | None], field(default_factory=dict)),
        ],
        frozen=True,
        omit_defaults=True,
        module=__name__,
        namespace={
            "__doc__": "What was counted, and the KPIs made of it; null where there is nothing to divide by. ``added`` "
            "has by name what the catalogue file adds, in units (see AddedColumn); it is left out where there is none."
        },
    )
    """All measures and KPIs of the catalogue, in its order."""


class AddedColumn(Struct, frozen=True):
    """A measure or KPI that the catalogue file adds: what ``added`` of measures has under its name.

    ``unit`` is what its values are in, ``of`` the word for that where it is neither a count nor money.
    """

    name: str
    label: str
    unit: Unit
    of: str = ""
    meaning: str = ""
    higher_is_better: bool = True


class GoalNow(Struct, frozen=True):
    """A goal and its verdict. ``warning`` and ``critical`` are bands [low, high] of ``ratio``; null is an open side.

    ``says`` is the reason in words. ``projected`` is where a total will end, ``interval`` [low, high] where it ends in
    nine of ten cases. ``began_ms`` is since when it is so, where that is known; ``since_ms`` since when it is told.
    ``acknowledged_by`` is who takes care of it; empty for nobody.
    """

    id: str
    label: str
    unit: Unit
    status: Status
    reason: Reason
    direction: Direction | None
    actual: int | float | None
    expected: int | float | None
    target: int | float
    ratio: float | None
    projected: int | None
    required_per_day: int | None
    warning: tuple[float | None, float | None]
    critical: tuple[float | None, float | None]
    phase: AlertPhase
    told: Status
    since_ms: int | None
    says: str
    interval: tuple[int, int] | None
    began_ms: int | None
    acknowledged_by: str = ""


class WatchNow(Struct, frozen=True):
    """What a campaign with goals is watched for: that it is served, clicked, and that clicks convert.

    ``says`` is the reason in words. ``actual`` and ``expected`` are how many events came since ``began_ms``, and how
    many should have at the least; null while nothing is wrong. ``since_ms`` is since when it is told. ``shown`` says
    whether people should see it: it has something to say, or is still told. ``acknowledged_by`` is who takes
    care of it.
    """

    id: str
    label: str
    status: Status
    reason: Reason
    says: str
    actual: int | float | None
    expected: int | float | None
    began_ms: int | None
    phase: AlertPhase
    told: Status
    since_ms: int | None
    shown: bool
    acknowledged_by: str = ""


class CampaignNow(Struct, frozen=True):
    """One campaign; or campaigns together, where an account or the portfolio has goals of its own.

    ``scope`` says which, ``members`` how many campaigns it is of: 0 for a campaign. An id is unique among both: those
    of accounts read ``account=Acme``, and a campaign's that would read so too has a ``%`` before it.

    ``status`` is that of its worst goal, or of a watch that is worse; null without goals.

    ``risk_micros`` is how far spend is off pace. ``watches`` has those with something to say first.

    ``total`` is all that was ever counted, ``recent`` is of the window that the summary names; both are null before the
    first event. ``pulse`` draws the impressions of the shortest window over the last minutes: a digit or letter (base
    36) each, relative to ``pulse_max``. ``partitions`` are places in the summary's ``clocks``: the numbers are as of
    the earliest of these. ``is_muted`` says whether only ends are sent about it now. ``channels`` are those that its
    events named, as far as the monitor reads breakdowns.
    """

    id: str
    name: str
    account: str
    status: Status | None
    goals: tuple[GoalNow, ...]
    risk_micros: int
    total: Measures | None
    recent: Measures | None
    pulse: str
    pulse_max: int
    partitions: tuple[int, ...]
    start_ms: int | None
    end_ms: int | None
    watches: tuple[WatchNow, ...] = ()
    is_muted: bool = False
    scope: Scope = Scope.CAMPAIGN
    members: int = 0
    channels: tuple[str, ...] = ()


class StreamNow(Struct, frozen=True):
    """One stream. ``complete_to_ms`` is up to when it is complete everywhere, ``reached_ms`` its latest event time.

    ``late_ms`` is how late it comes by habit; 0 below a minute. ``is_behind`` says whether it is later than that.
    ``says`` is a sentence where it is late or behind; else empty.
    """

    name: str
    complete_to_ms: int | None
    reached_ms: int | None
    late_ms: int
    is_behind: bool
    says: str


class Summary(Struct, frozen=True):
    """How all of it stands. ``problem`` is empty when Redis was read; ``clocks`` has one watermark per partition.

    ``campaigns`` counts all campaigns, of which at most ``shown`` are on the board: those with goals, then those that
    spent most. ``max_lag_ms`` is how old data may be to be judged; ``lag`` counts records in Kafka not yet read.
    ``notices`` are sentences about partitions that are not counted now, and a goals file that cannot be used.
    ``columns`` is another one when the catalogue file adds other numbers to the board. ``goals`` counts goals, not
    watches. ``common`` is what all campaigns are watched for together; of a watch that
    tells, ``actual`` of ``expected`` campaigns wait for it. ``next_steps`` says what to do where there is nothing yet.
    """

    now_ms: int
    rate: float
    as_of_ms: int | None
    clocks: tuple[int | None, ...]
    max_lag_ms: int
    lag: int
    problem: str
    currency: str
    window: str
    pulse_window: str
    campaigns: int
    shown: int
    goals: int
    statuses: dict[str, int]
    waiting: int
    notices: tuple[str, ...] = ()
    streams: tuple[StreamNow, ...] = ()
    common: tuple[WatchNow, ...] = ()
    columns: str = ""
    health: HealthNow = HealthNow()
    tiles: Tiles = Tiles()
    next_steps: tuple[str, ...] = ()


class Campaigns(Struct, frozen=True):
    """The board, the worst campaign first. ``id`` is where ``/api/events?since=`` goes on from.

    ``added`` is what campaigns have beside the core's numbers here; a campaign by itself has all that there is.
    """

    id: str
    summary: Summary
    campaigns: list[CampaignNow]
    added: tuple[AddedColumn, ...] = ()


class Changes(Struct, frozen=True):
    """The last status changes, newest first."""

    changes: list[StatusChange]


class Update(Struct, frozen=True):
    """One event: what is new. ``changes`` only holds changes since the last event."""

    summary: Summary
    campaigns: list[CampaignNow]
    gone: list[str]
    changes: list[StatusChange]
