"""Sending what stands again, for a service that forgets what nobody repeats: in rounds, one request after another.

What is read is never older than what was delivered: the stored states are read first and the lane after them, so a
change that is in neither was not written yet, and goes out after this by the same hands. Goals of which something is
in the lane are left out.
"""

from __future__ import annotations

import logging
from itertools import islice

from kpis.runtime.clock import monotonic
from kpis.runtime.retry import Backoff
from monitors.alerts.notifiers.bundling import order_key
from monitors.alerts.notifiers.delivery import Delivery
from monitors.alerts.notifiers.protocol import Answer, Outcome, Refreshes
from monitors.alerts.notifiers.standing import all_standing
from monitors.alerts.outbox import Outbox
from monitors.alerts.outbox.lanes import AT_ONCE

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
        self._said = False
        self._done: set[str] = set()

    def follow(self) -> None:
        """Another monitor leads: if this one does again, it refreshes at once, for it cannot know when that one did."""
        self._due_s = 0.0
        self._done.clear()
        self._notifier.forget()

    @property
    def wait_s(self) -> float:
        """Real seconds until the next one is due."""
        return max(self._due_s - monotonic(), 0.0)

    async def refresh_due(self) -> None:
        """Send again some of what stands, when that is due; the next call goes on with the rest.

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
        most, busy = self._notifier.grouping.most, {order_key(one) for one in waiting}
        some = list(islice(all_standing(states, self._notifier.name, leave_out=self._done | busy), most))
        answer = await self._notifier.refresh(some)
        self._delivery.refreshes[answer.outcome] += 1
        self._say(answer)
        if not answer.outcome.is_final:
            self._failures += 1
            pause_s = self._backoff.before(self._failures) if answer.wait_s is None else answer.wait_s
            self._due_s = monotonic() + pause_s
            return
        # What is refused would be again; the service took the others of the request.
        self._failures = 0
        self._done |= {alert.goal for alert in some}
        if len(some) < most:
            self._done.clear()
            self._due_s = monotonic() + self._notifier.refresh_s

    def _say(self, answer: Answer) -> None:
        """Say once that it fails, and once that it works again."""
        if answer.outcome is Outcome.SENT and self._said:
            _log.info("%s was told again what stands", self._notifier.title)
        elif answer.outcome is not Outcome.SENT and not self._said:
            said = f"{answer.outcome} ({answer.detail})"
            _log.warning("%s could not be told again what stands: %s; trying again", self._notifier.title, said)
        self._said = answer.outcome is not Outcome.SENT
