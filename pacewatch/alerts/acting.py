"""What people do: acknowledge, mute, take a mute back, and try whether messages arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

from kpis.contract import layout
from kpis.contract.redis_client import answers
from kpis.runtime.errors import Misconfigured
from kpis.series import shown_id, split
from kpis.times import DAY_MS
from monitors.alerts.check_in import CheckIn
from monitors.alerts.interventions import EVERY, Acknowledgement, InterventionStore, Silence
from monitors.alerts.notifiers.known import KNOWN, PREFERS, Known, configured
from monitors.alerts.notifiers.protocol import Notifier, Outcome, Remembers
from monitors.alerts.outbox import Outbox
from monitors.alerts.routing import Matter
from monitors.settings import MonitorSettings
from pacewatch.alerts.known_alerts import of_campaign, read_known, redis_of
from pacewatch.alerts.sample_messages import samples

LONGEST_MUTE_MS = 90 * DAY_MS
"""What is muted for longer is better taken out of the goals file."""


async def acknowledge(settings: MonitorSettings, campaign: str, goal: str | None, by: str, note: str) -> int:
    """Say that someone takes care of a campaign's alerts; gives how many could be kept.

    Raises:
        Misconfigured: none fires.
        Unreachable: Redis does not answer.
    """
    found = of_campaign(await read_known(settings), campaign, goal)
    async with redis_of(settings) as redis:
        store = InterventionStore(redis, settings.redis_address)
        done = Acknowledgement(by, settings.the_clock.now_ms(), note)
        return sum([await store.acknowledge(one.key, done) for one in found])


async def mute(settings: MonitorSettings, campaign: str, for_ms: int, by: str, why: str) -> Silence:
    """Send nothing but ends about a campaign, or about all, for a while.

    Raises:
        Misconfigured: the time is none, or too long; or there are too many mutes.
        Unreachable: Redis does not answer.
    """
    if not 0 < for_ms <= LONGEST_MUTE_MS:
        raise Misconfigured("--for", "it is none or too long", "from 1s to 90d")
    now_ms = settings.the_clock.now_ms()
    silence = Silence(campaign, now_ms, now_ms + for_ms, by, why)
    async with redis_of(settings) as redis:
        await _must_be_known(redis, settings, campaign)
        if not await InterventionStore(redis, settings.redis_address).mute(campaign, silence, now_ms):
            raise Misconfigured("CAMPAIGN", "there are too many mutes", "take some back, or mute every campaign")
    return silence


async def _must_be_known(redis: Any, settings: MonitorSettings, campaign: str) -> None:
    """Refuse a name that nobody knows: a typing error would mute nobody, and say nothing.

    Raises:
        Misconfigured: no goal is about it.
    """
    if campaign == EVERY:
        return
    states = await Outbox(redis, settings.redis_address, "", 0).states()
    names = {split(key.rpartition("|")[0])[0] for key in states} | {shown_id(key.rpartition("|")[0]) for key in states}
    with answers(settings.redis_address):
        names |= {name.decode(errors="replace") for name in await redis.smembers(layout.GOAL_CAMPAIGNS)}
    if campaign not in names:
        hint = f"there are {', '.join(sorted(filter(None, names))[:5])}" if any(names) else "no monitor with goals runs"
        raise Misconfigured("CAMPAIGN", f"no goal is about {campaign[:40]!r}", f"{hint}; --every is all")


async def unmute(settings: MonitorSettings, campaign: str) -> int:
    """Take back the mutes of a campaign, or those of all; gives how many there were.

    Raises:
        Unreachable: Redis does not answer.
    """
    async with redis_of(settings) as redis:
        store = InterventionStore(redis, settings.redis_address)
        names = [name for name, one in (await store.read()).mutes.items() if one.campaign == campaign]
        now_ms = settings.the_clock.now_ms()
        return sum([await store.unmute(name, now_ms=now_ms) for name in names])


async def try_notifiers(settings: MonitorSettings) -> AsyncIterator[tuple[str, bool]]:
    """Send a sample of each kind to each notifier that is set up; a line for each, and whether it arrived.

    Raises:
        Misconfigured: none is set up.
        Unreachable: Redis does not answer, where a bot keeps where its cards are.
    """
    found = configured(settings)
    if not found:
        raise Misconfigured("notifiers", "none is set up", f"set one of {', '.join(k.setting for k in KNOWN)}")
    async with redis_of(settings) as redis:
        for known, notifier in found:
            if isinstance(notifier, Remembers):
                notifier.remember_in(redis, settings.redis_address)
            async for said in _try(settings, known, notifier):
                yield said


async def _try(settings: MonitorSettings, known: Known, notifier: Notifier) -> AsyncIterator[tuple[str, bool]]:
    """The samples of one notifier; none after one for which its service was not there."""
    takes_check_ins = known.name in PREFERS[Matter.CHECK_IN]
    for alert in samples(settings.currency, settings.the_clock.now_ms(), f"test-{uuid4().hex}"):
        if isinstance(alert, CheckIn) and not takes_check_ins:
            continue
        kind = getattr(alert, "change", "check-in")
        answer = await notifier.send([alert])
        is_away = answer.outcome is Outcome.UNREACHABLE
        said = f"{answer.outcome} ({answer.detail})" + (", so nothing else is tried" if is_away else "")
        yield f"{known.what}: {kind}: {said}", answer.outcome is Outcome.SENT
        if is_away:
            return


def whose(campaign: str | None, *, every: bool) -> str:
    """What is muted.

    Raises:
        Misconfigured: nothing is named, or both.
    """
    if every is (campaign is not None):
        raise Misconfigured("CAMPAIGN", "name a campaign, or --every", "one of both")
    return EVERY if campaign is None else campaign
