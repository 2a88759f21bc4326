"""The whole monitor against a real Redis and a real HTTP server in Slack's place."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from kpis.measures import Row
from kpis.runtime.errors import Misconfigured
from kpis.times import QUARTER_MS
from monitors import service
from monitors.alerts.outbox import LEADER, STATE
from monitors.alerts.outbox.queued import PARKED, lane_key
from monitors.settings import MonitorSettings
from tests.kit.monitor_fakes import DAY, HOUR, MIDNIGHT, NOON, FakeSlack, Seed, fake_slack, row, until
from tests.kit.redis_server import free_port, redis_server

LANE = lane_key("slack")
QUARTERS = 48
"""Of half a day."""
GOALS = """
campaigns:
  - campaign: c42
    name: Spring <launch> & more
    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}
    goals:
      - {total: spend, target: 1000, rule: threshold}
  - campaign: fine
    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}
    goals:
      - {total: spend, target: 1000, rule: threshold}
"""


@pytest.fixture
def port() -> Iterator[int]:
    with redis_server() as port:
        yield port


@pytest.fixture
def goals(tmp_path: Path) -> Path:
    path = tmp_path / "goals.yaml"
    path.write_text(GOALS)
    return path


def clock_at(at_ms: int) -> str:
    """A clock that shows ``at_ms`` now and runs like the real one."""
    return f"1x@{at_ms}/{time.time_ns() // 1_000_000}"


@asynccontextmanager
async def monitor(port: int, goals: Path | None, slack: FakeSlack | None, **more: Any) -> AsyncIterator[str]:
    """Run the service as a task; gives its base URL, and stops it by cancelling."""
    web_port = free_port()
    settings = MonitorSettings.load(
        redis=f"redis://127.0.0.1:{port}/0",
        goals=goals,
        slack_webhook_url=slack.url if slack else None,
        monitor_port=web_port,
        refresh_s=0.05,
        alert_gather_s=more.pop("alert_gather_s", 0),
        clock=more.pop("clock", clock_at(NOON)),
        **more,
    )
    task = asyncio.create_task(service.run(settings))
    try:
        await until(lambda: task.done() or _listens(web_port))
        if task.done():
            await task
        yield f"http://127.0.0.1:{web_port}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def get(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of a GET."""
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, await response.text()


async def is_ready(base: str) -> bool:
    """Whether /readyz says so."""
    return (await get(f"{base}/readyz"))[0] == 200


async def seed_day(redis: Redis, spend: int, fine: int = 500_000_000) -> Seed:
    """Half a day, evenly: c42 spent ``spend`` micros so far, ``fine`` half of its budget."""
    seed = Seed(redis)
    await seed.layout()
    for partition, series, amount in ((0, "c42", spend), (1, "fine", fine)):
        counts = row(impressions=100_000, clicks=2_000, conversions=40, spend=amount, revenue=3 * amount)
        await seed.meta(partition, NOON, accepted__click=2_000, rejected__click__not_json=3, **{"lag__ads.clicks": 7})
        await seed.series(partition, series, NOON, {"1h": row(8_000, 160), "24h": counts, "total": counts})
        for quarter in range(QUARTERS):
            await seed.history(partition, series, MIDNIGHT + quarter * QUARTER_MS, part_of(counts, quarter))
    return seed


def part_of(counts: Row, quarter: int) -> Row:
    """What of them came in one quarter hour of half a day, so that all of them add up to it."""
    return tuple(n * (quarter + 1) // QUARTERS - n * quarter // QUARTERS for n in counts)


def values(text: str) -> dict[str, float]:
    """Samples by ``name{label=value,...}``, labels in order of their names."""
    found = {}
    for family in text_string_to_metric_families(text):
        for s in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(s.labels.items()))
            found[f"{s.name}{{{labels}}}"] = s.value
    return found


