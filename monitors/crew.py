"""All who tell people, as settings name them: notifiers, each with its lane, and what takes their buttons."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import random
from typing import Any

from kpis.runtime.errors import Recoverable
from monitors.alerts.interventions import InterventionStore
from monitors.alerts.notifiers.delivery import Delivery, DeliveryPolicy
from monitors.alerts.notifiers.known import configured, routes_to
from monitors.alerts.notifiers.protocol import Notifier, Refreshes, Remembers
from monitors.alerts.notifiers.refreshing import Refresher
from monitors.alerts.notifiers.slack.bot import Lines, SlackBot
from monitors.alerts.notifiers.slack.presses import Presses
from monitors.alerts.outbox import Outbox, leader_token
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.routing import Routes
from monitors.settings import MonitorSettings

MOST_WAIT_S = 10.0
_LEAST_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Crew:
    """Who tells people.

    Attributes:
        outbox: what they were told.
        done: what they do about it.
        routes: who tells of what.
        deliveries: one for each notifier.
        presses: takes buttons that are pressed in Slack; None where there are none.
    """

    outbox: Outbox
    done: InterventionStore
    routes: Routes
    deliveries: tuple[Delivery, ...]
    presses: Presses | None

    @property
    def grace_s(self) -> float:
        """Real seconds for a message that is under way: cut off, it would be sent again after a restart."""
        return 1.0 + max((one.notifier.timeout_s for one in self.deliveries), default=_LEAST_GRACE_S)

    def illustrate(self, draw: Lines) -> None:
        """Give those that show pictures the pace lines to draw."""
        for one in self.deliveries:
            if isinstance(one.notifier, SlackBot):
                one.notifier.draw(draw)

    def sending(
        self, every_s: float, leads: Callable[[], bool], stop: asyncio.Event
    ) -> Iterator[Coroutine[Any, Any, None]]:
        """What sends, for each lane, until ``stop``.

        Args:
            every_s: how often an empty lane is looked into, real seconds.
            leads: whether this monitor leads now.
            stop: ends it.
        """
        for delivery in self.deliveries:
            yield _sending(every_s, leads, delivery, self._refresher(delivery), stop)

    def _refresher(self, delivery: Delivery) -> Refresher | None:
        notifier = delivery.notifier
        return Refresher(self.outbox, delivery, notifier) if isinstance(notifier, Refreshes) else None


def crew_of(settings: MonitorSettings, redis: Any) -> Crew:
    """The crew that settings name.

    Raises:
        Misconfigured: an address, a token or a route cannot be used.
    """
    address, notifiers = settings.redis_address, [notifier for _, notifier in configured(settings)]
    for one in notifiers:
        if isinstance(one, Remembers):
            one.remember_in(redis, address)
    token = leader_token(has_goals=settings.goals is not None, has_notifiers=bool(notifiers))
    done = InterventionStore(redis, address)
    return Crew(
        Outbox(redis, address, token, int(settings.leader_ttl_s * 1000)),
        done,
        routes_to(notifiers, settings),
        tuple(Delivery(Lane(redis, address, token, one.name), one, DeliveryPolicy(), random) for one in notifiers),
        _presses(settings, notifiers, done),
    )


def _presses(settings: MonitorSettings, notifiers: list[Notifier], done: InterventionStore) -> Presses | None:
    secret = settings.slack_signing_secret
    bot = next((one for one in notifiers if isinstance(one, SlackBot)), None)
    return None if secret is None or bot is None else Presses(secret, bot, done, settings.the_clock)


async def _sending(
    every_s: float, leads: Callable[[], bool], delivery: Delivery, refresher: Refresher | None, stop: asyncio.Event
) -> None:
    """Send what waits in one lane, and what stands again where that is needed, while this monitor leads."""
    while not stop.is_set():
        wait_s: float | None = None
        if leads():
            # Whoever reads Redis says when it is away.
            with suppress(Recoverable):
                wait_s = await delivery.deliver_next()
                if refresher is not None:
                    await refresher.refresh_due()
        elif refresher is not None:
            refresher.follow()
        # What comes in the meantime may be due earlier than what waits for its next try.
        longest_s = MOST_WAIT_S if refresher is None else min(MOST_WAIT_S, max(refresher.wait_s, every_s))
        await pause(stop, every_s if wait_s is None else min(wait_s, longest_s))


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but no longer than until ``stop``."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
