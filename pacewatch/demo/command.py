"""``pacewatch demo``: broker, Redis, worker and monitor in one command, with something to watch."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar

from rich.console import Console

from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Recoverable
from kpis.settings.shared import Settings
from monitors.read import reader
from monitors.read.snapshot import Snapshot
from pacewatch.demo.counted import left_out, until_counted
from pacewatch.demo.fake_slack import FakeSlack
from pacewatch.demo.plan import DemoOptions, DemoPlan, plan
from pacewatch.demo.screen import first_line
from pacewatch.demo.services import NOBODY_TOLD, Service, environment, port_near
from pacewatch.demo.watch import Onlooker
from pacewatch.embedded.servers import HOST, Embedded, embedded
from pacewatch.kpi import as_json
from pacewatch.replay.sender import Sent, sender
from pacewatch.terminal import out, say
from streams.kafka import topics

__all__ = ["DemoOptions", "run"]

T = TypeVar("T")
_MONITOR_PORT, _WORKER_PORT = 9600, 9601
# The embedded broker's group join lasts as long as the rebalance timeout.
_TIMEOUTS = {"REBALANCE_TIMEOUT_S": "3", "SESSION_TIMEOUT_S": "6"}


def run(options: DemoOptions) -> int:
    """Play a demo until it is over, a signal comes, or the time is up; gives the exit code.

    Raises:
        PacewatchError: it cannot be played.
    """
    return asyncio.run(_demo(options))


async def _demo(options: DemoOptions) -> int:
    started = monotonic()
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    if options.duration_s is not None:
        asyncio.get_running_loop().call_later(options.duration_s, stopped.set)
    write = say if options.as_json else out
    console = Console()
    live = console if console.is_terminal and not options.as_json else None
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(FakeSlack(lambda text: _heard(text, live)))
        servers = await stack.enter_async_context(embedded())
        the_plan = await _unless(stopped, plan(options, servers.directory))
        if the_plan is None:
            return 0
        clock = the_plan.clock()
        port, worker_port = (stack.enter_context(port_near(p)) for p in (_MONITOR_PORT, _WORKER_PORT))
        own = _own(the_plan, servers, slack, clock, (port, worker_port))
        env = environment(own, {**_TIMEOUTS, **the_plan.settings})
        # What the children put in temporary files goes when the directory goes.
        env["TMPDIR"] = str(servers.directory)
        settings = _settings(env, servers, clock)
        await topics.ensure(settings)
        url = f"http://{HOST}:{port}/metrics"
        say(f"playing {the_plan.what}")
        say(f"Kafka {settings.kafka}, Redis {settings.redis_address}, metrics {url}")
        services = [Service(servers.nursery, command, env) for command in ("worker", "monitor")]
        watch = Onlooker(settings, slack, url, started, write, live)
        background = [*(service.keep() for service in services), watch.run()]
        result = await _until_done(_play(options, the_plan, settings, clock, stopped), background, stopped)
        if result is None and not options.as_json:
            return 0
        if options.as_json:
            _report(await reader.read_once(settings))
        if result is None:
            say("ended before everything was counted")
        return 0 if result is not None and not result.failed else 1


def _report(snapshot: Snapshot) -> None:
    for line in left_out(snapshot):
        say(line)
    out(as_json(reader.to_json(snapshot)))


async def _unless(stopped: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of some work; None when a stop was asked for before it was done."""
    doing, stopping = asyncio.create_task(work), asyncio.create_task(stopped.wait())
    await asyncio.wait([doing, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if doing.done():
        return doing.result()
    doing.cancel()
    await asyncio.wait([doing])
    return None


async def _play(
    options: DemoOptions, the_plan: DemoPlan, settings: Settings, clock: Clock, stopped: asyncio.Event
) -> Sent:
    """Send everything; then, for JSON, wait until it is counted, else until the demo is stopped."""
    async with sender(settings) as to:
        sent = await the_plan.feed(to, clock, stopped)
    if stopped.is_set():
        raise asyncio.CancelledError
    if options.as_json:
        redis = reader.connect(settings)
        try:
            await until_counted(redis, sent.ends)
        finally:
            await redis.aclose()
    else:
        say("all events are sent; Ctrl-C ends the demo")
        await stopped.wait()
    return sent


async def _until_done(
    play: Coroutine[Any, Any, Sent], background: list[Coroutine[Any, Any, None]], stopped: asyncio.Event
) -> Sent | None:
    """Run all until ``play`` ends or a stop is asked for; gives what was sent, None when it was stopped before.

    Raises:
        PacewatchError: one of them failed.
    """
    playing = asyncio.create_task(play)
    stopping = asyncio.create_task(stopped.wait())
    tasks: list[asyncio.Task[Any]] = [playing, stopping, *(asyncio.create_task(b) for b in background)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and (failure := task.exception()) is not None:
                raise failure
        return playing.result() if playing in done and not playing.cancelled() else None
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            # What failed first was raised above; the rest only ends.
            with suppress(asyncio.CancelledError, Recoverable):
                await task


def _own(
    the_plan: DemoPlan, servers: Embedded, slack: FakeSlack, clock: Clock, ports: tuple[int, int]
) -> dict[str, str]:
    """The settings that the demo decides, whatever the user's own are."""
    return {
        "KAFKA": servers.kafka,
        "REDIS": servers.redis_url,
        "CLOCK": clock.spec,
        **NOBODY_TOLD,
        "SLACK_WEBHOOK_URL": slack.url,
        "MONITOR_HOST": HOST,
        "MONITOR_PORT": str(ports[0]),
        "WORKER_HOST": HOST,
        "WORKER_PORT": str(ports[1]),
        # It reads its own metrics, on loopback, for as long as somebody looks.
        **dict.fromkeys(("HTTP_TOKEN", "HTTP_PASSWORD", "HTTP_CERT", "HTTP_KEY"), ""),
        **the_plan.own,
    }


def _settings(env: dict[str, str], servers: Embedded, clock: Clock) -> Settings:
    """The children's settings, as this process sees them."""
    currency = env.get("PACEWATCH_CURRENCY")
    known = {"currency": currency} if currency else {}
    settings: Settings = Settings.load(kafka=servers.kafka, redis=servers.redis_url, clock=clock.spec, **known)
    return settings


def _heard(text: str, live: Console | None) -> None:
    if live is None:
        say(f"Slack is told: {first_line(text)}")