def running(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test coroutine on its own loop."""

    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


@running
async def test_a_campaign_behind_its_pace_is_on_metrics_and_told_to_slack_once(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        async with monitor(port, goals, slack) as base:
            await until(lambda: _sample(base, "pacewatch_notifier_attempts_total{notifier=slack,outcome=sent}", 1))
            await until(lambda: is_ready(base))
            got = values((await get(f"{base}/metrics"))[1])
            assert got["pacewatch_pace_ratio{campaign=c42,goal=spend}"] == pytest.approx(0.6)
            assert got["pacewatch_pace_expected{campaign=c42,goal=spend,unit=EUR}"] == 500
            assert got["pacewatch_pace_projected{campaign=c42,goal=spend,unit=EUR}"] == 600
            assert got["pacewatch_pace_status{campaign=c42,goal=spend,status=critical}"] == 1
            assert got["pacewatch_pace_status{campaign=fine,goal=spend,status=on_pace}"] == 1
            assert got["pacewatch_spend{campaign=c42,currency=EUR}"] == 300
            assert got["pacewatch_ctr_ratio{campaign=c42,window=total}"] == pytest.approx(0.02)
            assert got["pacewatch_ctr_ratio{campaign=c42,window=1h}"] == pytest.approx(0.02)
            assert got["pacewatch_accepted_events_total{stream=click}"] == 4_000
            assert got["pacewatch_rejected_events_total{reason=not_json,stream=click}"] == 6
            assert got["pacewatch_rejected_events_total{reason=bad_time,stream=spend}"] == 0
            assert got["pacewatch_lag_records{partition=0,topic=ads.clicks}"] == 7
            assert not [name for name in got if name.startswith("pacewatch_cpa{") and "window=1h" in name]
        (message,) = slack.delivered
        for part in (
            "Spring &lt;launch&gt; &amp; more",
            "spend",
            "300 EUR",
            "500 EUR",
            "600 EUR",
            "450 EUR",
            "on pace → critical",
        ):
            assert part in json.dumps(message, ensure_ascii=False), part
        assert "Spring &lt;launch&gt; &amp; more" in message["text"]


@running
async def test_promtool_finds_nothing_to_complain_about(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis, fake_slack() as slack:
        seed = await seed_day(redis, spend=300_000_000)
        await seed.series(0, "c42|channel=search", NOON, {"1h": row(10, 1), "total": row(10, 1)})
        async with monitor(port, goals, slack, export_breakdowns=True) as base:
            await until(lambda: is_ready(base))
            text = (await get(f"{base}/metrics"))[1]
        assert "pacewatch_breakdown_ctr_ratio" in text
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@running
async def test_metrics_come_as_openmetrics_and_gzip_when_asked(port: int) -> None:
    async with Redis(port=port) as redis:
        await seed_day(redis, spend=1)
        async with monitor(port, None, None) as base:
            await until(lambda: is_ready(base))
            accepts = {"plain": "text/plain;version=0.0.4", "open": "application/openmetrics-text;version=1.0.0"}
            for name, accept in accepts.items():
                for encoding in ("identity", "gzip"):
                    headers = {"Accept": accept, "Accept-Encoding": encoding}
                    async with (
                        aiohttp.ClientSession(auto_decompress=False) as session,
                        session.get(f"{base}/metrics", headers=headers) as response,
                    ):
                        body = await response.read()
                        assert response.headers.get("Content-Encoding", "identity") == encoding
                        assert response.headers["Content-Type"].startswith(accept.partition(";")[0])
                        text = gzip.decompress(body) if encoding == "gzip" else body
                        assert b"pacewatch_redis_up 1.0" in text
                        assert text.endswith(b"# EOF\n") == (name == "open")


@running
async def test_campaigns_beyond_the_export_limit_add_up_with_the_others_and_keep_their_pace(
    port: int, goals: Path
) -> None:
    """c42 has a goal and hardly spent: it stays. Those folded follow Redis as all others do."""
    async with Redis(port=port) as redis:
        seed = await seed_day(redis, spend=1)
        spent = {f"c{n}": 1_000_000 * (n + 1) for n in range(40)}
        for name, amount in spent.items():
            await seed.series(0, name, NOON, {"1h": row(100, 7, spend=amount), "total": row(1_000, 70, spend=amount)})
        async with monitor(port, goals, None, max_exported_series=5) as base:
            await until(lambda: is_ready(base))
            for _ in range(2):
                got = values((await get(f"{base}/metrics"))[1])
                shown = {n for n in (*spent, "c42", "fine") if f"pacewatch_impressions_total{{campaign={n}}}" in got}
                assert shown == {"c42", "fine", "c39", "c38", "c37"}
                for_all = {name: v for name, v in got.items() if name.startswith("pacewatch_spend{")}
                assert sum(for_all.values()) == pytest.approx(sum(spent.values()) / 1e6 + 500 + 1e-6)
                assert got["pacewatch_ctr_ratio{campaign=__other__,window=1h}"] == pytest.approx(0.07)
                assert got["pacewatch_other_impressions{}"] == 37 * 1_000
                assert got["pacewatch_export_folded_series{kind=campaign}"] == 37
                assert got["pacewatch_series{}"] == 42
                assert got["pacewatch_pace_status{campaign=c42,goal=spend,status=critical}"] == 1
            spent["c0"] = 2_000_000_000
            await seed.series(0, "c0", NOON, {"1h": row(100, 7), "total": row(1_000, 70, spend=spent["c0"])})
            await until(lambda: _sample(base, "pacewatch_spend{campaign=c0,currency=EUR}", 2_000))


@running
async def test_a_restarted_monitor_does_not_tell_again_and_tells_recovery_once(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis, fake_slack() as slack:
        seed = await seed_day(redis, spend=300_000_000)
        async with monitor(port, goals, slack):
            await until(lambda: len(slack.delivered) == 1)
        async with monitor(port, goals, slack) as base:
            await until(lambda: is_ready(base))
            await _cycles(base, 5)
            assert len(slack.delivered) == 1
            await seed.history(0, "c42", MIDNIGHT + 2 * HOUR, row(spend=200_000_000))
            await until(lambda: len(slack.delivered) == 2)
            assert "critical → on pace" in json.dumps(slack.delivered[1], ensure_ascii=False)
            await _cycles(base, 5)
        assert len(slack.delivered) == 2


async def _cycles(base: str, count: int) -> None:
    """Wait until at least ``count`` more reads were made and judged."""

    async def reads() -> float:
        return values((await get(f"{base}/metrics"))[1])["pacewatch_redis_reads_total{}"]

    async def enough() -> bool:
        return await reads() >= first + count

    first = await reads()
    await until(enough)


@running
async def test_messages_survive_an_outage_of_slack_and_a_restart(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        slack.answers = [(503, {})] * 100
        async with monitor(port, goals, slack):
            await until(lambda: bool(slack.bodies))
        assert await redis.llen(LANE) == 1
        slack.answers = []
        async with monitor(port, goals, slack):
            await until(lambda: bool(slack.delivered))
        assert len(slack.delivered) == 1
        assert await redis.llen(LANE) == 0


@running
async def test_two_monitors_tell_a_change_once(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        async with monitor(port, goals, slack) as one, monitor(port, goals, slack) as two:
            await until(lambda: bool(slack.delivered))
            await until(lambda: is_ready(one))
            await until(lambda: is_ready(two))
            await _cycles(one, 5)
            leads = [values((await get(f"{base}/metrics"))[1])["pacewatch_monitor_leader{}"] for base in (one, two)]
            assert sorted(leads) == [0, 1]
        assert len(slack.delivered) == 1
        assert await redis.get(LEADER) is None, "the leader lets go at its end"


@running
async def test_a_message_that_slack_refuses_is_kept_among_the_dead(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        slack.answers = [(404, {})]
        async with monitor(port, goals, slack) as base:
            await until(lambda: bool(slack.bodies))
            await until(lambda: _is(redis.llen(PARKED), 1))
            await until(lambda: _sample(base, "pacewatch_notifier_attempts_total{notifier=slack,outcome=refused}", 1))
        assert await redis.llen(LANE) == 0


async def _is(pending: Any, value: object) -> bool:
    return bool(await pending == value)


async def _below(pending: Any, value: int) -> bool:
    return bool(await pending < value)


async def _sample(base: str, name: str, value: float) -> bool:
    return values((await get(f"{base}/metrics"))[1]).get(name) == value


@running
async def test_stale_data_holds_verdicts_and_tells_once_that_the_pipeline_is_late(port: int, goals: Path) -> None:
    """Of no campaign anything: what they wait for is one message."""
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=1)
        async with monitor(port, goals, slack, clock=clock_at(NOON + 2 * HOUR)) as base:
            await until(lambda: _sample(base, "pacewatch_pace_reason{campaign=c42,goal=spend,reason=stale_data}", 1))
            assert await _sample(base, "pacewatch_pace_status{campaign=c42,goal=spend,status=hold}", 1)
            await until(lambda: bool(slack.delivered))
            await _cycles(base, 5)
        assert [body["text"] for body in slack.delivered] == [slack.delivered[0]["text"]]
        assert "pipeline" in str(slack.delivered[0])
        assert await redis.hkeys(STATE) == [b"|watch:pipeline"]


@running
async def test_a_flight_that_begins_tomorrow_is_not_judged(port: int, tmp_path: Path) -> None:
    goals = tmp_path / "goals.yaml"
    goals.write_text(GOALS.replace("2026-11-23", "2026-11-24").replace("2026-11-22", "2026-11-23"))
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=1)
        async with monitor(port, goals, slack) as base:
            await until(lambda: _sample(base, "pacewatch_pace_reason{campaign=c42,goal=spend,reason=not_started}", 1))
        assert slack.bodies == []


@running
async def test_redis_away_at_the_start_is_said_once_and_recovered_from(
    goals: Path, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    with caplog.at_level(logging.INFO):
        async with monitor(port, goals, None) as base:
            await until(lambda: _said(caplog, "does not answer"))
            status, text = await get(f"{base}/readyz")
            assert status == 503
            assert f"Redis at 127.0.0.1:{port} does not answer" in text
            assert (await get(f"{base}/healthz"))[0] == 200
            assert await _sample(base, "pacewatch_redis_up{}", 0)
            with redis_server(port):
                await until(lambda: _sample(base, "pacewatch_redis_up{}", 1))
                assert "no Pacewatch layout" in (await get(f"{base}/readyz"))[1]
                async with Redis(port=port) as redis:
                    await seed_day(redis, spend=1)
                await until(lambda: is_ready(base))
                assert await _sample(base, "pacewatch_monitor_leader{}", 1)
            await until(lambda: _sample(base, "pacewatch_redis_up{}", 0))
            assert await _sample(base, "pacewatch_monitor_leader{}", 0)
    lines = [r.getMessage() for r in caplog.records if "does not answer" in r.getMessage()]
    assert len(lines) == 2, lines
    assert all("\n" not in line for line in lines)


async def _said(caplog: pytest.LogCaptureFixture, text: str) -> bool:
    return any(text in r.getMessage() for r in caplog.records)


@running
async def test_the_webhook_url_shows_nowhere(
    port: int, goals: Path, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Whatever Slack does, and with everything logged, no part of the secret is in a log, a metric or a repr."""
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        slack.answers = [(500, {}), (429, {"Retry-After": "0"}), (302, {"Location": slack.url})]
        with caplog.at_level(logging.DEBUG):
            async with monitor(port, goals, slack, log_level="DEBUG") as base:
                await until(lambda: len(slack.bodies) >= 3)
                await until(lambda: _is(redis.llen(LANE), 0))
                pages = [(await get(f"{base}{path}"))[1] for path in ("/", "/metrics", "/readyz")]
        for text in (caplog.text, *pages, *(str(r.__dict__) for r in caplog.records)):
            assert "s3cr3t" not in text
            assert "B000" not in text
    secret = tmp_path / "webhook"
    secret.write_text("https://hooks.example/services/s3cr3t\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PACEWATCH_SLACK_WEBHOOK_URL_FILE", str(secret))
        found = MonitorSettings.load()
        assert found.slack_webhook_url is not None
        assert found.slack_webhook_url.get_secret_value() == "https://hooks.example/services/s3cr3t"
        assert "s3cr3t" not in repr(found)
        secret.write_text("s3cr3t is no URL")
        with pytest.raises(Misconfigured) as error:
            MonitorSettings.load()
        assert "s3cr3t" not in str(error.value)
        assert "PACEWATCH_SLACK_WEBHOOK_URL" in str(error.value)


@running
async def test_a_taken_port_is_a_clear_error(port: int) -> None:
    async with monitor(port, None, None) as base:
        taken = int(base.rpartition(":")[2])
        settings = MonitorSettings.load(redis=f"redis://127.0.0.1:{port}/0", monitor_port=taken)
        with pytest.raises(Misconfigured, match="PACEWATCH_MONITOR_PORT"):
            await service.run(settings)


@running
async def test_a_fast_clock_stretches_the_freshness_gate() -> None:
    """At 1440 times real time a delay of a second is 24 minutes of clock, and no reason to hold."""
    assert MonitorSettings.load(clock=f"1440x@{NOON}/{NOON}", max_lag_s=60).max_lag_ms == DAY


PROGRAM = """
import asyncio
from monitors import service
from monitors.settings import MonitorSettings
asyncio.run(service.run(MonitorSettings.load()))
"""


@asynccontextmanager
async def process(port: int, goals: Path, slack: FakeSlack) -> AsyncIterator[asyncio.subprocess.Process]:
    """The monitor as a process of its own."""
    env = os.environ | {
        "PACEWATCH_REDIS": f"redis://127.0.0.1:{port}/0",
        "PACEWATCH_GOALS": str(goals),
        "PACEWATCH_SLACK_WEBHOOK_URL": slack.url,
        "PACEWATCH_MONITOR_PORT": "0",
        "PACEWATCH_REFRESH_S": "0.05",
        "PACEWATCH_ALERT_GATHER_S": "0",
        "PACEWATCH_LEADER_TTL_S": "2",
        "PACEWATCH_CLOCK": clock_at(NOON),
    }
    found = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, env=env, stderr=subprocess.PIPE)
    try:
        yield found
    finally:
        if found.returncode is None:
            found.kill()
        await found.communicate()


@running
async def test_sigterm_ends_the_monitor_and_lets_the_message_under_way_arrive(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            arrived.set()
            await go_on.wait()

        slack.before_answer = hold
        async with process(port, goals, slack) as found:
            await asyncio.wait_for(arrived.wait(), 20)
            found.terminate()
            await until(lambda: _below(redis.pttl(LEADER), 1_800))
            assert found.returncode is None, "it no longer renews its lock, but still waits for Slack"
            go_on.set()
            assert await asyncio.wait_for(found.wait(), 10) == 0
        assert len(slack.delivered) == 1
        assert await redis.llen(LANE) == 0
        assert await redis.get(LEADER) is None


@running
async def test_a_killed_monitor_tells_nothing_again_after_its_restart(port: int, goals: Path) -> None:
    async with Redis(port=port) as redis, fake_slack() as slack:
        await seed_day(redis, spend=300_000_000)
        async with process(port, goals, slack) as found:
            await until(lambda: _is(redis.llen(LANE), 0) if slack.delivered else False)
            found.kill()
        async with monitor(port, goals, slack) as base:
            await until(lambda: _sample(base, "pacewatch_monitor_leader{}", 1))
            await _cycles(base, 5)
        assert len(slack.delivered) == 1
