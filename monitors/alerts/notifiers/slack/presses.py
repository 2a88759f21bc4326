"""Buttons that people press on cards: what Slack sends of it is verified, done, and shown.

The signature is the credential (docs.slack.dev, "Verifying requests from Slack"): it is made of the time and the whole
body, with a secret that only Slack has. One that is older than five minutes, or came before, is refused.
"""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from hashlib import sha256
from urllib.parse import parse_qs

import msgspec
from aiohttp import web
from pydantic import SecretStr
from slack_sdk.signature import SignatureVerifier

from kpis.contract.documents import UNREADABLE
from kpis.runtime.clock import Clock
from kpis.runtime.errors import Permanent, Recoverable
from kpis.times import HOUR_MS
from monitors.alerts.alert import Alert
from monitors.alerts.interventions import Acknowledgement, InterventionStore, Silence
from monitors.alerts.notifiers.slack.answers import SlackFailed
from monitors.alerts.notifiers.slack.bot import SlackBot
from monitors.alerts.notifiers.slack.card_store import Card
from monitors.alerts.notifiers.slack.cards import ACKNOWLEDGE, MUTE, OPEN
from monitors.alerts.sentences import acknowledged, shown_mute, shown_name

PRESSES_PATH = "/slack/actions"
MUTE_MS = 2 * HOUR_MS
_LONGEST = 512 * 1024
"""Bytes of a request: Slack sends the whole message with it."""
_TIME = re.compile(r"\d{1,12}", re.ASCII)
_log = logging.getLogger(__name__)


class Presser(msgspec.Struct, frozen=True):
    """Who pressed a button."""

    id: str
    username: str = ""
    name: str = ""


class PressedButton(msgspec.Struct, frozen=True):
    """Which button, and of which card."""

    action_id: str
    value: str = ""


class Press(msgspec.Struct, frozen=True):
    """What Slack sends when a button was pressed, as much of it as is needed."""

    type: str
    user: Presser
    actions: tuple[PressedButton, ...]


_decode = msgspec.json.Decoder(Press).decode


class Presses:
    """Takes them.

    Args:
        secret: the signing secret.
        bot: whose cards they are on.
        done: where what people do is kept.
        clock: the deployment's.
    """

    def __init__(self, secret: SecretStr, bot: SlackBot, done: InterventionStore, clock: Clock) -> None:
        self._verifier = SignatureVerifier(secret.get_secret_value())
        self._bot = bot
        self._done = done
        self._clock = clock
        self._shown: set[asyncio.Task[None]] = set()

    async def answer(self, request: web.Request) -> web.Response:
        """One request: 200 when it was taken, 4xx when it is none of Slack's, 503 when Redis is away."""
        if request.content_type != "application/x-www-form-urlencoded":
            return web.Response(status=415, text="not what Slack sends")
        body = await _bounded(request)
        if body is None:
            return web.Response(status=413, text="too long")
        signature = request.headers.get("X-Slack-Signature", "")
        if not self._is_signed(body, request.headers.get("X-Slack-Request-Timestamp", ""), signature):
            return web.Response(status=401, text="the signature is wrong or too old")
        press = _read(body)
        if press is None:
            return web.Response(status=400, text="not a press of a button")
        try:
            return await self._take(press, sha256(signature.encode()).hexdigest())
        except (Recoverable, Permanent) as e:
            _log.warning("a button was pressed in Slack, and that could not be kept: %s", e)
            return web.Response(status=503, text="try again")

    async def close(self, _: web.Application) -> None:
        """Show what was done to the end."""
        await asyncio.gather(*self._shown, return_exceptions=True)

    def _is_signed(self, body: bytes, timestamp: str, signature: str) -> bool:
        # The verifier takes the time for a number, and the body for text.
        if not _TIME.fullmatch(timestamp) or not signature.isascii():
            return False
        with suppress(UnicodeDecodeError):
            return self._verifier.is_valid(body, timestamp, signature)
        return False

    async def _take(self, press: Press, name: str) -> web.Response:
        button = press.actions[0]
        if button.action_id not in {ACKNOWLEDGE, MUTE, OPEN}:
            return web.Response(status=404, text="no such button")
        if not await self._bot.first_press(name):
            return web.Response(status=409, text="this was sent before")
        if button.action_id == OPEN:
            return web.Response()
        card = await self._bot.card(button.value)
        if card is None or card.alert is None or not card.goals:
            _log.info("a button was pressed in Slack on a card whose alert is over")
            return web.Response()
        who = shown_name(press.user.username, press.user.name or press.user.id)
        said = await self._do(button.action_id, card, card.alert, who)
        _log.info("Slack: %s: %s", card.alert.goal, said)
        # Slack waits for three seconds only.
        task = asyncio.create_task(self._show(card, said))
        self._shown.add(task)
        task.add_done_callback(self._shown.discard)
        return web.Response()

    async def _do(self, action: str, card: Card, alert: Alert, who: str) -> str:
        now_ms = self._clock.now_ms()
        if action == ACKNOWLEDGE:
            taken = Acknowledgement(who, now_ms)
            await self._done.acknowledge(alert.goal, taken)
            return acknowledged(taken, alert.timezone, alert.as_of_ms)
        mute = Silence(alert.campaign, now_ms, now_ms + MUTE_MS, who, "pressed in Slack")
        if not await self._done.mute(f"slack-{card.id}", mute, now_ms):
            return f"{who} wanted it muted: there are too many mutes already"
        return shown_mute(mute, alert.timezone, alert.as_of_ms)

    async def _show(self, card: Card, said: str) -> None:
        try:
            await self._bot.say(card, said)
        except (SlackFailed, Recoverable, Permanent) as e:
            _log.warning("what was done is kept, and Slack could not be told: %s", e)


async def _bounded(request: web.Request) -> bytes | None:
    """The whole body; None when it is too long."""
    parts: list[bytes] = []
    left = _LONGEST
    async for part in request.content.iter_any():
        left -= len(part)
        if left < 0:
            return None
        parts.append(part)
    return b"".join(parts)


def _read(body: bytes) -> Press | None:
    """What a body holds; None when it is no press of a button."""
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=10)
        press = _decode(fields["payload"][0])
    except (*UNREADABLE, ValueError, KeyError):
        return None
    return press if press.type == "block_actions" and press.actions else None
