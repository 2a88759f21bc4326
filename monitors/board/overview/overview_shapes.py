"""What the API answers above and beside the rows. The OpenAPI page is generated from these types too."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from monitors.alerts.interventions import DeedKind
from monitors.alerts.lifecycle import Change
from monitors.pacing.verdict import Direction, Reason, Status


class Freshness(StrEnum):
    """Whether the numbers are those of now."""

    LIVE = "live"
    BEHIND = "behind"
    """They are of a while ago: what comes through Kafka is not counted yet, or comes late."""
    NO_WORKER = "no_worker"
    """No worker writes, or none ever did."""
    REDIS_AWAY = "redis_away"
    """Redis does not answer, or holds what is not Pacewatch's."""
    UNREAD = "unread"
    """The monitor itself did not read for too long."""


class HealthNow(Struct, frozen=True):
    """Whether the numbers are those of now; ``/readyz`` says the same, and is ready while it is live or behind.

    ``says`` is a sentence, empty while all is live. ``behind_ms`` is how old the numbers are, or for how long nobody
    writes, as far as that is known; ``stream`` is the one that is behind, empty where none is further than others.
    """

    state: Freshness = Freshness.UNREAD
    says: str = ""
    behind_ms: int = 0
    stream: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether numbers are renewed: restarting what is only behind would not help."""
        return self.state in {Freshness.LIVE, Freshness.BEHIND}


class LaunchNow(Struct, frozen=True):
    """A campaign whose flight begins soon."""

    id: str
    name: str
    start_ms: int


class Tiles(Struct, frozen=True):
    """The state of everything in a few numbers, money in micros.

    ``spend_today_micros`` is what all campaigns spent since ``today_ms``, midnight in ``today_zone``; null until all
    were read. ``risk_micros`` is how far the spend of campaigns is off pace. ``critical`` and ``warning`` count rows.
    ``launching`` counts flights that begin in the next ``launch_hours``, ``launches`` has the first of them.
    """

    spend_today_micros: int | None = None
    today_ms: int | None = None
    today_zone: str = "UTC"
    risk_micros: int = 0
    critical: int = 0
    warning: int = 0
    launches: tuple[LaunchNow, ...] = ()
    launching: int = 0
    launch_hours: int = 24


class ToldNow(Struct, frozen=True):
    """An alert that was told: a change of what people know about a goal or a watch.

    ``campaign`` is its id on the board. ``says`` is its reason in words. ``is_sent`` is false for what was kept quiet.
    """

    id: str
    at_ms: int
    campaign: str
    name: str
    label: str
    change: Change
    before: Status
    after: Status
    direction: Direction | None
    reason: Reason
    says: str
    is_watch: bool
    is_sent: bool


class DeedNow(Struct, frozen=True):
    """What somebody did about an alert or a campaign. ``campaign`` is its id on the board, ``*`` for all of them.

    ``label`` is the goal of an acknowledged alert; ``until_ms`` is until when a mute was set.
    """

    at_ms: int
    kind: DeedKind
    campaign: str
    name: str
    label: str
    by: str
    note: str
    until_ms: int | None = None


class AcknowledgedAlert(Struct, frozen=True):
    """Someone takes care of an alert that stands."""

    campaign: str
    name: str
    label: str
    by: str
    at_ms: int
    note: str


class MutedCampaign(Struct, frozen=True):
    """A mute that holds or will. ``is_in_file`` says that the goals file has it: there it is taken back."""

    campaign: str
    name: str
    from_ms: int
    until_ms: int
    by: str
    why: str
    is_in_file: bool = False


class Alerts(Struct, frozen=True):
    """What was told, newest first, from Redis, which keeps the last 200; what people did about it; what holds now.

    ``is_read`` is false while Redis cannot be read: then ``told`` and ``done`` are empty. ``can_act`` says whether
    whoever reads this may acknowledge and mute.
    """

    told: list[ToldNow]
    done: list[DeedNow]
    acknowledged: list[AcknowledgedAlert]
    mutes: list[MutedCampaign]
    is_read: bool
    can_act: bool
