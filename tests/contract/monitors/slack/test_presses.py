"""Buttons: what Slack signs is done, recorded and shown; all else is refused, and never with a 5xx of ours."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from redis.asyncio import Redis
from slack_sdk.signature import SignatureVerifier

from kpis.runtime.clock import Clock
from kpis.runtime.http.access import Access, AccessPolicy
from kpis.runtime.http.serving import Limits, serve
from kpis.times import HOUR_MS
from monitors.alerts.interventions import InterventionStore
from monitors.alerts.notifiers.slack.cards import ACKNOWLEDGE, MUTE, OPEN
from monitors.alerts.notifiers.slack.presses import PRESSES_PATH, Presses
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.view import View
from monitors.web import guarded, make_app
from tests.kit.monitor_fakes import until
from tests.kit.redis_server import redis_server
from tests.kit.slack_api import FakeSlackApi, Posted, fake_slack_api, pressed
from tests.kit.slack_lane import bot_of, deliver, delivery_of, put
from tests.kit.slack_samples import RESOLVED, WARNING

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105  of this test
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    with redis_server() as port:
        yield port


@dataclass
class Pressing:
    """A monitor's pages, with one card in Slack.

    Attributes:
        url: of the endpoint.
        card: the card's id, as its buttons send it.
    """

    url: str
    redis: Redis
    api: FakeSlackApi
    shown: Posted
    card: str = ""
    refused: Counter[Access] = field(default_factory=Counter)

    async def send(
        self,
        body: bytes,
        *,
        at_s: float | None = None,
        secret: str = SECRET,
        content_type: str = FORM,
        headers: dict[str, str] | None = None,
    ) -> int:
        """Send a body, signed; gives the status."""
        timestamp = str(int(time.time() if at_s is None else at_s))
        signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body.decode("latin-1"))
        signed = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature or ""}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=body, headers={"Content-Type": content_type, **signed, **(headers or {})}) as r,
        ):
            return r.status

    async def press(self, action: str, user: str = "ana", **how: Any) -> int:
        """Press a button of the card."""
        return await self.send(form(pressed(action, self.card, user)), **how)

    async def lines(self, count: int) -> list[str]:
        """The thread, once it has so many lines."""
        await until(lambda: len(self.api.thread(self.shown)) >= count)
        return [one.text for one in self.api.thread(self.shown)]


def form(payload: str) -> bytes:
    """A payload as Slack sends it."""
    return urlencode({"payload": payload}).encode()


@asynccontextmanager
async def pressing(port: int) -> AsyncIterator[Pressing]:
    """Serve pages that ask for a token, with one card told."""
    async with Redis(port=port) as redis, fake_slack_api() as api:
        await redis.flushall()
        bot = bot_of(redis, api, has_buttons=True)
        await put(redis, [WARNING])
        await deliver(await delivery_of(redis, bot))
        refused: Counter[Access] = Counter()
        presses = Presses(SecretStr(SECRET), bot, InterventionStore(redis, "test"), Clock())
        guards = [guarded(AccessPolicy(SecretStr("a-token")), refused)]
        app = make_app(View, Exporter(ExportPolicy(), refused), 5.0, None, guards, presses=presses)
        served = await serve(app, "127.0.0.1", 0, None, Limits())
        (shown,) = api.cards
        card = shown.body["metadata"]["event_payload"]["id"]
        url = f"http://127.0.0.1:{served.addresses[0][1]}{PRESSES_PATH}"
        try:
            yield Pressing(url, redis, api, shown, card, refused)
        finally:
            await served.close()


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run a coroutine function."""

    async def inner() -> None:
        async with asyncio.timeout(60):
            await main()

    asyncio.run(inner())


