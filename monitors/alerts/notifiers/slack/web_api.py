"""Slack's Web API, as much of it as cards need. The token is a secret, and is in no log, error or metric.

An answer that was lost says nothing about whether the message was posted: each message carries a mark in its metadata,
by which it is found again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from kpis.runtime.printable import printable
from monitors.alerts.notifiers.probing import UNSEEN, late
from monitors.alerts.notifiers.protocol import Answer, Asked, Outcome
from monitors.alerts.notifiers.slack.answers import TOKEN_IS_BAD, SlackFailed, failed
from monitors.alerts.notifiers.slack.cards import Message
from monitors.alerts.notifiers.slack.webhook import TIMEOUT_S, silent

EVENT = "pacewatch_alert"
"""The type of the metadata."""
_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{5,30}", re.ASCII)
_PAGE = 200
_MOST_PAGES = 50
_SKEW_S = 300
"""By so much Slack's clock may be behind ours."""
_AWAY = "let the monitor reach Slack, or mend PACEWATCH_SLACK_API_URL"
_BAD_TOKEN = "give PACEWATCH_SLACK_BOT_TOKEN the Bot User OAuth Token of the app's page, once it is installed"  # noqa: S105


class SlackApi:
    """The calls that cards need.

    Args:
        token: of the bot, a secret.
        base_url: where the Web API is.
        timeout_s: how long one call may take.

    Every method raises :class:`~monitors.alerts.notifiers.slack.answers.SlackFailed` when it did not do what it should.
    """

    def __init__(self, token: SecretStr, base_url: str, timeout_s: int = TIMEOUT_S) -> None:
        self.timeout_s = float(timeout_s)
        self._client = AsyncWebClient(
            token.get_secret_value(), base_url, timeout_s, logger=silent(__name__), retry_handlers=[]
        )

    def __repr__(self) -> str:
        """Without the token."""
        return "SlackApi()"

    async def ask(self, timeout_s: float) -> Asked:
        """Whose the token is; unlike other calls it gives what goes wrong, and does not raise it.

        Args:
            timeout_s: how long it may take, real seconds.
        """
        try:
            async with asyncio.timeout(timeout_s):
                said = await self._call("auth.test")
        except TimeoutError:
            return Asked("Slack", is_well=False, said=f"cannot be reached: {late(timeout_s)}", cure=_AWAY)
        except SlackFailed as e:
            return _not_well(e)
        bot, team = (printable(str(said.get(name, "?")))[:80] for name in ("user", "team"))
        return Asked("Slack", is_well=True, said=f"lets the bot in, as {bot} of {team}; {UNSEEN}")

    async def post(
        self, channel: str, message: Message, mark: str, *, thread: str = "", is_shown: bool = False
    ) -> tuple[str, str]:
        """Post a message.

        Args:
            channel: its id, or its name with ``#``.
            message: what it says.
            mark: by which it is found again.
            thread: the message it answers to; empty for none.
            is_shown: whether an answer is shown in the channel too.

        Returns:
            The id of the channel, and the message's own (``ts``).
        """
        more: dict[str, Any] = {"thread_ts": thread, "reply_broadcast": is_shown} if thread else {}
        said = await self._call("chat.postMessage", json={"channel": channel, **_body(message, mark), **more})
        return _text(said, "channel"), _text(said, "ts")

    async def update(self, channel: str, ts: str, message: Message, mark: str) -> None:
        """Change a message."""
        await self._call("chat.update", json={"channel": channel, "ts": ts, **_body(message, mark)})

    async def find(self, channel: str, mark: str, since_ms: int, thread: str = "") -> str | None:
        """The message with a mark; None when there is none.

        Args:
            channel: its id.
            mark: which.
            since_ms: when it was posted, at the earliest, real time.
            thread: the message it answers to; empty for one that answers to none.
        """
        where = {"channel": channel, "oldest": f"{since_ms / 1000 - _SKEW_S:.6f}", "include_all_metadata": "true"}
        method = "conversations.replies" if thread else "conversations.history"
        async for page in self._pages(method, where | ({"ts": thread} if thread else {})):
            for message in _dicts(page, "messages"):
                found = message.get("metadata")
                payload = found.get("event_payload") if isinstance(found, dict) else None
                if isinstance(payload, dict) and payload.get("id") == mark:
                    return _text(message, "ts")
        return None

    async def upload(self, channel: str, thread: str, picture: bytes, title: str) -> None:
        """Put a picture into a thread.

        Args:
            channel: its id.
            thread: the message it answers to.
            picture: a PNG.
            title: what it shows.
        """
        with _errors():
            await self._client.files_upload_v2(
                filename="pace.png", content=picture, title=title, alt_txt=title, channel=channel, thread_ts=thread
            )

    async def channel_id(self, channel: str) -> str:
        """The id of a channel that is named with ``#``; empty when the bot sees none of that name."""
        if _CHANNEL_ID.fullmatch(channel):
            return channel
        where = {"types": "public_channel,private_channel", "exclude_archived": "true"}
        async for page in self._pages("conversations.list", where):
            for one in _dicts(page, "channels"):
                if one.get("name") == channel.removeprefix("#"):
                    return _text(one, "id")
        return ""

    async def _pages(self, method: str, where: dict[str, str]) -> AsyncIterator[dict[str, Any]]:
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._call(method, data={**where, "limit": str(_PAGE), "cursor": cursor})
            yield page
            more = page.get("response_metadata")
            cursor = str(more.get("next_cursor") or "") if isinstance(more, dict) else ""
            if not cursor:
                return

    async def _call(self, method: str, **body: Any) -> dict[str, Any]:
        with _errors():
            said = (await self._client.api_call(method, **body)).data
            return said if isinstance(said, dict) else {}


def _not_well(error: SlackFailed) -> Asked:
    """What went wrong when Slack was asked."""
    if error.code in TOKEN_IS_BAD:
        return Asked("Slack", is_well=False, said=f"refuses the bot token: {error}", cure=_BAD_TOKEN)
    is_away = error.answer.outcome is Outcome.UNREACHABLE
    said = f"cannot be reached: {error}" if is_away else f"does not answer as Slack does: {error}"
    return Asked("Slack", is_well=False, said=said, cure=_AWAY)


@contextmanager
def _errors() -> Iterator[None]:
    """What goes wrong with a call, as what it means."""
    try:
        yield
    except SlackApiError as e:
        raise failed(e) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as e:
        raise SlackFailed(Answer(Outcome.UNREACHABLE, type(e).__name__)) from None
    except (SlackClientError, AttributeError, ValueError) as e:
        # What answered is not Slack, but something in between: the client takes plain text for a document.
        raise SlackFailed(Answer(Outcome.SERVER_ERROR, type(e).__name__)) from None


def _body(message: Message, mark: str) -> dict[str, Any]:
    return {
        "text": message.text,
        "attachments": list(message.attachments),
        "metadata": {"event_type": EVENT, "event_payload": {"id": mark}},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _text(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        raise SlackFailed(Answer(Outcome.SERVER_ERROR, f"an answer without {name}"))
    return value


def _dicts(page: dict[str, Any], name: str) -> list[dict[str, Any]]:
    with suppress(TypeError):
        return [one for one in page.get(name, ()) if isinstance(one, dict)]
    return []
