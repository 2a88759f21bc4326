"""Delivering the outbox: oldest first, one at a time, none given up while waiting may help."""

from __future__ import annotations

import logging
from collections import Counter

from kpis.runtime.retry import Backoff
from monitors.alerts.notifiers.protocol import Answer, Notifier, Outcome
from monitors.alerts.outbox import Outbox
from monitors.alerts.stored import decode_alert

_log = logging.getLogger(__name__)


BACKOFF = Backoff(first_s=1.0, longest_s=60.0)
"""How long to wait before another attempt, in real seconds, where the service does not say."""


def wait_s(answer: Answer, failures: int, backoff: Backoff) -> float:
    """The seconds to wait after an attempt: none after a final one, what the service asks, else exponential backoff.

    Args:
        answer: the last attempt's.
        failures: attempts that failed in a row, this one included.
        backoff: for where it does not.
    """
    if answer.outcome.is_final:
        return 0.0
    if answer.wait_s is not None:
        return answer.wait_s
    return backoff.before(failures)


class Delivery:
    """Sends what the outbox holds.

    Attributes:
        outcomes: attempts of this process, by outcome.
    """

    def __init__(self, outbox: Outbox, notifier: Notifier, backoff: Backoff) -> None:
        self._outbox = outbox
        self._notifier = notifier
        self._backoff = backoff
        self._failures = 0
        self.outcomes: Counter[Outcome] = Counter()

    async def deliver_next(self) -> float | None:
        """Try to send the oldest message. The caller must lead.

        Returns:
            Seconds to wait before the next call; None when the outbox is empty.

        Raises:
            Unreachable: Redis does not answer.
        """
        raw = await self._outbox.head()
        if raw is None:
            return None
        alert = decode_alert(raw)
        answer = Answer(Outcome.UNREADABLE, "not a message") if alert is None else await self._notifier.send(alert)
        self.outcomes[answer.outcome] += 1
        self._failures = 0 if answer.outcome.is_final else self._failures + 1
        pause = wait_s(answer, self._failures, self._backoff)
        self._tell(answer, alert.id if alert else "?", pause)
        if answer.outcome.is_final:
            await self._outbox.settle(raw, dead=answer.outcome is not Outcome.SENT)
        return pause

    def _tell(self, answer: Answer, name: str, pause: float) -> None:
        title = self._notifier.title
        if answer.outcome is Outcome.SENT:
            _log.info("%s message %s sent", title, name)
        elif answer.outcome.is_final:
            _log.error("%s message %s given up: %s (%s)", title, name, answer.outcome, answer.detail)
        else:
            _log.warning(
                "%s message %s not sent: %s (%s); again in %.0f s", title, name, answer.outcome, answer.detail, pause
            )
