"""What a demo is played on: the environment of its worker and monitor, and the settings that this process shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kpis.runtime.clock import Clock, monotonic
from kpis.settings.shared import Settings
from pacewatch.demo.course import Course
from pacewatch.demo.plan import DemoPlan
from pacewatch.demo.services import NOBODY_TOLD, environment
from pacewatch.embedded.children import Nursery
from pacewatch.embedded.servers import HOST, Embedded

_GROUP = {"REBALANCE_TIMEOUT_S": "2", "SESSION_TIMEOUT_S": "4"}
"""The embedded broker's group join lasts as long as the rebalance timeout."""


@dataclass(frozen=True, slots=True)
class Stage:
    """It.

    Attributes:
        nursery: starts worker and monitor.
        env: their environment.
        settings: where Kafka and Redis are.
        course: how far the demo is.
    """

    nursery: Nursery
    env: Mapping[str, str]
    settings: Settings
    course: Course


def staged(the_plan: DemoPlan, servers: Embedded, slack_url: str, ports: tuple[int, int]) -> Stage:
    """A stage whose clock begins now.

    Args:
        the_plan: what is played.
        servers: the broker and Redis.
        slack_url: the stand-in for Slack.
        ports: of the monitor and of the worker.
    """
    clock = the_plan.clock()
    env = environment(_own(the_plan, servers, slack_url, clock, ports), {**_GROUP, **the_plan.settings})
    # What the children put in temporary files goes when the directory goes.
    env["TMPDIR"] = str(servers.directory)
    return Stage(servers.nursery, env, _settings(env, servers, clock), Course(the_plan, clock, monotonic()))


def _own(the_plan: DemoPlan, servers: Embedded, slack_url: str, clock: Clock, ports: tuple[int, int]) -> dict[str, str]:
    """The settings that the demo decides, whatever the user's own are."""
    return {
        "KAFKA": servers.kafka,
        "REDIS": servers.redis_url,
        "CLOCK": clock.spec,
        **NOBODY_TOLD,
        "SLACK_WEBHOOK_URL": slack_url,
        "MONITOR_HOST": HOST,
        "MONITOR_PORT": str(ports[0]),
        "WORKER_HOST": HOST,
        "WORKER_PORT": str(ports[1]),
        # It reads its own board, on loopback, for as long as somebody looks.
        **dict.fromkeys(("HTTP_TOKEN", "HTTP_PASSWORD", "HTTP_CERT", "HTTP_KEY"), ""),
        **the_plan.own,
    }


def _settings(env: Mapping[str, str], servers: Embedded, clock: Clock) -> Settings:
    """The children's settings, as this process sees them."""
    currency = env.get("PACEWATCH_CURRENCY")
    known = {"currency": currency} if currency else {}
    settings: Settings = Settings.load(kafka=servers.kafka, redis=servers.redis_url, clock=clock.spec, **known)
    return settings
