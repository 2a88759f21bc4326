"""Messages that were given up: what they say, why, and sending them again."""

from __future__ import annotations

from dataclasses import dataclass

from kpis.runtime.printable import printable
from kpis.times import minute_in
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in_words import check_in_headline
from monitors.alerts.outbox import Outbox
from monitors.alerts.outbox.queued import Parked, decode_parked, decode_queued
from monitors.alerts.sentences import headline
from monitors.alerts.stored import encode_alert
from monitors.settings import MonitorSettings
from pacewatch.alerts.known_alerts import redis_of
from pacewatch.alerts.receipts import reason_of


@dataclass(frozen=True, slots=True)
class GivenUp:
    """One of them.

    Attributes:
        raw: it as it lies in Redis.
        parked: whose it was, when, and why; None where that cannot be read.
        message: it; None where it cannot be read, so that nobody can send it again.
    """

    raw: bytes
    parked: Parked | None
    message: Outgoing | None

    @property
    def line(self) -> str:
        """It for people."""
        if self.parked is None:
            return "a message that cannot be read"
        return f"{minute_in(self.parked.at_ms, 'UTC')} {self.parked.notifier}, {reason_of(self.parked)}: {self._says}"

    @property
    def _says(self) -> str:
        if self.message is None:
            return "it cannot be read"
        said = headline(self.message) if isinstance(self.message, Alert) else check_in_headline(self.message)
        return printable(said)


async def given_up(settings: MonitorSettings) -> list[GivenUp]:
    """All that are kept, oldest first.

    Raises:
        Unreachable: Redis does not answer.
    """
    async with redis_of(settings) as redis:
        found = await Outbox(redis, settings.redis_address, "", 0).given_up()
    return [_read(raw) for raw in found]


async def send_again(settings: MonitorSettings, some: list[GivenUp]) -> int:
    """Put them back into their lanes, in order; gives how many could be. Notifiers that are not set up send nothing.

    Raises:
        Unreachable: Redis does not answer.
    """
    count = 0
    async with redis_of(settings) as redis:
        outbox = Outbox(redis, settings.redis_address, "", 0)
        for one in some:
            if one.parked is not None and one.message is not None:
                await outbox.send_again(one.raw, one.parked.notifier, encode_alert(one.message))
                count += 1
    return count


def _read(raw: bytes) -> GivenUp:
    parked = decode_parked(raw)
    return GivenUp(raw, parked, None if parked is None else decode_queued(parked.message.encode()).alert)
