"""A bot of Slack: a card for each alert, edited as it changes, its history in the thread; a digest when many change.

What was told is kept in Redis alert by alert, so that an attempt that stops half way goes on where it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import msgspec

from kpis.runtime.clock import wall_ms
from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.check_in import CheckIn
from monitors.alerts.interventions import InterventionStore
from monitors.alerts.notifiers.protocol import Answer, Asked, Grouping, Outcome
from monitors.alerts.notifiers.slack.answers import FIXED, GONE, UNTOLD, SlackFailed
from monitors.alerts.notifiers.slack.card_changes import changed, new_card, rounds
from monitors.alerts.notifiers.slack.card_store import Card, CardStore, Post
from monitors.alerts.notifiers.slack.cards import Message
from monitors.alerts.notifiers.slack.check_in_card import render_check_in, render_check_ins
from monitors.alerts.notifiers.slack.digest import digest_of, is_digest, render_digest
from monitors.alerts.notifiers.slack.picture import DrawnLine, drawn
from monitors.alerts.notifiers.slack.poster import Landed, Poster
from monitors.alerts.notifiers.slack.wardrobe import Wardrobe, is_news
from monitors.alerts.notifiers.slack.web_api import SlackApi
from monitors.alerts.sentences import picture_title

_log = logging.getLogger(__name__)
Lines = Callable[[Alert], Awaitable[DrawnLine | None]]
"""Answers the pace line of an alert's goal."""