def test_who_acknowledges_is_recorded_and_shown_on_the_card_and_in_its_thread(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it:
            assert await it.press(ACKNOWLEDGE, "ana <!channel>") == 200
            (line,) = await it.lines(1)
            assert line.startswith("ana &lt;!channel&gt; takes care of it since ")
            done = await InterventionStore(it.redis, "test").read()
            assert done.acknowledged[WARNING.goal].by == "ana <!channel>"
            assert "takes care of it" in json.dumps(it.shown.body)
            assert len(it.api.cards) == 1

    run(main)


def test_a_mute_is_for_two_hours_and_says_by_whom(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it:
            assert await it.press(MUTE, "bo") == 200
            (line,) = await it.lines(1)
            assert line.endswith(" by bo")
            assert line.startswith("muted until ")
            (mute,) = (await InterventionStore(it.redis, "test").read()).mutes.values()
            assert (mute.campaign, mute.by, mute.until_ms - mute.from_ms) == (WARNING.campaign, "bo", 2 * HOUR_MS)
            assert "muted until" in json.dumps(it.shown.body)

    run(main)


def test_the_link_button_needs_nothing_but_an_answer(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it:
            assert await it.press(OPEN) == 200
            assert it.api.thread(it.shown) == []

    run(main)


def test_what_is_not_signed_by_slack_is_refused_and_counted(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it:
            body = form(pressed(ACKNOWLEDGE, it.card))
            now = time.time()
            assert await it.send(body, secret="another") == 401  # noqa: S106
            assert await it.send(body, at_s=now - 301) == 401
            assert await it.send(body, at_s=now + 330) == 401
            assert await it.send(body, headers={"X-Slack-Signature": ""}) == 401
            assert await it.send(body, headers={"X-Slack-Signature": "v0=é"}) == 401
            for timestamp in ("", "x", "-1", "1e9", "9" * 400, "٣"):
                assert await it.send(body, headers={"X-Slack-Request-Timestamp": timestamp}) == 401
            assert it.refused[Access.WRONG] == 11
            assert (await InterventionStore(it.redis, "test").read()).acknowledged == {}

    run(main)


def test_a_request_that_is_sent_again_is_refused(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it:
            body, at_s = form(pressed(ACKNOWLEDGE, it.card)), time.time()
            assert await it.send(body, at_s=at_s) == 200
            assert await it.send(body, at_s=at_s) == 409
            assert await it.press(MUTE, at_s=at_s) == 200, "another one of the same second is none"
            assert len(await it.lines(2)) == 2

    run(main)


def test_what_is_signed_and_no_press_is_refused(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it:
            assert await it.press("another_apps_button") == 404
            assert await it.send(b"{}", content_type="application/json") == 415
            assert await it.send(b"x" * 600_000) == 413
            for body in (
                b"",
                b"payload=",
                b"payload=%7B%7D",
                b"a=b",
                b"\xff\xfe",
                form("[]"),
                b"&".join([b"a=b"] * 9),
            ):
                assert await it.send(body) in {400, 401}
            foreign = json.loads(pressed(ACKNOWLEDGE, it.card)) | {"type": "view_submission"}
            assert await it.send(form(json.dumps(foreign))) == 400
            assert await it.send(form(json.dumps(foreign | {"type": "block_actions", "actions": []}))) == 400

    run(main)


def test_a_card_that_is_over_or_unknown_is_not_acted_on(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it:
            assert await it.send(form(pressed(ACKNOWLEDGE, "nothing"))) == 200
            await put(it.redis, [RESOLVED])
            await deliver(await delivery_of(it.redis, bot_of(it.redis, it.api)))
            assert await it.press(ACKNOWLEDGE) == 200
            assert (await InterventionStore(it.redis, "test").read()).acknowledged == {}

    run(main)


def test_what_is_done_is_kept_when_slack_cannot_be_told(server: int, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with pressing(server) as it:
            it.api.errors["chat.update"] = "fatal_error"
            assert await it.press(ACKNOWLEDGE) == 200
            await until(lambda: "Slack could not be told: fatal_error" in caplog.text)
            assert (await InterventionStore(it.redis, "test").read()).acknowledged

    run(main)


def test_with_redis_away_a_press_is_answered_as_not_taken() -> None:
    async def main() -> None:
        with redis_server() as port:
            async with pressing(port) as it:
                await it.redis.shutdown(nosave=True)
                assert await it.press(ACKNOWLEDGE) == 503

    run(main)


def test_there_is_no_such_page_without_a_secret_and_pages_still_ask_for_theirs(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it, aiohttp.ClientSession() as session:
            for path in ("/metrics", f"{PRESSES_PATH}/", "/slack"):
                async with session.get(it.url.replace(PRESSES_PATH, path)) as reply:
                    assert reply.status == 401
            async with session.get(it.url) as reply:
                assert reply.status == 405
        app = make_app(View, Exporter(ExportPolicy(), Counter()), 5.0)
        assert PRESSES_PATH not in {resource.canonical for resource in app.router.resources()}

    run(main)


def test_no_signed_body_whatever_it_holds_is_an_error_of_ours(server: int) -> None:
    async def main() -> None:
        async with pressing(server) as it:

            async def one(body: bytes) -> None:
                assert await it.send(body) < 500

            for body in bodies:
                await one(body)

    bodies: list[bytes] = []

    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=200) | st.recursive(JSON, nested, max_leaves=9).map(json.dumps).map(form))
    def collect(body: bytes) -> None:
        bodies.append(body)

    collect()
    run(main)


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=20)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, and what looks like a press."""
    names = st.sampled_from(["type", "user", "actions", "id", "action_id", "value"])
    return st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4)
