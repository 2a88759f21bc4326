"""Sending what stands again, for a service that forgets what nobody repeats.

What is read is never older than what was delivered: the stored states are read first and the lane after them, so a
change that is in neither was not written yet, and goes out after this by the same hands. Goals of which something is
in the lane are left out.
"""

from __future__ import annotations

import logging

from kpis.runtime.clock import monotonic
from kpis.runtime.retry import Backoff
from monitors.alerts.lanes import AT_ONCE
from monitors.alerts.notifiers.batching import order_key
from monitors.alerts.notifiers.delivery import Delivery
from monitors.alerts.notifiers.protocol import Answer, Outcome, Refreshes
from monitors.alerts.notifiers.standing import all_standing
from monitors.alerts.outbox import Outbox

_log = logging.getLogger(__name__)
_FIRST_PAUSE_S = 2.0


class Refresher:
    """Refreshes one notifier. Its owner calls :meth:`refresh_due` again and again, between deliveries, while it leads.

    Args:
        outbox: what is stored of goals.
        delivery: of the same notifier.
        notifier: who sends.
    """

    def __init__(self, outbox: Outbox, delivery: Delivery, notifier: Refreshes) -> None:
        self._outbox = outbox
        self._delivery = delivery
        self._notifier = notifier
        self._backoff = Backoff(min(_FIRST_PAUSE_S, notifier.refresh_s), notifier.refresh_s)
        self._due_s = 0.0
        self._failures = 0

    def follow(self) -> None:
        """Another monitor leads: if this one does again, it refreshes at once, for it cannot know when that one did."""
        self._due_s = 0.0

    @property
    def wait_s(self) -> float:
        """Real seconds until the next one is due."""
        return max(self._due_s - monotonic(), 0.0)

    async def refresh_due(self) -> None:
        """Send what stands again, when that is due.

        Raises:
            Unreachable: Redis does not answer.
        """
        if self.wait_s:
            return
        states = await self._outbox.states()
        waiting = await self._delivery.lane.read()
        if len(waiting) >= AT_ONCE:
            # More may wait than were read, and delivering them tells what stands as well.
            return
        busy = {order_key(one) for one in waiting}
        answer = await self._notifier.refresh(all_standing(states, self._notifier.name, leave_out=busy))
        self._delivery.refreshes[answer.outcome] += 1
        self._plan(answer)

    def _plan(self, answer: Answer) -> None:
        if answer.outcome is Outcome.SENT:
            pause_s = self._notifier.refresh_s
            if self._failures:
                _log.info("%s was told again what stands", self._notifier.title)
            self._failures = 0
        else:
            self._failures += 1
            pause_s = self._backoff.before(self._failures) if answer.wait_s is None else answer.wait_s
            if self._failures == 1:
                said = f"{answer.outcome} ({answer.detail})"
                _log.warning("%s could not be told again what stands: %s; trying again", self._notifier.title, said)
        self._due_s = monotonic() + pause_s
