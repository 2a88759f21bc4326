"""``pacewatch demo``: broker, Redis, worker and monitor in one command, with something to watch."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, TypeVar

from rich.console import Console

from kpis.runtime.errors import Recoverable
from pacewatch.demo import browser
from pacewatch.demo.fake_slack import FakeSlack
from pacewatch.demo.plan import DemoOptions, plan
from pacewatch.demo.playing import EndAsked, Playing, play
from pacewatch.demo.services import Service, port_near
from pacewatch.demo.stage import Stage, staged
from pacewatch.demo.story import Happening, Story, Teller, hour
from pacewatch.demo.watch import Onlooker
from pacewatch.embedded.servers import HOST, embedded
from pacewatch.terminal import out, say
from streams.kafka import topics

__all__ = ["DemoOptions", "run"]

T = TypeVar("T")
_MONITOR_PORT, _WORKER_PORT = 9600, 9601


def run(options: DemoOptions) -> int:
    """Play a demo until it is over, a signal comes, or the time is up; gives the exit code.

    It is 0 when every total is what was sent; 1 when one is not, or an end was asked for that did not come in time;
    128 and the signal's number when a signal ended it before everything was counted.

    Raises:
        PacewatchError: it cannot be played.
    """
    return asyncio.run(_demo(options))


def terminal(options: DemoOptions) -> Console | None:
    """Where the live screen goes; None where only lines can be written."""
    if options.as_json or not sys.stdout.isatty() or os.environ.get("TERM", "") in {"", "dumb", "unknown"}:
        return None
    return Console()


async def _demo(options: DemoOptions) -> int:
    stop = EndAsked()
    _heed(stop, options)
    console = terminal(options)
    story = Story(_writer(console))
    async with AsyncExitStack() as stack:
        ports = tuple(stack.enter_context(port_near(p)) for p in (_MONITOR_PORT, _WORKER_PORT))
        address = f"http://{HOST}:{ports[0]}/"
        (say if options.as_json else out)(f"launch board: {address} (metrics: {address}metrics)")
        slack = await stack.enter_async_context(FakeSlack(story.told))
        servers = await stack.enter_async_context(embedded())
        the_plan = await _unless(stop.asked, plan(options, servers.directory))
        if the_plan is None:
            return stop.code(early=True)
        stage = staged(the_plan, servers, slack.url, (ports[0], ports[1]))
        await topics.ensure(stage.settings)
        say(f"playing {the_plan.what}; Kafka {stage.settings.kafka}, Redis {stage.settings.redis_address}")
        onlooker = Onlooker(stage.settings, address, stage.course, story, console)
        return await _on(stage, options, story, stop, onlooker)


async def _on(stage: Stage, options: DemoOptions, story: Story, stop: EndAsked, onlooker: Onlooker) -> int:
    """Play it on its stage."""
    story.clock = stage.course.clock
    services = [Service(stage.nursery, command, stage.env, story.note) for command in ("worker", "monitor")]
    playing = Playing(options, stage, story, stop, onlooker, services[0])
    background = [service.keep() for service in services]
    if options.is_open:
        background.append(_opened(stage, onlooker.address, story))
    return await _until_done(play(playing), background, stop)


async def _opened(stage: Stage, address: str, story: Story) -> None:
    if sorry := await browser.show(stage.nursery, address):
        story.note(sorry)
    await asyncio.Event().wait()


async def _until_done(
    played: Coroutine[Any, Any, int], background: Sequence[Coroutine[Any, Any, None]], stop: EndAsked
) -> int:
    """Run all until what is played ends, or a stop is asked for; gives the exit code.

    Raises:
        PacewatchError: one of them failed.
    """
    playing, stopping = asyncio.create_task(played), asyncio.create_task(stop.asked.wait())
    tasks: list[asyncio.Task[Any]] = [playing, stopping, *(asyncio.create_task(b) for b in background)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled() and (failure := task.exception()) is not None:
                raise failure
        if playing in done:
            return playing.result()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            # What failed first was raised above; the rest only ends.
            with suppress(asyncio.CancelledError, Recoverable):
                await task
    if stop.result is None:
        say("ended before everything was counted; nothing is left running")
    return stop.code(early=stop.result is None)


def _heed(stop: EndAsked, options: DemoOptions) -> None:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(each, stop.ask, 128 + each)
    if options.duration_s is not None:
        loop.call_later(options.duration_s, stop.ask, 1 if options.ends else 0)


def _writer(console: Console | None) -> Callable[[Happening], None]:
    """Writes what happens as lines, where there is no live screen to show it."""

    def write(one: Happening) -> None:
        at = f"{hour(one.at_ms)} " if one.at_ms is not None and one.teller is not Teller.NOTE else ""
        lead = {Teller.HAPPENS: "» ", Teller.TOLD: f"Slack is told: {one.mark} ".replace("  ", " ")}.get(one.teller, "")
        say(f"{at}{lead}{one.text}")

    return write if console is None else lambda _: None


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
