"""A demo's course of events: everything is sent, counted, held against what was sent, and summed up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp

from kpis.runtime.clock import Clock, monotonic, wall_ms
from monitors.read import reader
from monitors.read.snapshot import Snapshot
from pacewatch.demo.course import CountedSender
from pacewatch.demo.plan import DemoOptions
from pacewatch.demo.services import Service
from pacewatch.demo.stage import Stage
from pacewatch.demo.story import Story
from pacewatch.demo.sums.accounts import settle
from pacewatch.demo.sums.counted import left_out, until_counted
from pacewatch.demo.sums.summary import DemoOutcome, lines
from pacewatch.demo.watch import Onlooker, fetch
from pacewatch.kpi import as_json
from pacewatch.replay.sender import Sent, producer
from pacewatch.terminal import out, say

_PIPED, _NARROWEST = 100, 40
_LAST_WORDS_S = 2.0
"""Real seconds after the last event in which flights are judged for good, and that is told."""


@dataclass(slots=True)
class EndAsked:
    """An end that somebody asks for.

    Attributes:
        asked: is set then.
        result: the exit code by what was counted; None before that is known.
    """

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    result: int | None = None
    _code: int = 0

    def ask(self, code: int) -> None:
        """Ask for it; ``code`` is the exit code if that is too early."""
        if not self.asked.is_set():
            self._code = code
            self.asked.set()

    def code(self, *, early: bool) -> int:
        """The exit code."""
        return self._code if early or self.result is None else self.result


@dataclass(frozen=True, slots=True)
class Playing:
    """All that takes part."""

    options: DemoOptions
    stage: Stage
    story: Story
    stop: EndAsked
    onlooker: Onlooker
    worker: Service


async def play(playing: Playing) -> int:
    """Send everything, wait until it is counted, and sum it up; gives the exit code.

    Raises:
        NotCounted: the worker makes no progress.
    """
    looking = asyncio.create_task(playing.onlooker.run())
    acting = asyncio.create_task(_act(playing))
    try:
        sent, real_s = await _send(playing)
        await _last_words(playing)
    finally:
        playing.stage.course.is_over = True
        for task in (acting, looking):
            task.cancel()
            # The screen is given back before anything else is written.
            with suppress(asyncio.CancelledError):
                await task
    code = playing.stop.result = await _sum_up(playing, sent, real_s)
    if not playing.options.ends:
        out(f"The board stays open at {playing.onlooker.address}; Ctrl-C ends.")
        await playing.stop.asked.wait()
    return code


async def _send(playing: Playing) -> tuple[Sent, float]:
    """Send all events and wait until they are counted; also gives the seconds that took."""
    course, settings = playing.stage.course, playing.stage.settings
    async with producer(settings) as made:
        course.to = CountedSender(made, settings)
        began_s = monotonic() + course.plan.starting_s
        sent = await course.plan.feed(course.to, course.clock, playing.stop.asked, playing.story.note)
    if playing.stop.asked.is_set():
        raise asyncio.CancelledError
    redis = reader.connect(settings)
    try:
        await until_counted(redis, sent.ends)
    finally:
        await redis.aclose()
    return sent, monotonic() - began_s


async def _act(playing: Playing) -> None:
    """Do what is to be done during the day, when its time comes."""
    for act in playing.stage.course.plan.acts:
        await _clock_shows(playing.stage.course.clock, act.at_ms)
        if not act.kills:
            playing.story.happens(act.says)
        elif (child := playing.worker.child) is not None and child.returncode is None:
            playing.story.happens(act.says)
            playing.stage.course.promptness.killed(monotonic())
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)


async def _clock_shows(clock: Clock, at_ms: int) -> None:
    await asyncio.sleep(max(clock.real_ms(at_ms) - wall_ms(), 0) / 1000)


async def _last_words(playing: Playing) -> None:
    """Wait until the clock is no longer fast, and what is told at the end of flights is told; of recordings not."""
    course = playing.stage.course
    if course.plan.until_ms is not None:
        await _clock_shows(course.clock, course.plan.until_ms)
        await asyncio.sleep(_LAST_WORDS_S)


async def _sum_up(playing: Playing, sent: Sent, real_s: float) -> int:
    """Hold what is counted against what was sent, and say it; gives the exit code."""
    course, options = playing.stage.course, playing.options
    snapshot = await reader.read_once(playing.stage.settings)
    truth = course.plan.truth() if course.plan.truth else None
    streams = course.to.streams if course.to else {}
    accounts = settle(streams, sent.failed, truth, snapshot)
    outcome = DemoOutcome(
        accounts,
        playing.story.moments,
        playing.story.posts,
        course.promptness,
        real_s,
        await _names(playing.onlooker.address),
        course.plan.quiet_ms,
        course.plan.lasts_ms,
    )
    write = say if options.as_json else out
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() and not options.as_json else _PIPED
    for line in lines(outcome, max(width, _NARROWEST)):
        write(line)
    if options.as_json:
        _print_values(snapshot)
    return 0 if accounts.is_exact else 1


def _print_values(snapshot: Snapshot) -> None:
    for line in left_out(snapshot):
        say(line)
    out(as_json(reader.to_json(snapshot)))


async def _names(address: str) -> dict[str, str]:
    async with aiohttp.ClientSession() as session:
        board = await fetch(session, address)
    return {} if board is None else {row.id: row.name for row in board.campaigns}
