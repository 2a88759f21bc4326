"""``pacewatch doctor`` asks the services of notifiers, real ones and ones that fail, and tells nobody anything."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from kpis.runtime.clock import wall_ms
from kpis.times import MINUTE_MS
from monitors.alerts.notifiers.known import KNOWN, configured
from monitors.alerts.notifiers.probing import UNSEEN
from monitors.alerts.notifiers.protocol import Askable
from monitors.alerts.outbox.queued import PARKED, Parked, encode_entry, encode_parked, lane_key
from monitors.alerts.stored import encode_alert
from monitors.settings import MonitorSettings
from pacewatch.doctor import notifying
from pacewatch.doctor.findings import Finding, Level
from tests.contract.monitors.test_service import running
from tests.kit.alertmanager import RealAlertmanager
from tests.kit.receiver import Receiver, receiver
from tests.kit.redis_server import redis_server
from tests.kit.slack_api import CHANNEL, TOKEN, Fault, fake_slack_api
from tests.kit.slack_samples import WARNING

SECRET = "s3cr3t"  # noqa: S105
NOBODY = "http://127.0.0.1:1"
BOT: dict[str, Any] = {"slack_bot_token": TOKEN, "slack_channel": CHANNEL}


async def said(**settings: Any) -> list[str]:
    """What is found of notifiers, a line each."""
    return [str(finding) for finding in await notifying.of_notifiers(MonitorSettings.load(**settings))]


@asynccontextmanager
async def mute_server() -> AsyncIterator[str]:
    """A server that takes connections and never answers."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.fixture
