"""Posting once: a message that may lie in Slack already is looked for before it is posted again."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.notifiers.slack.answers import BLIND, GONE, SlackFailed
from monitors.alerts.notifiers.slack.card_store import CardStore, Post
from monitors.alerts.notifiers.slack.cards import Message
from monitors.alerts.notifiers.slack.web_api import SlackApi

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Landed:
    """A message that was looked for and lies in Slack.

    Attributes:
        post: as it was begun, with the id of its channel.
        ts: the message.
        alerts: the ids of those asked for that are in it.
    """

    post: Post
    ts: str
    alerts: tuple[str, ...]


class Poster:
    """Posts, and finds what was posted.

    Args:
        api: of Slack.
        store: where it is written down.
    """

    def __init__(self, api: SlackApi, store: CardStore) -> None:
        self._api = api
        self._store = store

    async def post(
        self, post: Post, message: Message, alerts: Iterable[str], *, is_shown: bool = False
    ) -> tuple[str, str]:
        """Write down that a message is posted, and post it; gives the id of its channel, and the message.

        Args:
            post: where, and by which mark it is found again.
            message: what it says.
            alerts: the ids of those in it.
            is_shown: whether an answer in a thread is shown in the channel too.
        """
        ids = list(alerts)
        await self._store.begin(post, ids)
        try:
            channel, ts = await self._api.post(post.channel, message, post.mark, thread=post.thread, is_shown=is_shown)
        except SlackFailed as e:
            if e.answer.outcome in {Outcome.RATE_LIMITED, Outcome.REFUSED}:
                # Slack says that it is not there: nothing to be looked for.
                await self._store.give_up(ids)
            raise
        if channel != post.channel:
            await self._store.keep_channel(post.channel, channel)
        return channel, ts

    async def landed(self, alerts: Sequence[str]) -> list[Landed]:
        """The messages with these alerts that lie in Slack though nobody heard so; all others are given up."""
        begun: dict[Post, list[str]] = {}
        for alert, post in (await self._store.posts(alerts)).items():
            begun.setdefault(post, []).append(alert)
        found: list[Landed] = []
        for post, its in begun.items():
            channel = await self._channel_of(post)
            ts = await self._find(post, channel) if channel else None
            if ts is None:
                await self._store.give_up(its)
            else:
                placed = Post(post.mark, channel, post.at_ms, post.thread, post.card)
                found.append(Landed(placed, ts, tuple(its)))
        return found

    async def _channel_of(self, post: Post) -> str:
        known = await self._store.channel_id(post.channel)
        if known:
            return known
        try:
            return await self._api.channel_id(post.channel)
        except SlackFailed as e:
            return self._unseen(e)

    async def _find(self, post: Post, channel: str) -> str | None:
        try:
            return await self._api.find(channel, post.mark, post.at_ms, post.thread)
        except SlackFailed as e:
            return self._unseen(e) or None

    @staticmethod
    def _unseen(error: SlackFailed) -> str:
        """Nothing, where the bot may not look: better said twice than never."""
        if error.code not in BLIND | GONE:
            raise error
        _log.warning("Slack does not say whether a message arrived (%s); it is posted again", error.code)
        return ""
