"""The notifier: alerts to every Alertmanager of a cluster, for their peers tell each other of silences, not of alerts.

An alert is sent when one of them took it, for that one tells people. The others get it with the next refresh, firing or
over, as they do after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import msgspec

from kpis.runtime.clock import wall_ms
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in import CheckIn
from monitors.alerts.notifiers.alertmanager.known_sets import KnownSets, Repeats
from monitors.alerts.notifiers.alertmanager.labelled import Dress, LabelledAlert
from monitors.alerts.notifiers.alertmanager.status import asked, status_page
from monitors.alerts.notifiers.posting import Endpoint, post
from monitors.alerts.notifiers.probing import get
from monitors.alerts.notifiers.protocol import Answer, Asked, Grouping, Outcome, SentAs

PATH = "api/v2/alerts"
MOST = 250
"""Messages of one request; each is one alert, or two where one ends and the next one fires."""
TIMEOUT_S = 5.0

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class Alertmanager:
    """An Alertmanager, or all of a cluster.

    Args:
        peers: where they are.
        dress: clock and links.
        repeats: how often what stands is sent again.
        timeout_s: how long an attempt may take.
    """

    name = "alertmanager"
    title = "Alertmanager"

    def __init__(
        self,
        peers: Sequence[Endpoint],
        dress: Dress,
        repeats: Repeats = Repeats(),  # noqa: B008  frozen
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.refresh_s = repeats.again_ms / 1000
        self.timeout_s = timeout_s
        # It gathers and groups by itself, and by what its owner wants.
        self.grouping = Grouping(SentAs.ALL, gather_s=0, most=MOST)
        self._peers = tuple(peers)
        self._well = [True] * len(self._peers)
        self._sets = KnownSets(self.name, dress, repeats)

    def __repr__(self) -> str:
        """Without addresses."""
        return f"Alertmanager({len(self._peers)})"

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Post changes to all peers; never raises for what the network or they do."""
        told = [alert for alert in alerts if not isinstance(alert, CheckIn)]
        if len(told) < len(alerts):
            return Answer(Outcome.REFUSED, "a check-in is no alert")
        now_ms = wall_ms()
        changes = self._sets.changes(told, now_ms)
        answer = await self._post(changes)
        if answer.outcome is Outcome.SENT:
            self._sets.changed(told, changes, now_ms)
        return answer

    async def refresh(self, standing: Sequence[Alert]) -> Answer:
        """Post to all peers what stands and what has ended of late; never raises for what the network or they do."""
        return await self._post(self._sets.again(standing, wall_ms(), is_last=len(standing) < MOST))

    async def ask(self, timeout_s: float) -> list[Asked]:
        """Read the status of each peer."""
        replies = await asyncio.gather(*(get(status_page(peer), timeout_s) for peer in self._peers))
        count = len(self._peers)
        return [
            asked(f"Alertmanager {n} of {count}" if count > 1 else self.title, one) for n, one in enumerate(replies, 1)
        ]

    def forget(self) -> None:
        """Another monitor leads."""
        self._sets.forget()

    async def _post(self, alerts: Sequence[LabelledAlert]) -> Answer:
        if not alerts:
            return Answer(Outcome.SENT, "nothing to tell")
        body = _encode(alerts)
        answers = await asyncio.gather(*(post(peer, body, self.timeout_s) for peer in self._peers))
        for number, answer in enumerate(answers):
            self._note(number, answer)
        return answer_of_all(answers)

    def _note(self, number: int, answer: Answer) -> None:
        """Say once that one of several does not take alerts; of a single one, its delivery says it."""
        is_well = answer.outcome is Outcome.SENT
        if is_well is not self._well[number] and len(self._peers) > 1:
            which = f"Alertmanager {number + 1} of {len(self._peers)}"
            if is_well:
                _log.info("%s takes alerts again", which)
            else:
                _log.warning("%s takes no alerts: %s (%s)", which, answer.outcome, answer.detail)
        self._well[number] = is_well


def answer_of_all(answers: Sequence[Answer]) -> Answer:
    """What came of a request to each peer: sent when one took it; refused only when none may take it later."""
    sent = next((answer for answer in answers if answer.outcome is Outcome.SENT), None)
    later = next((answer for answer in answers if not answer.outcome.is_final), None)
    return sent or later or answers[0]
