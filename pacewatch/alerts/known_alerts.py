"""What Redis holds of alerts, read once for a command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kpis.contract.redis_client import connect
from kpis.runtime.errors import Misconfigured
from kpis.series import split
from monitors.alerts.alert import Alert
from monitors.alerts.interventions import Acknowledgement, InterventionStore, Silence
from monitors.alerts.notifiers.known import KNOWN
from monitors.alerts.outbox import Outbox
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.outbox.queued import Backlog, Parked, decode_parked
from monitors.alerts.stored import Held, decode_held
from monitors.settings import MonitorSettings
from pacewatch.alerts.receipts import Receipt, given_up_by, receipts


@dataclass(frozen=True, slots=True)
class Firing:
    """A miss that people were told of, and that is not over.

    Attributes:
        key: its field in the state hash.
        campaign: whose.
        goal: the goal's id within it, e.g. ``spend`` or ``watch:serving``.
        held: what is stored.
        acknowledged: who takes care of it; None for nobody.
        is_muted: whether someone muted its campaign while the system runs; mutes of goals files are not known here.
        receipts: what became of what was told last, for each notifier that was to send it.
    """

    key: str
    campaign: str
    goal: str
    held: Held
    acknowledged: Acknowledgement | None
    is_muted: bool
    receipts: tuple[Receipt, ...] = ()

    @property
    def alert(self) -> Alert | None:
        """What was told last; None where another version wrote it."""
        return self.held.alert

    @property
    def told_by(self) -> tuple[str, ...]:
        """The notifiers whose services took what was told last."""
        return tuple(one.notifier for one in self.receipts if one.is_taken)


@dataclass(frozen=True, slots=True)
class KnownAlerts:
    """What is known.

    Attributes:
        firing: the worst first, then the oldest.
        mutes: those that hold or will.
        backlogs: what waits for each notifier that something waits for.
        parked: messages that were given up.
        last_parked: the last of them; None for none, or one that cannot be read.
    """

    firing: tuple[Firing, ...]
    mutes: tuple[Silence, ...]
    backlogs: dict[str, Backlog]
    parked: int
    last_parked: Parked | None = None


@asynccontextmanager
async def redis_of(settings: MonitorSettings) -> AsyncIterator[Any]:
    """A client, closed at the end."""
    redis = connect(settings)
    try:
        yield redis
    finally:
        await redis.aclose()


async def read_known(settings: MonitorSettings) -> KnownAlerts:
    """Read it.

    Raises:
        Unreachable: Redis does not answer.
    """
    now_ms, address = settings.the_clock.now_ms(), settings.redis_address
    async with redis_of(settings) as redis:
        outbox = Outbox(redis, address, "", 0)
        states, done = await outbox.states(), await InterventionStore(redis, address).read()
        lanes = {one.name: Lane(redis, address, "", one.name) for one in KNOWN}
        # States first: what is written after that is in no lane or state that is read, or in its lane.
        backlogs = {name: await lane.backlog() for name, lane in lanes.items()}
        waiting = {name: await lanes[name].goals() for name, backlog in backlogs.items() if backlog.count}
        raw_parked = await outbox.given_up()
    given_up = given_up_by(raw_parked)
    mutes = tuple(mute for mute in done.mutes.values() if mute.until_ms > now_ms)
    firing = []
    for key, raw in states.items():
        held = decode_held(raw)
        if held.state.is_firing:
            series, _, goal = key.rpartition("|")
            campaign = held.alert.campaign if held.alert else split(series)[0]
            is_muted = any(mute.covers(campaign, now_ms) for mute in mutes)
            its = receipts(key, held, waiting, given_up)
            firing.append(Firing(key, campaign, goal, held, done.acknowledged.get(key), is_muted, its))
    firing.sort(key=lambda one: (one.held.state.told != "critical", one.held.state.since_ms or 0, one.key))
    backlogs = {name: backlog for name, backlog in backlogs.items() if backlog.count}
    last = decode_parked(raw_parked[-1]) if raw_parked else None
    return KnownAlerts(tuple(firing), mutes, backlogs, len(raw_parked), last)


def of_campaign(known: KnownAlerts, campaign: str, goal: str | None) -> Sequence[Firing]:
    """The misses of a campaign, or the one of a goal.

    Raises:
        Misconfigured: there is none.
    """
    found = [one for one in known.firing if one.campaign == campaign and goal in {None, one.goal}]
    if found:
        return found
    of_goal = "" if goal is None else f" and goal {goal[:40]!r}"
    others = sorted({one.campaign for one in known.firing})[:5]
    hint = f"alerts fire for {', '.join(others)}" if others else "no alert fires now"
    raise Misconfigured("CAMPAIGN", f"no alert fires for {campaign[:40]!r}{of_goal}", hint)