def web() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A doctor who does not wait for long."""
    monkeypatch.setattr(notifying, "ASK_S", 0.2)


@running
async def test_a_bot_is_asked_whose_it_is_and_posts_nothing() -> None:
    async with fake_slack_api() as api:
        where = {**BOT, "slack_api_url": api.url}
        assert await said(**where) == [
            f"OK    Slack lets the bot in, as pacewatch of Acme; {UNSEEN}",
            "OK    Slack tells of: critical, warning, check_in",
        ]
        assert (api.calls, api.messages) == (["auth.test"], [])
        for code in ("invalid_auth", "token_revoked"):
            api.errors["auth.test"] = code
            first = (await said(**where))[0]
            assert first.startswith(
                f"FAIL  Slack refuses the bot token: {code}: give PACEWATCH_SLACK_BOT_TOKEN the Bot"
            )
        api.errors.clear()
        api.faults = [("auth.test", Fault.PLAIN), ("auth.test", Fault.BROKEN), ("auth.test", Fault.REFUSED)]
        for words in (
            "does not answer as Slack does: ",
            "does not answer as Slack does: HTTP 500",
            "cannot be reached: ",
        ):
            first = (await said(**where))[0]
            assert first.startswith(f"FAIL  Slack {words}")
            assert "PACEWATCH_SLACK_API_URL" in first


@running
async def test_a_slack_webhook_is_reached_and_not_posted_to(web: Receiver) -> None:
    found = await said(slack_webhook_url=web.url("/services/T0/s3cr3t"))
    assert found[0] == "OK    Slack can be reached; whether it takes alerts is seen by: pacewatch alerts test"
    assert web.requests == []
    away = await said(slack_webhook_url=f"{NOBODY}/services/T0/s3cr3t")
    assert away[0].startswith("FAIL  Slack cannot be reached: nobody listens there: ")
    assert "PACEWATCH_SLACK_WEBHOOK_URL" in away[0]
    nowhere = await said(slack_webhook_url="http://no-such-host.invalid/s3cr3t")
    assert nowhere[0].startswith("FAIL  Slack cannot be reached: there is no host of that name: ")
    assert "s3cr3t" not in "".join(found + away + nowhere)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("settings", "who"),
    [
        (("slack_webhook_url",), "Slack"), (("webhook_url",), "Webhook"), (("alertmanager_url",), "Alertmanager"),
        (("slack_api_url",), "Slack"),
    ],
)  # fmt: skip
@running
async def test_one_that_takes_a_connection_and_says_nothing_is_waited_for_a_moment(
    settings: tuple[str, ...], who: str
) -> None:
    async with mute_server() as url:
        found = await said(**dict.fromkeys(settings, url), **(BOT if settings == ("slack_api_url",) else {}))
    assert found[0].startswith(f"FAIL  {who} cannot be reached: no answer within 0.2 s: ")


@running
async def test_an_alertmanager_shows_its_version_and_one_of_two_that_is_away_is_a_warning(tmp_path: Path) -> None:
    manager = RealAlertmanager(tmp_path)
    try:
        alone = await said(alertmanager_url=manager.url)
        assert alone[0].startswith("OK    Alertmanager answers, version 0.")
        assert "OK    Alertmanager tells of: critical, warning" in alone
        assert "WARN  nobody is told of: check_in: PACEWATCH_ROUTES" in alone
        both = await said(alertmanager_url=f"{manager.url},{NOBODY}")
        assert both[0].startswith("OK    Alertmanager 1 of 2 answers")
        assert both[1].startswith(
            "WARN  Alertmanager 2 of 2 cannot be reached: nobody listens there: start it, or mend"
        )
        beside = await said(alertmanager_url=f"{manager.url}/api/v2")
        assert beside[0].startswith(
            "FAIL  Alertmanager does not show its status: HTTP 404: PACEWATCH_ALERTMANAGER_URL is"
        )
        assert manager.told == []
    finally:
        manager.stop()


@running
async def test_what_is_no_alertmanager_or_does_not_let_us_in_is_said_with_a_cure() -> None:
    answers = {
        b"200 OK": "FAIL  Alertmanager is none: something else answers there: mend PACEWATCH_ALERTMANAGER_URL",
        b"401 Unauthorized": "FAIL  Alertmanager does not show its status: HTTP 401: set PACEWATCH_ALERTMANAGER_TOKEN",
        b"302 Found": "FAIL  Alertmanager does not show its status: HTTP 302: see its log",
    }
    for status, expected in answers.items():

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: bytes = status) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            found = await said(alertmanager_url=f"http://ana:s3cr3t@127.0.0.1:{port}")
        assert found[0].startswith(expected)
        assert "s3cr3t" not in found[0]


@pytest.mark.parametrize("setting", ["slack_webhook_url", "webhook_url"])
@running
async def test_the_secret_part_of_an_address_is_not_asked_for(setting: str) -> None:
    """What it leads to may take any request for a message."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await said(**{setting: f"http://ana:s3cr3t@127.0.0.1:{port}/services/s3cr3t?key=s3cr3t"})
    assert " can be reached" in found[0]
    (request,) = asked
    assert request.startswith(b"HEAD / HTTP/1.1")
    assert b"s3cr3t" not in request
    assert b"Authorization" not in request


@running
async def test_a_webhook_is_reached_at_its_host_and_gets_no_alert(web: Receiver) -> None:
    found = await said(webhook_url=web.url("/hook?key=s3cr3t"))
    assert found[0].startswith("OK    Webhook can be reached")
    assert found[1] == "WARN  Webhook: what is posted is not signed: set PACEWATCH_WEBHOOK_SECRET"
    assert web.requests == []
    away = await said(webhook_url=f"{NOBODY}/hook?key=s3cr3t", webhook_secret=SECRET)
    assert away[0] == "FAIL  Webhook cannot be reached: nobody listens there: start it, or mend PACEWATCH_WEBHOOK_URL"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"slack_signing_secret": "s3cr3t"},
         "PACEWATCH_SLACK_SIGNING_SECRET is not used: buttons are on the cards of a bot: set PACEWATCH_SLACK_BOT"),
        ({"slack_channel": CHANNEL}, "PACEWATCH_SLACK_CHANNEL is not used"),
        ({"alertmanager_token": "s3cr3t"}, "PACEWATCH_ALERTMANAGER_TOKEN is not used"),
        ({"webhook_secret": "s3cr3t"}, "PACEWATCH_WEBHOOK_SECRET is not used"),
        ({**BOT, "slack_api_url": NOBODY, "slack_webhook_url": f"{NOBODY}/s3cr3t"},
         "PACEWATCH_SLACK_WEBHOOK_URL is not used: the bot tells"),
    ],
)  # fmt: skip
@running
async def test_what_is_set_and_has_no_use_is_said(settings: dict[str, Any], line: str) -> None:
    found = "\n".join(await said(**settings))
    assert f"WARN  {line}" in found
    assert "s3cr3t" not in found


