"""The notifier: one signed POST."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from pydantic import SecretStr

from kpis.runtime.clock import wall_ms
from monitors.alerts.alert import Outgoing
from monitors.alerts.notifiers.posting import Endpoint, post
from monitors.alerts.notifiers.probing import reach
from monitors.alerts.notifiers.protocol import Answer, Asked, Grouping, SentAs
from monitors.alerts.notifiers.webhook.filling import body_of
from monitors.alerts.notifiers.webhook.signature import DELIVERY, SIGNATURE, delivery_id, signature

TIMEOUT_S = 10.0
MOST = 100
"""Messages of one request."""
_encode = msgspec.json.Encoder().encode


class Webhook:
    """A webhook of your own.

    Args:
        to: where.
        secret: what is signed with; None for no signature.
        public_url: of links.
        timeout_s: how long an attempt may take.
        gather_s: for how many real seconds a message waits for others.
    """

    name = "webhook"
    title = "Webhook"

    def __init__(
        self,
        to: Endpoint,
        secret: SecretStr | None = None,
        public_url: str | None = None,
        timeout_s: float = TIMEOUT_S,
        *,
        gather_s: float = 0.0,
    ) -> None:
        self.timeout_s = timeout_s
        self.grouping = Grouping(SentAs.ALL, gather_s=gather_s, most=MOST)
        self._to = to
        self._secret = secret
        self._public_url = public_url

    def __repr__(self) -> str:
        """Without URL and secret."""
        return f"Webhook({'signed' if self._secret else 'not signed'})"

    async def ask(self, timeout_s: float) -> list[Asked]:
        """See whether somebody answers there; nothing is posted."""
        cure = "start it, or mend PACEWATCH_WEBHOOK_URL"
        return [await reach(self.title, str(self._to.url), timeout_s, cure)]

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Post once; never raises for what the network or the service do."""
        now_ms = wall_ms()
        body = _encode(body_of(alerts, now_ms, self._public_url))
        headers = {DELIVERY: delivery_id(alert.id for alert in alerts)}
        if self._secret is not None:
            headers[SIGNATURE] = signature(self._secret.get_secret_value(), body, now_ms // 1000)
        return await post(self._to, body, self.timeout_s, headers)
