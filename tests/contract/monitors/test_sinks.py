"""Monitors as processes, with a real Redis and a real Alertmanager: what stands stands, whoever dies."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from kpis.runtime.clock import wall_ms
from kpis.times import HOUR_MS, QUARTER_MS, parse_time
from tests.kit.alertmanager import RealAlertmanager, alertmanager
from tests.kit.http_client import Client
from tests.kit.monitor_fakes import MIDNIGHT, NOON, Seed, row
from tests.kit.processes import Program, free_ports, until
from tests.kit.receiver import Receiver, receiver
from tests.kit.redis_server import redis_server

QUARTERS = 48
"""Of half a day."""
GOALS = """
campaigns:
  - campaign: c42
    name: Spring launch
    flight: {start: 2026-11-22T00:00, end: 2026-11-23T00:00, timezone: UTC}
    goals:
      - {total: spend, target: 1000, rule: threshold}
"""
WARNING, CRITICAL, FINE = 420_000_000, 300_000_000, 500_000_000
"""Spend at noon, in micros, and what it is by then of a target of 1,000."""
REFRESH_MS, HOLD_MS = 1_000, 6_000
SECRETS = ("s3cr3t", "B000", "czNjcjN0")
"""Parts of every address, token and password here, the last one as basic authentication writes it."""


class Monitors:
    """Monitors on one Redis, which tell an Alertmanager, a Slack and a webhook."""

    def __init__(self, directory: Path, port: int, stack: ExitStack) -> None:
        self.redis = redis.Redis(port=port)
        self.directory, self.programs = directory, dict[int, Program]()
        self._stack, self._redis_port = stack, port
        self._clock = f"1x@{NOON}/{wall_ms()}"
        (directory / "goals.yml").write_text(GOALS)

    def spend(self, micros: int) -> None:
        """Half a day, evenly, in which so much was spent."""
        asyncio.run(_seed(self._redis_port, micros))

    def start(self, **settings: object) -> int:
        """Start a monitor; gives its port."""
        (port,) = free_ports(1)
        mine = {
            "REDIS": f"redis://127.0.0.1:{self._redis_port}/0", "GOALS": self.directory / "goals.yml",
            "MONITOR_PORT": port, "REFRESH_S": "0.05", "LEADER_TTL_S": "2", "CLOCK": self._clock,
            "ALERTMANAGER_REFRESH_S": REFRESH_MS // 1000, "ALERT_GATHER_S": "0", "LOG_LEVEL": "DEBUG", **settings,
        }  # fmt: skip
        env = {k: v for k, v in os.environ.items() if not k.startswith("PACEWATCH_")}
        env |= {f"PACEWATCH_{name}": str(value) for name, value in mine.items()}
        program = Program([sys.executable, "-m", "pacewatch", "monitor"], self.directory / f"{port}.log", env)
        self._stack.callback(program.stop)
        self.programs[port] = program
        until(lambda: not program.running or self.is_ready(port), "the monitor to be ready")
        assert program.running, program.output()
        return port

    def is_ready(self, port: int) -> bool:
        """Whether it has read Redis."""
        try:
            return Client(port).ask("/readyz").status == 200
        except OSError:
            return False

    def sample(self, port: int, name: str, **labels: str) -> float:
        """One of its metrics."""
        text = Client(port).ask("/metrics").text
        found = (s for family in text_string_to_metric_families(text) for s in family.samples)
        return next(s.value for s in found if s.name == name and labels.items() <= s.labels.items())

    @property
    def leader(self) -> int:
        """The port of the one that leads."""
        until(lambda: any(self._leads(port) for port in self.programs), "one to lead")
        return next(port for port in self.programs if self._leads(port))

    def _leads(self, port: int) -> bool:
        return self.programs[port].running and self.sample(port, "pacewatch_monitor_leader") == 1


async def _seed(port: int, micros: int) -> None:
    # At once, as a worker writes: what is written half would be judged, too.
    async with Redis(port=port) as client, client.pipeline(transaction=True) as together:
        seed = Seed(together)
        await seed.layout()
        counts = row(impressions=100_000, clicks=2_000, conversions=40, spend=micros, revenue=3 * micros)
        for partition in range(2):
            await seed.meta(partition, NOON)
        await seed.series(0, "c42", NOON, {"1h": row(8_000, 160), "24h": counts, "total": counts})
        for quarter in range(QUARTERS):
            part = tuple(n * (quarter + 1) // QUARTERS - n * quarter // QUARTERS for n in counts)
            await seed.history(0, "c42", MIDNIGHT + quarter * QUARTER_MS, part)
        await together.execute()


@pytest.fixture
def monitors(tmp_path: Path) -> Iterator[Monitors]:
    with ExitStack() as stack:
        yield Monitors(tmp_path, stack.enter_context(redis_server()), stack)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealAlertmanager]:
    with alertmanager(tmp_path / "alertmanager") as found:
        yield found


@pytest.fixture
def people() -> Iterator[Receiver]:
    """In the place of Slack and of a webhook."""
    with receiver() as found:
        yield found


def ends_ms(real: RealAlertmanager) -> int:
    """When the one alert that there is would end; it is there."""
    (held,) = real.alerts(campaign="c42")
    return parse_time(held["endsAt"]) or 0


def outlives(real: RealAlertmanager, end_ms: int) -> bool:
    """Whether the one alert is still there after an end that it would have had, never without it on the way."""
    return ends_ms(real) > wall_ms() > end_ms


def test_when_the_leader_is_killed_the_alert_stays_and_the_next_one_keeps_it(
    monitors: Monitors, real: RealAlertmanager
) -> None:
    monitors.spend(CRITICAL)
    for _ in range(2):
        monitors.start(ALERTMANAGER_URL=real.url)
    until(lambda: real.told_of("firing", campaign="c42"), "people to be told")
    first = monitors.leader
    monitors.programs[first].kill()
    last_ms = ends_ms(real)
    until(lambda: outlives(real, last_ms), "the next leader to tell again what stands")
    assert monitors.leader != first
    assert real.severities(campaign="c42") == ["critical"]
    assert real.told_of("resolved") == []
    monitors.spend(FINE)
    until(lambda: not real.alerts(campaign="c42"), "the end")
    until(lambda: real.told_of("resolved", campaign="c42", severity="critical"), "people to be told of the end")


def test_without_any_monitor_what_stood_lapses(monitors: Monitors, real: RealAlertmanager) -> None:
    """So that a deployment that was taken down leaves nothing behind; that no monitor runs is an alert of its own."""
    monitors.spend(CRITICAL)
    port = monitors.start(ALERTMANAGER_URL=real.url)
    until(lambda: real.alerts(campaign="c42"), "the alert")
    monitors.programs[port].kill()
    until(lambda: not real.alerts(campaign="c42"), "it to lapse")


def test_an_alertmanager_that_was_restarted_is_told_within_a_refresh(
    monitors: Monitors, real: RealAlertmanager
) -> None:
    monitors.spend(CRITICAL)
    port = monitors.start(ALERTMANAGER_URL=real.url)
    until(lambda: real.alerts(campaign="c42"), "the alert")
    sent = partial(monitors.sample, port, "pacewatch_notifier_attempts_total", notifier="alertmanager", outcome="sent")
    until(lambda: sent() == 1, "its answer to be counted")
    real.restart()
    until(lambda: real.alerts(campaign="c42"), "the alert again")
    assert sent() == 1
    until(
        lambda: (
            monitors.sample(port, "pacewatch_notifier_refreshes_total", notifier="alertmanager", outcome="sent") >= 1
        ),
        "the refresh to be counted",
    )


def test_in_a_mute_alertmanager_keeps_what_people_know_and_no_more(monitors: Monitors, real: RealAlertmanager) -> None:
    monitors.spend(WARNING)
    monitors.start(ALERTMANAGER_URL=real.url)
    until(lambda: real.severities(campaign="c42") == ["warning"], "the warning")
    silence = {"campaign": "c42", "from_ms": 0, "until_ms": NOON + HOUR_MS, "by": "ann"}
    monitors.redis.hset("pw:{alerts}:mutes", "mine", json.dumps(silence))
    monitors.spend(CRITICAL)
    until(lambda: len(told(monitors)) == 2, "the change to be told")
    assert [(one["after"], one["muted"]) for one in told(monitors)] == [("warning", False), ("critical", True)]
    last_ms = ends_ms(real)
    until(lambda: outlives(real, last_ms + HOLD_MS), "it to be told again")
    (held,) = real.alerts(campaign="c42")
    assert held["labels"]["severity"] == "warning"
    assert "spend is warning" in held["annotations"]["summary"]
    monitors.redis.hdel("pw:{alerts}:mutes", "mine")
    until(lambda: real.severities(campaign="c42") == ["critical"], "what stands when the mute is over")
    monitors.redis.hset("pw:{alerts}:mutes", "mine", json.dumps(silence))
    monitors.spend(FINE)
    until(lambda: not real.alerts(campaign="c42"), "the end, which is told in a mute too")


def told(monitors: Monitors) -> list[Any]:
    """What was told, sent or not."""
    return [json.loads(one) for one in monitors.redis.lrange("pw:{alerts}:told", 0, -1)]


def addresses(real: RealAlertmanager, people: Receiver) -> dict[str, str]:
    """Settings of all three, each with a secret in it."""
    return {
        "ALERTMANAGER_URL": real.url.replace("//", "//ann:s3cr3t@"),
        "SLACK_WEBHOOK_URL": people.url("/services/T000/B000/s3cr3t"),
        "WEBHOOK_URL": people.url("/hook?key=s3cr3t"),
        "WEBHOOK_SECRET": "s3cr3t",
    }


def posted(people: Receiver, path: str) -> list[Any]:
    """What was posted to a path."""
    return [request.json for request in list(people.requests) if request.path.startswith(path)]


def test_with_all_three_set_up_a_miss_is_sent_by_alertmanager_alone(
    monitors: Monitors, real: RealAlertmanager, people: Receiver
) -> None:
    monitors.spend(CRITICAL)
    monitors.start(**addresses(real, people))
    until(lambda: real.alerts(campaign="c42"), "the alert")
    monitors.spend(FINE)
    until(lambda: not real.alerts(campaign="c42"), "its end")
    assert people.requests == []


def test_routes_say_who_else_is_told_and_who_was_told_is_told_of_the_end(
    monitors: Monitors, real: RealAlertmanager, people: Receiver
) -> None:
    monitors.spend(WARNING)
    monitors.start(**addresses(real, people), ROUTES="warning=webhook, critical=alertmanager+slack")
    until(lambda: posted(people, "/hook"), "the webhook to be told")
    assert (real.alerts(), posted(people, "/services")) == ([], [])
    monitors.spend(CRITICAL)
    until(lambda: real.alerts() and posted(people, "/services") and len(posted(people, "/hook")) == 2, "all to be told")
    until(lambda: real.told_of("firing"), "people to be told")
    assert real.told_of("resolved") == [], "Alertmanager never had the warning"
    monitors.spend(FINE)
    until(lambda: not real.alerts() and len(posted(people, "/services")) == 2, "both to be told of the end")
    until(lambda: len(posted(people, "/hook")) == 3, "the webhook to be told of the end")
    changes = [alert["change"] for body in posted(people, "/hook") for alert in body["alerts"]]
    assert changes == ["fired", "worsened", "corrected"]
    assert [one["known_to"] for one in told(monitors)] == [[], ["webhook"], ["webhook", "alertmanager", "slack"]]


def test_no_secret_is_in_a_log_a_metric_or_redis(monitors: Monitors, real: RealAlertmanager, people: Receiver) -> None:
    """Whatever the services answer, and with everything logged."""
    monitors.spend(CRITICAL)
    people.answers = [(500, {}), (302, {"Location": people.url("/s3cr3t")}), (400, {})]
    port = monitors.start(
        **addresses(real, people) | {"ALERTMANAGER_URL": f"http://ann:s3cr3t@127.0.0.1:{free_ports(1)[0]}/B000"},
        ROUTES="critical=alertmanager+slack+webhook",
    )
    until(lambda: len(people.requests) >= 3, "all to be tried")
    until(lambda: "Alertmanager message" in monitors.programs[port].output(), "what is not reached to be said")
    assert monitors.programs[port].stop() == 0
    monitors.start(**addresses(real, people), ROUTES="critical=alertmanager+slack+webhook")
    until(real.alerts, "the alert")
    shown = [program.output() for program in monitors.programs.values()]
    shown += [Client(monitors.leader).ask(path).text for path in ("/metrics", "/readyz", "/")]
    shown += [str(dump) for dump in dumps(monitors.redis)]
    assert [part for part in SECRETS for text in shown if part in text] == []
    assert all("Alertmanager" in text for text in shown[:2]), "the logs say what was sent"


def dumps(client: Any) -> Iterator[object]:
    """All that Redis holds."""
    kinds = {
        b"hash": client.hgetall, b"list": lambda key: client.lrange(key, 0, -1), b"string": client.get,
        b"set": client.smembers,
    }  # fmt: skip
    for key in client.keys("*"):
        yield key, kinds[client.type(key)](key)


def test_a_bad_route_ends_the_monitor_with_a_clear_word(monitors: Monitors, real: RealAlertmanager) -> None:
    with pytest.raises(AssertionError, match="'alertmanager' cannot tell of check_in"):
        monitors.start(ALERTMANAGER_URL=real.url, ROUTES="check_in=alertmanager")