class SlackBot:
    """Tells through Slack's Web API.

    Args:
        api: of Slack.
        channel: where campaigns are told that have no channel of their own: its id, or its name with ``#``.
        wardrobe: how cards are dressed.
        grouping: how messages are put together.
    """

    name = "slack"
    title = "Slack"

    def __init__(
        self,
        api: SlackApi,
        channel: str,
        wardrobe: Wardrobe,
        grouping: Grouping = Grouping(),  # noqa: B008  frozen
    ) -> None:
        self.timeout_s = api.timeout_s
        self.grouping = grouping
        self._api = api
        self._channel = channel
        self._wardrobe = wardrobe
        self._lines: Lines | None = None
        self._new: list[Card] = []

    def __repr__(self) -> str:
        """Without the token."""
        return "SlackBot()"

    def remember_in(self, redis: Any, address: str) -> None:
        """Say where cards are kept; before anything is sent.

        Args:
            redis: a client that returns bytes.
            address: where it is, without credentials, for errors.
        """
        self._store = CardStore(redis, address)
        self._poster = Poster(self._api, self._store)
        self._done = InterventionStore(redis, address)

    def draw(self, lines: Lines) -> None:
        """Put a picture of its pace line into the thread of each new card.

        Args:
            lines: answers the line of an alert's goal; None for none.
        """
        self._lines = lines

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Tell what of these was not told; never raises for what the network or Slack does.

        Raises:
            Unreachable: Redis does not answer.
        """
        try:
            told = await self._store.told([alert.id for alert in alerts])
            left = [alert for alert in alerts if alert.id not in told]
            landed = await self._poster.landed([alert.id for alert in left])
            for one in landed:
                await self._resume(one, [alert for alert in left if alert.id in one.alerts])
            seen = {name for one in landed for name in one.alerts}
            for part in rounds([alert for alert in left if alert.id not in seen]):
                await self._tell(part)
        except SlackFailed as e:
            return e.answer
        await self._illustrate()
        return Answer(Outcome.SENT, "ok")

    async def ask(self, timeout_s: float) -> list[Asked]:
        """See whether Slack lets the bot in; nothing is posted."""
        return [await self._api.ask(timeout_s)]

    async def say(self, card: Card, text: str) -> None:
        """Show what someone did about a card: on it, and in its thread.

        Raises:
            SlackFailed: it cannot be shown.
        """
        message = self._wardrobe.card(card, await self._done.read())
        await self._api.update(card.channel, card.ts, message, card.id)
        await self._api.post(card.channel, self._wardrobe.line(text), uuid4().hex, thread=card.ts)

    async def card(self, name: str) -> Card | None:
        """A card by its id; None when there is none.

        Raises:
            Unreachable: Redis does not answer.
        """
        return await self._store.card(name)

    async def first_press(self, name: str) -> bool:
        """Whether a press of a button is taken for the first time.

        Raises:
            Unreachable: Redis does not answer.
        """
        return await self._store.first_press(name)

    async def _tell(self, alerts: Sequence[Outgoing]) -> None:
        """Alerts of which no two are of one goal."""
        changes = [alert for alert in alerts if isinstance(alert, Alert)]
        cards = await self._store.cards_of([alert.goal for alert in changes])
        known = [alert for alert in changes if alert.goal in cards and alert.change.follows]
        is_known = {alert.id for alert in known}
        new = [alert for alert in changes if alert.id not in is_known]
        await self._check_in([alert for alert in alerts if isinstance(alert, CheckIn)])
        for channel in dict.fromkeys(map(self._where, new)):
            await self._open(channel, [alert for alert in new if self._where(alert) == channel])
        summed = await self._sum_up([alert for alert in known if is_news(alert)])
        for its in _by_card(known, cards):
            is_shown = any(is_news(alert) and alert.id not in summed for alert in its)
            await self._follow(cards[its[0].goal], its, is_shown=is_shown)

    async def _check_in(self, check_ins: Sequence[CheckIn]) -> None:
        for channel in dict.fromkeys(map(self._where, check_ins)):
            here = [one for one in check_ins if self._where(one) == channel]
            groups = [here] if len(here) >= self.grouping.digest_from else [[one] for one in here]
            for group in groups:
                links, ids = self._wardrobe.links, [one.id for one in group]
                message = render_check_in(group[0], links) if len(group) == 1 else render_check_ins(group, links)
                await self._post(Post(uuid4().hex, channel, wall_ms()), message, ids)
                await self._store.done(ids, wall_ms())

    async def _open(self, channel: str, alerts: Sequence[Alert]) -> None:
        """Post new cards, or one digest for all."""
        if is_digest(alerts, self.grouping.digest_from):
            await self._place(new_card(channel, alerts, wall_ms()))
            return
        for alert in alerts:
            await self._place(new_card(channel, [alert], wall_ms()))

    async def _place(self, card: Card) -> None:
        await self._store.keep(card)
        message = self._wardrobe.card(card, await self._done.read())
        post = Post(card.id, card.channel, card.at_ms, card=card.id)
        channel, ts = await self._post(post, message, card.first)
        placed = msgspec.structs.replace(card, channel=channel, ts=ts)
        await self._settle(placed)
        self._new.append(placed)

    async def _post(self, post: Post, message: Message, alerts: Sequence[str]) -> tuple[str, str]:
        """Post what answers to none; where a campaign's own channel cannot be told in, then in everybody's."""
        try:
            return await self._poster.post(post, message, alerts)
        except SlackFailed as e:
            if e.code not in UNTOLD or post.channel == self._channel:
                raise
            _log.warning("Slack channel %s cannot be told in (%s): %s is told", post.channel, e.code, self._channel)
        return await self._poster.post(msgspec.structs.replace(post, channel=self._channel), message, alerts)

    async def _illustrate(self) -> None:
        """Pictures for cards that are new, once all is told: one that cannot be had is not tried again."""
        new, self._new = self._new, []
        for card in new if self._lines is not None else ():
            line = None if card.alert is None or self._lines is None else await self._lines(card.alert)
            if line is None or card.alert is None or not card.goals:
                continue
            try:
                await self._api.upload(card.channel, card.ts, drawn(line), picture_title(card.alert))
            except SlackFailed as e:
                _log.info("no picture of the pace line in Slack: %s", e)

    async def _settle(self, card: Card) -> None:
        """A card lies in Slack: keep where, and that its alerts were told."""
        await self._store.keep(card)
        await self._store.attach(dict.fromkeys(card.goals, card.id), card.over)
        await self._store.done(card.first, wall_ms())

    async def _sum_up(self, news: Sequence[Alert]) -> set[str]:
        """Say in one message what of many cards is to be seen in the channel; gives the alerts of which that is said.

        What an alert is known by here ends with a plus: its line in its thread is another message.
        """
        names = {f"{alert.id}+": alert for alert in news}
        said = await self._store.told(list(names))
        for one in await self._poster.landed([name for name in names if name not in said]):
            await self._store.done(one.alerts, wall_ms())
            said |= set(one.alerts)
        left = {name: alert for name, alert in names.items() if name not in said}
        for channel in dict.fromkeys(map(self._where, left.values())):
            here = {name: alert for name, alert in left.items() if self._where(alert) == channel}
            if is_digest(list(here.values()), self.grouping.digest_from):
                message = render_digest(digest_of(list(here.values())), links=self._wardrobe.links)
                await self._post(Post(uuid4().hex, channel, wall_ms()), message, list(here))
                await self._store.done(list(here), wall_ms())
                said |= set(here)
        return {names[name].id for name in said}

    async def _follow(self, card: Card, alerts: Sequence[Alert], *, is_shown: bool) -> None:
        """Edit a card for what became of it, and say so in its thread."""
        after = changed(card, alerts)
        try:
            await self._api.update(card.channel, card.ts, self._wardrobe.card(after, await self._done.read()), card.id)
        except SlackFailed as e:
            if e.code in GONE:
                # Someone deleted it.
                await self._open(card.channel, alerts)
                return
            if e.code not in FIXED:
                raise
        post = Post(uuid4().hex, card.channel, wall_ms(), card.ts, card.id)
        ids = [alert.id for alert in alerts]
        await self._poster.post(post, self._wardrobe.history(alerts), ids, is_shown=is_shown)
        await self._conclude(after, ids)

    async def _conclude(self, card: Card, told: Sequence[str]) -> None:
        await self._store.keep(card)
        await self._store.attach({}, card.over)
        await self._store.done(told, wall_ms())

    async def _resume(self, one: Landed, alerts: Sequence[Outgoing]) -> None:
        """What was to be done after a message was posted, whose answer never came."""
        card = await self._store.card(one.post.card) if one.post.card else None
        if card is None:
            await self._store.done(one.alerts, wall_ms())
        elif one.post.thread:
            changes = [alert for alert in alerts if isinstance(alert, Alert)]
            await self._conclude(changed(card, changes), one.alerts)
        else:
            await self._settle(msgspec.structs.replace(card, channel=one.post.channel, ts=one.ts))

    def _where(self, alert: Outgoing) -> str:
        return alert.slack_channel or self._channel


def _by_card(alerts: Sequence[Alert], cards: Mapping[str, Card]) -> list[list[Alert]]:
    """Alerts that are in one card, together."""
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(cards[alert.goal].id, []).append(alert)
    return list(found.values())
