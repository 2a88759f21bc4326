"""What a demo plays: a recording, or the simulated launch day, and the settings that go with it."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rich.console import Console

from kpis.runtime.clock import Clock
from kpis.runtime.errors import Misconfigured
from kpis.settings.environment import PREFIX
from kpis.settings.shared import Settings
from kpis.times import DAY_MS
from pacewatch.replay import shifted_goals
from pacewatch.replay.scan import Scan
from pacewatch.replay.sender import Sender, Sent
from pacewatch.replay.sending import RecordingSource, look, replay
from pacewatch.simulate import command as synthesize
from pacewatch.simulate import scenarios
from pacewatch.simulate.simulation import Simulation
from pacewatch.terminal import say

_SIMULATED_S = 90
_DATA_SPEED = 3600.0
_SEED = 1


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The options of ``pacewatch demo``.

    Attributes:
        data: a recording; None for the simulated launch day.
        speed: event seconds per real second; None for the default, or for ``max``.
        at_once: whether the recording is sent as fast as possible.
        duration_s: real seconds until the end; None for until a signal.
        as_json: whether the values are printed once everything is counted.
    """

    data: Path | None = None
    speed: float | None = None
    at_once: bool = False
    duration_s: float | None = None
    as_json: bool = False


class EventFeed(Protocol):
    """Sends the events of a demo."""

    async def __call__(self, to: Sender, clock: Clock, stopped: asyncio.Event) -> Sent:
        """Send them, at the clock's pace, and wait for every acknowledgement."""


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """A demo to be played.

    Attributes:
        what: it in a few words.
        rate: how fast the shared clock runs; None for the wall clock.
        origin_ms: what the clock shows when the events begin.
        feed: sends the events.
        settings: ``PACEWATCH_*`` variables without prefix that go with it; the user's own go before.
        own: those that the user's own do not go before.
    """

    what: str
    rate: float | None
    origin_ms: int
    feed: EventFeed
    settings: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)

    def clock(self) -> Clock:
        """The clock all processes of the demo share, started now."""
        return Clock() if self.rate is None else Clock(self.rate, self.origin_ms, Clock().now_ms())


async def plan(options: DemoOptions, directory: Path) -> DemoPlan:
    """Decide what is played.

    Args:
        options: what the user wants.
        directory: where a goals file may be written.

    Raises:
        Permanent: the file cannot be read, or the options do not go together.
    """
    if options.data is None:
        return _launch_day(options, directory)
    source = RecordingSource(options.data)
    console = None if options.as_json else Console(file=io.StringIO(), quiet=True)
    seen = await look(source, console)
    return _recording(options, source, seen, console, directory)


def _launch_day(options: DemoOptions, directory: Path) -> DemoPlan:
    if options.at_once:
        raise Misconfigured("--speed", "max needs --data", "give a number, such as 960: a day in 90 seconds")
    now = Clock().now_ms()
    day = now - now % DAY_MS
    goals = directory / "goals.yaml"
    goals.write_text(scenarios.launch_goals(day), encoding="utf-8")
    simulation = Simulation(scenarios.launch_day(day), _SEED, f"demo-{now}")

    async def feed(to: Sender, clock: Clock, stopped: asyncio.Event) -> Sent:
        await synthesize.run(simulation, to, clock, stopped)
        return await to.flush()

    rate = options.speed or DAY_MS / 1000 / _SIMULATED_S
    what = f"a launch day of six campaigns, {rate:g} times as fast as real"
    # A quarter second of flush delay is four minutes of this day, and a miss of a few minutes is none.
    # Nor is a forecast worth much that waits for others while the day ends.
    settings = {"FLUSH_INTERVAL_S": "0.1", "ALERT_FOR_S": "1800", "ALERT_GATHER_S": "0.2", "REFRESH_S": "0.25"}
    return DemoPlan(what, rate, day, feed, settings, own={"GOALS": str(goals)})


def _recording(
    options: DemoOptions, source: RecordingSource, seen: Scan, console: Console | None, directory: Path
) -> DemoPlan:
    if seen.first_ms is None or seen.last_ms is None:
        raise Misconfigured(str(source.path), "it holds no event with a time")
    settings: dict[str, str] = {}
    if seen.only_currency:
        settings["CURRENCY"] = seen.only_currency
    days = (seen.last_ms - seen.first_ms) // DAY_MS + 2
    if days > Settings.model_fields["history_days"].default:
        settings["HISTORY_DAYS"] = str(days)
    now = Clock().now_ms()
    rate = None if options.at_once else options.speed or _DATA_SPEED
    shift_ms = now - seen.last_ms if rate is None else 0
    own = _moved_goals(shift_ms, directory)

    async def feed(to: Sender, clock: Clock, stopped: asyncio.Event) -> Sent:
        pace = None if rate is None else clock
        done = await replay(source, to, shift_ms=shift_ms, pace=pace, complain=say, console=console)
        say(done.summary)
        return done.sent

    speed = "as fast as it goes" if rate is None else f"{rate:g} times as fast as real"
    return DemoPlan(f"{seen.records:,} events of {source.path.name}, {speed}", rate, seen.first_ms, feed, settings, own)


def _moved_goals(by_ms: int, directory: Path) -> dict[str, str]:
    """The user's own goals, their flights moved as the events are; nothing where there are none, or nothing moves."""
    goals = os.environ.get(f"{PREFIX}GOALS")
    if not goals or not by_ms:
        return {}
    moved = directory / "goals.yaml"
    shifted_goals.write(Path(goals), moved, by_ms)
    return {"GOALS": str(moved)}
