"""Where cards lie, in Redis: what was posted, what is being posted, and what was told.

Before a message is posted, that is written down; so one whose answer was lost, or whose monitor died, is looked for in
Slack and not posted again. Keys share the hash tag of all alerts::

    pw:{alerts}:cards            hash    goal -> id of the card that its alert is in
    pw:{alerts}:card:<id>        string  the card as JSON                        (expires)
    pw:{alerts}:card_posts       hash    alert -> the message it is being posted in, as JSON
    pw:{alerts}:card_alerts      zset    alerts that were told, by when
    pw:{alerts}:card_channels    hash    name of a channel -> its id
    pw:{alerts}:card_press:<id>  string  a press of a button that was taken      (expires)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec

from kpis.contract.documents import UNREADABLE
from kpis.contract.redis_client import calls
from kpis.times import DAY_MS
from monitors.alerts.alert import Alert
from monitors.alerts.notifiers.slack.digest import Digest

CARDS = "pw:{alerts}:cards"
POSTS = "pw:{alerts}:card_posts"
TOLD_ALERTS = "pw:{alerts}:card_alerts"
CHANNELS = "pw:{alerts}:card_channels"
KEEP_CARD_MS = 90 * DAY_MS
"""A card that nothing happened to for so long is let go of: what comes then is a new card."""
KEEP_TOLD_MS = 2 * DAY_MS
"""Longer than delivery tries."""
KEEP_PRESS_S = 900
"""Longer than a signature is taken."""


class Card(msgspec.Struct, frozen=True):
    """A message that alerts are in: a card of one, or a digest of many.

    Attributes:
        id: the mark it carries in Slack.
        channel: where it lies; its id once it was posted.
        at_ms: when it was begun, real time.
        since_ms: the watermark of its first alert.
        first: the alerts that it was posted for.
        goals: those whose alerts are in it, and not over.
        ts: the message in Slack; empty while it is not known to be there.
        alert: the last alert of a card; None for a digest.
        digest: what a digest says; None for a card.
        over: of a digest, the goals whose alerts ended.
    """

    id: str
    channel: str
    at_ms: int
    since_ms: int
    first: tuple[str, ...]
    goals: tuple[str, ...]
    ts: str = ""
    alert: Alert | None = None
    digest: Digest | None = None
    over: tuple[str, ...] = ()


class Post(msgspec.Struct, frozen=True):
    """A message that may lie in Slack: it was begun, and no answer is known.

    Attributes:
        mark: by which it is found.
        channel: where.
        at_ms: when it was begun, real time.
        thread: the message it answers to; empty for one that answers to none.
        card: the card that it is, or belongs to; empty for none.
    """

    mark: str
    channel: str
    at_ms: int
    thread: str = ""
    card: str = ""


_encode = msgspec.json.Encoder().encode
_decode_card = msgspec.json.Decoder(Card).decode
_decode_post = msgspec.json.Decoder(Post).decode


class CardStore:
    """Them in Redis.

    Args:
        redis: a client that returns bytes.
        address: where it is, without credentials, for errors.

    Every method raises :class:`~kpis.runtime.errors.Unreachable` when Redis does not answer.
    """

    def __init__(self, redis: Any, address: str) -> None:
        self._redis = redis
        self._call = calls(address)
        self._done = redis.register_script(files(__package__).joinpath("done.lua").read_text("utf-8"))

    async def told(self, alerts: Sequence[str]) -> set[str]:
        """Those of these alerts that were told."""
        found = await self._call(self._redis.zmscore(TOLD_ALERTS, list(alerts))) if alerts else []
        return {alert for alert, score in zip(alerts, found, strict=True) if score is not None}

    async def posts(self, alerts: Sequence[str]) -> dict[str, Post]:
        """The messages in which these alerts are being posted."""
        found = await self._call(self._redis.hmget(POSTS, list(alerts))) if alerts else []
        return {alert: post for alert, raw in zip(alerts, found, strict=True) if (post := _read(raw, _decode_post))}

    async def cards_of(self, goals: Sequence[str]) -> dict[str, Card]:
        """The cards that alerts of these goals are in, by goal."""
        names = await self._call(self._redis.hmget(CARDS, list(goals))) if goals else []
        ids = {goal: name.decode(errors="replace") for goal, name in zip(goals, names, strict=True) if name}
        cards = {name: await self.card(name) for name in dict.fromkeys(ids.values())}
        return {goal: card for goal, name in ids.items() if (card := cards[name]) is not None and card.ts}

    async def card(self, name: str) -> Card | None:
        """A card; None when there is none."""
        found: Card | None = _read(await self._call(self._redis.get(_key(name))), _decode_card)
        return found

    async def keep(self, card: Card) -> None:
        """Keep a card as it is now."""
        await self._call(self._redis.set(_key(card.id), _encode(card), px=KEEP_CARD_MS))

    async def begin(self, post: Post, alerts: Iterable[str]) -> None:
        """Write down that a message with these alerts is about to be posted."""
        await self._call(self._redis.hset(POSTS, mapping=dict.fromkeys(alerts, _encode(post))))

    async def give_up(self, alerts: Sequence[str]) -> None:
        """Write down that these are not posted after all."""
        await self._call(self._redis.hdel(POSTS, *alerts))

    async def done(self, alerts: Sequence[str], at_ms: int) -> None:
        """Write down that these alerts were told."""
        args = [at_ms, at_ms - KEEP_TOLD_MS, *alerts]
        await self._call(self._done(keys=[TOLD_ALERTS, POSTS], args=args))

    async def attach(self, goals: Mapping[str, str], over: Sequence[str] = ()) -> None:
        """Note which card the alerts of goals are in, and which have ended."""
        if goals:
            await self._call(self._redis.hset(CARDS, mapping=dict(goals)))
        if over:
            await self._call(self._redis.hdel(CARDS, *over))

    async def channel_id(self, name: str) -> str:
        """The id of a channel, as it was last seen; empty when it never was."""
        found = await self._call(self._redis.hget(CHANNELS, name))
        return found.decode(errors="replace") if found else ""

    async def keep_channel(self, name: str, its_id: str) -> None:
        """Keep the id of a channel."""
        await self._call(self._redis.hset(CHANNELS, name, its_id))

    async def first_press(self, name: str) -> bool:
        """Whether a press of a button is taken for the first time."""
        return bool(
            await self._call(self._redis.set(f"pw:{{alerts}}:card_press:{name}", b"1", nx=True, ex=KEEP_PRESS_S))
        )


def _key(name: str) -> str:
    return f"pw:{{alerts}}:card:{name}"


def _read(raw: bytes | None, decode: Any) -> Any:
    try:
        return None if raw is None else decode(raw)
    except UNREADABLE:
        return None