@pytest.mark.parametrize(
    ("routes", "why"),
    [
        ("critical=slack+slack", "'slack' is named twice in 'critical=slack+slack'"),
        ("critical=alertmanager", "'alertmanager' in 'critical=alertmanager' is not set up; there is: slack"),
    ],
)
@running
async def test_a_route_that_cannot_be_is_a_failure_and_services_are_asked_all_the_same(
    web: Receiver, routes: str, why: str
) -> None:
    found = await said(slack_webhook_url=web.url("/s3cr3t"), routes=routes)
    assert found[0].startswith("OK    Slack can be reached")
    assert found[1].startswith(f"FAIL  notifiers: PACEWATCH_ROUTES: {why}")
    unset = await said(routes="critical=slack")
    assert unset[0].startswith("FAIL  notifiers: PACEWATCH_ROUTES: 'slack' in 'critical=slack' is not set up")


@running
async def test_what_waits_for_long_and_what_was_given_up_is_said_and_what_just_came_is_not() -> None:
    message = encode_alert(WARNING)
    with redis_server() as port:
        settings = MonitorSettings.load(redis=f"redis://127.0.0.1:{port}/0")
        async with Redis(port=port) as redis:
            await redis.rpush(lane_key("webhook"), encode_entry(message, wall_ms()))
            assert await notifying.of_lanes(settings) == []
            await redis.rpush(lane_key("slack"), encode_entry(message, wall_ms() - 12 * MINUTE_MS))
            entry = encode_entry(message, 0).decode()
            await redis.rpush(PARKED, encode_parked(Parked("slack", "refused", 0, entry, "HTTP 404")))
            assert await notifying.of_lanes(settings) == [
                Finding(
                    Level.WARN,
                    "1 message waits for slack, the oldest for 12 min",
                    "the monitor's log says what its service answers",
                ),
                Finding(
                    Level.WARN,
                    "1 message was given up, the last by slack, refused (HTTP 404)",
                    "pacewatch alerts parked says why, and sends them again with --resend",
                ),
            ]


def test_every_notifier_there_is_can_be_asked() -> None:
    everything = {**BOT, "alertmanager_url": NOBODY, "webhook_url": NOBODY}
    made = [notifier for _, notifier in configured(MonitorSettings.load(**everything))]
    made += [notifier for _, notifier in configured(MonitorSettings.load(slack_webhook_url=NOBODY))]
    assert len(made) == len(KNOWN) + 1
    assert all(isinstance(one, Askable) for one in made)


def test_the_command_fails_when_a_service_does_and_says_no_secret(web: Receiver) -> None:
    own = {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")}
    env = own | {
        "PACEWATCH_KAFKA": "127.0.0.1:1",
        "PACEWATCH_REDIS": "redis://:s3cr3t@127.0.0.1:1/0",
        "PACEWATCH_SLACK_WEBHOOK_URL": web.url("/services/s3cr3t"),
        "PACEWATCH_ALERTMANAGER_URL": "http://ana:s3cr3t@127.0.0.1:1/s3cr3t",
        "PACEWATCH_WEBHOOK_URL": web.url("/hook?key=s3cr3t"),
        "PACEWATCH_WEBHOOK_SECRET": "s3cr3t",
        "PACEWATCH_SLACK_SIGNING_SECRET": "s3cr3t",
    }
    command = [sys.executable, "-m", "pacewatch", "doctor"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "FAIL  Alertmanager cannot be reached: nobody listens there" in done.stdout
    assert "OK    Slack can be reached" in done.stdout
    assert "s3cr3t" not in done.stdout + done.stderr
    assert "annabel" not in done.stdout + done.stderr
