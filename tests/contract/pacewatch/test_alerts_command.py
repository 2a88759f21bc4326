"""``pacewatch alerts`` against a real Redis that a monitor wrote to, and a real HTTP server in Slack's place."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from monitors.alerts.interventions import InterventionStore
from monitors.alerts.outbox import STATE, TOLD
from monitors.alerts.outbox.queued import PARKED
from tests.contract.monitors.test_service import GOALS, clock_at, monitor, running, seed_day
from tests.kit.monitor_fakes import NOON, fake_slack, until
from tests.kit.redis_server import redis_server
from tests.kit.slack_api import CHANNEL, TOKEN, fake_slack_api

CLOCK = clock_at(NOON)
"""One for all commands: a mute begins when it is set."""


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


async def alerts(port: int, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run ``pacewatch alerts`` as a process."""
    variables = os.environ | {
        "PACEWATCH_REDIS": f"redis://127.0.0.1:{port}/0",
        "PACEWATCH_CLOCK": CLOCK,
        **env,
    }
    command = [sys.executable, "-m", "pacewatch", "alerts", *args]
    return await asyncio.to_thread(subprocess.run, command, env=variables, capture_output=True, text=True, check=False)


@running
async def test_what_fires_is_listed_shown_acknowledged_and_muted(port: int, tmp_path: Any) -> None:
    goals = tmp_path / "goals.yaml"
    goals.write_text(GOALS)
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        async with monitor(port, goals, slack):
            await until(lambda: bool(slack.delivered))
            listed = (await alerts(port, "list")).stdout
            assert "▲ c42 spend" in listed
            assert "Spring <launch> & more: spend is critical (under)" in listed
            assert "is critical (under): 300 of the 500 EUR expected by now" in listed
            assert "…" not in listed, "a pipe gets whole lines"
            narrow = (await alerts(port, "list", COLUMNS="40")).stdout
            assert max(map(len, narrow.splitlines())) == 40
            shown = (await alerts(port, "show", "c42")).stdout
            assert "Expected: 500" in shown
            assert "told by: slack" in shown

            assert (await alerts(port, "ack", "c42", "--by", "ana", "--note", "budget moved")).returncode == 0
            assert (
                await alerts(port, "mute", "c42", "--for", "30m", "--why", "rebooked", "--by", "ana")
            ).returncode == 0
            found = json.loads((await alerts(port, "list", "--json")).stdout)
            (one,) = found["alerts"]
            assert (one["campaign"], one["goal"], one["status"], one["told_by"]) == (
                "c42",
                "spend",
                "critical",
                ["slack"],
            )
            assert (one["acknowledged_by"], one["is_muted"]) == ("ana", True)
            assert [(m["campaign"], m["by"], m["why"]) for m in found["mutes"]] == [("c42", "ana", "rebooked")]
            assert "acknowledged by ana, muted" in (await alerts(port, "list")).stdout

            assert (await alerts(port, "unmute", "c42")).returncode == 0
            assert (await alerts(port, "unmute", "c42")).returncode == 2, "nothing is muted any more"
            done = await InterventionStore(redis, "test").read()
            assert (done.mutes, [a.note for a in done.acknowledged.values()]) == ({}, ["budget moved"])


@running
async def test_an_empty_redis_fires_nothing_and_what_is_not_there_is_a_clear_error(port: int) -> None:
    listed = await alerts(port, "list")
    assert (listed.returncode, listed.stdout) == (0, "no alert fires\n")
    wrong = [
        (("ack", "nope"), "no alert fires for 'nope'"),
        (("mute",), "name a campaign, or --every"),
        (("mute", "c1", "--every"), "name a campaign, or --every"),
        (("mute", "c1", "--for", "soon"), "'soon' is no duration"),
        (("mute", "c1", "--for", "0"), "none or too long"),
        (("mute", "c1", "--for", "365d"), "none or too long"),
        (("test",), "none is set up"),
    ]
    for args, said in wrong:
        found = await alerts(port, *args)
        assert (found.returncode, said in found.stderr) == (2, True), (args, found.stderr)
        assert found.stderr.count("\n") == 1
    away = await alerts(1, "list")
    assert (away.returncode, "does not answer" in away.stderr) == (1, True)


