"""Delivering a lane: none given up while waiting may help, none lost, and none in the way of others."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kpis.runtime.clock import monotonic, wall_ms
from kpis.runtime.retry import Backoff
from kpis.times import DAY_MS
from monitors.alerts.notifiers.bundling import Bundle, Now, next_bundle, order_key
from monitors.alerts.notifiers.lane_memory import LaneMemory
from monitors.alerts.notifiers.protocol import Answer, Notifier, Outcome
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.outbox.queued import Parked, Queued

_log = logging.getLogger(__name__)
UNREACHED = frozenset({Outcome.UNREACHABLE, Outcome.SERVER_ERROR})


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How stubborn delivery is.

    Attributes:
        backoff: how long to wait before another attempt, real seconds, where the service does not say.
        longest_ms: a message that could not be delivered for so long is parked, real milliseconds.
    """

    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=1.0, longest_s=60.0))
    longest_ms: int = DAY_MS


class Delivery:
    """Sends what one lane holds. Its owner calls :meth:`deliver_next` again and again, while it leads.

    Args:
        lane: whose messages.
        notifier: who sends them.
        policy: how stubbornly.
        chance: a number from 0 to 1, another one each time, which spreads waits.

    Attributes:
        outcomes: attempts of this process.
        parked: messages that it gave up, by the reason.
        refreshes: how often what stands was sent again, by what came of it.
    """

    def __init__(
        self, lane: Lane, notifier: Notifier, policy: DeliveryPolicy, chance: Callable[[], float] = lambda: 1.0
    ) -> None:
        self.notifier = notifier
        self.lane = lane
        self.outcomes: Counter[Outcome] = Counter()
        self.parked: Counter[Outcome] = Counter()
        self.refreshes: Counter[Outcome] = Counter()
        self._policy = policy
        self._chance = chance
        self._memory = LaneMemory()

    async def deliver_next(self) -> float | None:
        """Try to send what is due.

        Returns:
            Real seconds to wait before the next call; None when nothing waits that this monitor may send.

        Raises:
            Unreachable: Redis does not answer.
        """
        waiting = await self.lane.to_send()
        memory, now = self._memory, Now(wall_ms(), monotonic())
        memory.keep({order_key(one) for one in waiting})
        if not waiting:
            return None
        if await self._park_hopeless(waiting, now.wall_ms):
            return 0.0
        if memory.rest_until_s > now.since_s:
            # The service asked for time: its owner may ask sooner, for what comes in the meantime.
            return memory.rest_until_s - now.since_s
        bundle = next_bundle(waiting, memory, self.notifier.grouping, now)
        if not bundle.messages:
            return bundle.wait_ms / 1000
        answer = await self.notifier.send([one.alert for one in bundle.messages if one.alert is not None])
        self.outcomes[answer.outcome] += 1
        return await self._after(bundle, answer)

    async def _after(self, bundle: Bundle, answer: Answer) -> float:
        memory, goals, now_s = self._memory, {order_key(one) for one in bundle.messages}, monotonic()
        if answer.outcome is Outcome.SENT:
            memory.answered(goals, is_sent=True)
            memory.digest_s = now_s if bundle.is_digest else memory.digest_s
            await self.lane.settle(bundle.messages)
            self._say(logging.INFO, bundle, "sent")
            return 0.0
        if answer.outcome.is_final:
            memory.answered(goals, is_sent=False)
            await self._refused(bundle, answer)
            return 0.0
        if answer.outcome in UNREACHED:
            # Those behind them are tried before they are tried again: it may be the message, not the service.
            memory.failed(goals, len(bundle.messages), now_s, self._pause_s)
        else:
            memory.failures += 1
        pause = self._pause_s(memory.failures) if answer.wait_s is None else answer.wait_s
        if answer.outcome is Outcome.RATE_LIMITED or answer.wait_s is not None:
            memory.rest_until_s = now_s + pause
        self._say(logging.WARNING, bundle, f"not sent: {answer.outcome} ({answer.detail}); again in {pause:.1f} s")
        return pause

    async def _refused(self, bundle: Bundle, answer: Answer) -> None:
        if len(bundle.messages) == 1:
            await self._park(bundle.messages, answer.outcome, answer.detail, wall_ms())
            return
        # One of them may be at fault: each for itself, so that it alone is parked.
        self._memory.refused({order_key(one) for one in bundle.messages})
        self._say(logging.WARNING, bundle, f"refused together: {answer.detail}; sent one by one")

    async def _park_hopeless(self, waiting: Sequence[Queued], now_ms: int) -> int:
        """Park what cannot be read, and what is too old to be of use."""
        unreadable = [one for one in waiting if one.alert is None]
        old = [
            one for one in waiting if one.alert and one.queued_ms and now_ms - one.queued_ms > self._policy.longest_ms
        ]
        for messages, outcome in ((unreadable, Outcome.UNREADABLE), (old, Outcome.EXPIRED)):
            if messages:
                await self._park(messages, outcome, "", now_ms)
        return len(unreadable) + len(old)

    async def _park(self, messages: Sequence[Queued], outcome: Outcome, detail: str, now_ms: int) -> None:
        taken = await self.lane.settle(messages, Parked(self.lane.notifier, outcome, now_ms, "", detail))
        self.parked[outcome] += taken
        if taken:
            why = f"given up: {outcome}{f' ({detail})' if detail else ''}"
            self._say(logging.ERROR, Bundle(tuple(messages)), why)

    def _pause_s(self, failures: int) -> float:
        return self._policy.backoff.spread(failures, self._chance())

    def _say(self, level: int, bundle: Bundle, what: str) -> None:
        name = next((one.alert.id for one in bundle.messages if one.alert), "?")
        more = f" and {len(bundle.messages) - 1} more" if len(bundle.messages) > 1 else ""
        _log.log(level, "%s message %s%s %s", self.notifier.title, name, more, what)
