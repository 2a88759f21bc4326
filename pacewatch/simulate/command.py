"""The ``simulate`` command: a synthetic load into Kafka, and its exact totals."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Misconfigured
from kpis.settings.shared import Settings
from kpis.times import DAY_MS
from kpis.units import how_many
from pacewatch.replay.sender import Sender, sender
from pacewatch.simulate import scenarios
from pacewatch.simulate.simulation import Simulation
from pacewatch.simulate.traffic import Traffic
from pacewatch.terminal import out, say
from streams.kafka import topics

_STEP_S = 0.02
_SAY_EVERY_S = 3.0


@dataclass(frozen=True, slots=True)
class SimulateOptions:
    """The options of ``pacewatch simulate``.

    Attributes:
        campaigns: how many, in the steady scenario.
        rate: events per second of the clock, all together, in the steady scenario.
        scenario: ``steady`` or ``launch-day``.
        duration_s: real seconds; None for until a signal comes or the scenario is over.
        seed: decides every random draw.
        truth: where the totals go; None for stdout.
    """

    campaigns: int
    rate: float
    scenario: str
    duration_s: float | None
    seed: int
    truth: Path | None


async def synthesize(options: SimulateOptions, settings: Settings) -> int:
    """Send until the time is up or a signal comes, then give the truth; the exit code is 1 when Kafka refused any.

    Raises:
        Misconfigured: the scenario is unknown.
        Unreachable: Kafka does not answer.
    """
    clock = settings.the_clock
    start_ms = clock.now_ms()
    loads = _loads(options, start_ms)
    simulation = Simulation(loads, options.seed, f"{options.scenario}-{options.seed}-{start_ms}")
    stopped = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopped.set)
    await topics.ensure(settings)
    async with sender(settings) as to:
        await run(simulation, to, clock, stopped, options.duration_s, talk=True)
        sent = await to.flush()
    text = json.dumps(simulation.truth, indent=1)
    if options.truth is None:
        out(text)
    else:
        options.truth.write_text(text + "\n", encoding="utf-8")
    say(
        f"{how_many(sent.acked, 'event')} acknowledged"
        + (f", {sent.failed:,} failed: {sent.first_failure}" if sent.failed else "")
    )
    return 1 if sent.failed else 0


async def run(
    simulation: Simulation,
    to: Sender,
    clock: Clock,
    stopped: asyncio.Event,
    duration_s: float | None = None,
    *,
    talk: bool = False,
) -> None:
    """Send each event when the clock shows its time, until it is over, stopped, or the real seconds are up."""
    started = said = monotonic()
    while not (simulation.over or stopped.is_set()):
        elapsed = monotonic() - started
        if duration_s is not None and elapsed >= duration_s:
            return
        for record in simulation.until(clock.now_ms()):
            await to.send(record)
            if stopped.is_set():
                break
        if talk and monotonic() - said >= _SAY_EVERY_S:
            said = monotonic()
            left = "" if duration_s is None else f", {max(duration_s - elapsed, 0):.0f} s left"
            say(f"sent {to.sent.handed:,} events, {to.sent.handed / max(elapsed, 1e-6):,.0f}/s{left}")
        try:
            await asyncio.wait_for(stopped.wait(), _STEP_S)
        except TimeoutError:
            continue


def _loads(options: SimulateOptions, start_ms: int) -> Sequence[Traffic]:
    if options.scenario == "steady":
        return scenarios.steady(options.campaigns, options.rate, start_ms)
    if options.scenario == "launch-day":
        return scenarios.launch_day(start_ms - start_ms % DAY_MS)
    raise Misconfigured("--scenario", f"{options.scenario[:40]!r} is unknown", "there are steady and launch-day")
