"""What a demo plays: a recording, or the simulated launch day with all that goes wrong on it, and its settings."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rich.console import Console

from kpis.runtime.clock import Clock
from kpis.runtime.errors import Misconfigured
from kpis.settings.environment import PREFIX
from kpis.settings.shared import Settings
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from pacewatch.demo.launch_day import LaunchDay, delays
from pacewatch.demo.story import hour
from pacewatch.replay import shifted_goals
from pacewatch.replay.scan import Scan
from pacewatch.replay.sender import Sender, Sent
from pacewatch.replay.sending import RecordingSource, look, replay
from pacewatch.simulate import scenarios
from pacewatch.simulate.simulation import Simulation

_SIMULATED_S = 90
_STARTING_S = 4.0
"""The day begins when worker and monitor had so long to start."""
_STEP_S = 0.02
_KILLED_MS = 16 * HOUR_MS + 30 * MINUTE_MS
_AFTER_MS = HOUR_MS
"""What is left of the fast clock after the last event, for flights to be judged for good."""
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
        is_exit: whether it ends after the summary.
        is_open: whether the board is opened in a browser.
    """

    data: Path | None = None
    speed: float | None = None
    at_once: bool = False
    duration_s: float | None = None
    as_json: bool = False
    is_exit: bool = False
    is_open: bool = False

    @property
    def ends(self) -> bool:
        """Whether it is over once everything is counted; else the board stays open."""
        return self.is_exit or self.as_json


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done during the day.

    Attributes:
        at_ms: when, by the demo's clock.
        says: it, in words.
        kills: whether the worker is killed then.
    """

    at_ms: int
    says: str
    kills: bool = False


class EventFeed(Protocol):
    """Sends the events of a demo."""

    async def __call__(self, to: Sender, clock: Clock, stopped: asyncio.Event, tell: Callable[[str], None]) -> Sent:
        """Send them, at the clock's pace, and wait for every acknowledgement; ``tell`` hears of what people should."""


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """A demo to be played.

    Attributes:
        what: it in a few words.
        rate: how fast the shared clock runs; None for the wall clock.
        origin_ms: what the clock shows when the events begin.
        ends_ms: the time of the last event.
        feed: sends the events.
        settings: ``PACEWATCH_*`` variables without prefix that go with it; the user's own go before.
        own: those that the user's own do not go before.
        acts: what is done meanwhile, in its order.
        truth: the totals of what was sent, by campaign and measure; None where they are not known.
        quiet_ms: from when to when producers stall; None where they do not.
        lasts_ms: how long a miss must last to be told.
        until_ms: what the clock shows when it stops being fast; None for never.
        starting_s: real seconds before the events begin.
    """

    what: str
    rate: float | None
    origin_ms: int
    ends_ms: int
    feed: EventFeed
    settings: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    acts: tuple[Act, ...] = ()
    truth: Callable[[], Mapping[str, Mapping[str, int]]] | None = None
    quiet_ms: tuple[int, int] | None = None
    lasts_ms: int = 0
    until_ms: int | None = None
    starting_s: float = 0.0

    def clock(self) -> Clock:
        """The clock all processes of the demo share, started now."""
        if self.rate is None:
            return Clock()
        return Clock(self.rate, self.origin_ms, Clock().now_ms() + int(self.starting_s * 1000), self.until_ms)


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
    hours_ms = scenarios.CLOSES_MS - scenarios.OPENS_MS
    usual = hours_ms / 1000 / _SIMULATED_S
    if options.at_once:
        raise Misconfigured("--speed", "max needs --data", f"give a number, such as {usual:g}: a day in 90 seconds")
    now = Clock().now_ms()
    day = now - now % DAY_MS
    goals = directory / "goals.yaml"
    goals.write_text(scenarios.launch_goals(day), encoding="utf-8")
    held = delays(day)
    simulation = Simulation(scenarios.launch_day(day), _SEED, f"demo-{now}")
    rate = options.speed or usual
    ends_ms = day + scenarios.CLOSES_MS + held.spend_ms
    return DemoPlan(
        what=f"a launch day of six campaigns in {hours_ms / 1000 / rate:.0f} s",
        rate=rate,
        origin_ms=day + scenarios.OPENS_MS,
        ends_ms=ends_ms,
        feed=_fed(LaunchDay(simulation, held)),
        settings=_hasty(rate),
        lasts_ms=_lasts_s(rate) * 1000,
        own={"GOALS": str(goals)},
        acts=_acts(day),
        truth=lambda: simulation.truth,
        quiet_ms=(held.stall_ms, held.resume_ms),
        until_ms=ends_ms + _AFTER_MS,
        starting_s=_STARTING_S,
    )


def _hasty(rate: float) -> dict[str, str]:
    """Settings by which what takes a moment of real time, and so many minutes of the day, is no miss."""
    return {
        "FLUSH_INTERVAL_S": "0.1",
        "REFRESH_S": "0.25",
        "ALERT_GATHER_S": "0.3",
        "MAX_LAG_S": "2",
        "ALERT_FOR_S": str(_lasts_s(rate)),
    }


def _lasts_s(rate: float) -> int:
    return int(min(2 * rate, DAY_MS / 1000))


def _acts(day_ms: int) -> tuple[Act, ...]:
    held = delays(day_ms)
    late = f"spend is reported {held.spend_ms // MINUTE_MS} minutes late all day"
    acts = [
        *(Act(at_ms, says) for at_ms, says in scenarios.mishaps(day_ms)),
        Act(day_ms + scenarios.OPENS_MS, late),
        Act(held.stall_ms, f"all producers stall: nothing comes until {hour(held.resume_ms)}"),
        Act(held.resume_ms, "producers go on, with all that waited"),
        Act(day_ms + _KILLED_MS, "the worker is killed (kill -9)", kills=True),
    ]
    return tuple(sorted(acts, key=lambda act: act.at_ms))


def _fed(day: LaunchDay) -> EventFeed:
    async def feed(to: Sender, clock: Clock, stopped: asyncio.Event, tell: Callable[[str], None]) -> Sent:
        while not (day.over or stopped.is_set()):
            for record in day.until(clock.now_ms()):
                await to.send(record)
            await asyncio.sleep(_STEP_S)
        return await to.flush()

    return feed


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
    own, last_ms = _moved_goals(shift_ms, directory), seen.last_ms

    async def feed(to: Sender, clock: Clock, stopped: asyncio.Event, tell: Callable[[str], None]) -> Sent:
        pace = None if rate is None else clock
        done = await replay(source, to, shift_ms=shift_ms, pace=pace, complain=tell, console=console)
        tell(done.summary)
        return done.sent

    speed = "as fast as it goes" if rate is None else f"{rate:g} times as fast as real"
    what = f"{seen.records:,} events of {source.path.name}, {speed}"
    return DemoPlan(what, rate, seen.first_ms + shift_ms, last_ms + shift_ms, feed, settings, own)


def _moved_goals(by_ms: int, directory: Path) -> dict[str, str]:
    """The user's own goals, their flights moved as the events are; nothing where there are none, or nothing moves."""
    goals = os.environ.get(f"{PREFIX}GOALS")
    if not goals or not by_ms:
        return {}
    moved = directory / "goals.yaml"
    shifted_goals.write(Path(goals), moved, by_ms)
    return {"GOALS": str(moved)}