@running
async def test_a_sample_of_each_kind_is_sent_and_a_refusal_is_said(port: int) -> None:
    async with fake_slack() as slack:
        sent = await alerts(port, "test", PACEWATCH_SLACK_WEBHOOK_URL=slack.url)
        assert sent.returncode == 0, sent.stderr
        assert [line.split(": ")[1] for line in sent.stdout.splitlines()] == [
            "fired", "worsened", "resolved", "check-in",
        ]  # fmt: skip
        assert all("Pacewatch test, please ignore" in body["text"] for body in slack.delivered)
        slack.answers = [(404, {})]
        refused = await alerts(port, "test", PACEWATCH_SLACK_WEBHOOK_URL=slack.url)
        assert refused.returncode == 1
        assert "refused (HTTP 404)" in refused.stdout
        away = await alerts(
            port, "test", PACEWATCH_WEBHOOK_URL="http://127.0.0.1:1/", PACEWATCH_SLACK_WEBHOOK_URL=slack.url
        )
        webhook = [line for line in away.stdout.splitlines() if line.startswith("webhook")]
        assert webhook == ["webhook: fired: unreachable (ClientConnectorError), so nothing else is tried"]
        assert (away.returncode, away.stdout.count("Slack: ")) == (1, 4)
        assert "s3cr3t" not in sent.stdout + refused.stdout + refused.stderr


@running
async def test_samples_of_a_bot_are_one_card_that_changes_and_a_check_in_and_leave_nothing_behind(port: int) -> None:
    async with Redis(port=port) as redis, fake_slack_api() as api:
        bot = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_CHANNEL": CHANNEL, "SLACK_API_URL": api.url}
        env = {f"PACEWATCH_{name}": value for name, value in bot.items()}
        for times in (1, 2):
            sent = await alerts(port, "test", **env)
            assert (sent.returncode, sent.stdout.count("sent (ok)"), sent.stderr) == (0, 4, "")
            card, check_in = api.cards[-2:]
            assert len(api.cards) == 2 * times
            assert (card.edits, len(api.thread(card)), check_in.edits) == (2, 2, 0)
        assert not await redis.exists(STATE, TOLD), "no alert of the test is listed"
        api.errors["chat.postMessage"] = "channel_not_found"
        refused = await alerts(port, "test", **env)
        assert (refused.returncode, "refused (channel_not_found)" in refused.stdout) == (1, True)
    away = await alerts(1, "test", **env)
    assert (away.returncode, away.stderr.count("\n")) == (1, 1)


@running
async def test_what_was_given_up_is_shown_with_its_reason_and_sent_again(port: int, tmp_path: Path) -> None:
    goals = tmp_path / "goals.yaml"
    goals.write_text(GOALS)
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        slack.answers = [(404, {})]
        async with monitor(port, goals, slack):

            async def is_parked() -> bool:
                return bool(await redis.llen(PARKED))

            await until(is_parked)
            shown = (await alerts(port, "parked")).stdout
            assert "slack, refused (HTTP 404): Spring <launch> & more: spend is critical (under)" in shown
            assert not slack.delivered
            (one,) = json.loads((await alerts(port, "list", "--json")).stdout)["alerts"]
            assert (one["told_by"], one["not_told_by"]) == ([], {"slack": "refused (HTTP 404)"})
            assert "not told by slack: refused (HTTP 404)" in (await alerts(port, "list")).stdout
            untold = (await alerts(port, "show", "c42")).stdout
            assert "told by: nobody\n" in untold
            assert untold.count("not told by") == 1
            assert "not told by: slack, refused (HTTP 404), see pacewatch alerts parked" in untold
            assert "1 of 1 message sent again" in (await alerts(port, "parked", "--resend")).stdout
            await until(lambda: len(slack.delivered) == 1)
            assert (await alerts(port, "parked")).stdout == "no message was given up\n"
            assert "told by: slack\n" in (await alerts(port, "show", "c42")).stdout
