"""The ``replay`` command: options in, exit code out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kpis.runtime.clock import Clock
from kpis.runtime.errors import Misconfigured
from kpis.settings.shared import Settings
from pacewatch.replay import mapping_file, shifted_goals
from pacewatch.replay.scan import Scan
from pacewatch.replay.sender import sender
from pacewatch.replay.sending import RecordingSource, look, replay, too_old
from pacewatch.terminal import say
from streams.kafka import topics


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """The options of ``pacewatch replay``.

    Attributes:
        file: the recording.
        speed: event seconds per real second; None for as fast as possible.
        to_now: whether the last event lands on now.
        mapping: a mapping file for CSV.
        goals: a goals file to move along.
        shifted_goals: where the moved one goes.
        skip_bad: whether lines without a usable event are no failure.
        idempotent: whether Kafka is asked to drop what a retry would double.
    """

    file: Path
    speed: float | None = None
    to_now: bool = False
    mapping: Path | None = None
    goals: Path | None = None
    shifted_goals: Path | None = None
    skip_bad: bool = False
    idempotent: bool = False


def parse_speed(text: str) -> float | None:
    """A speed: ``max`` is None, else event seconds per real second.

    Raises:
        Misconfigured: it is neither ``max`` nor a positive number.
    """
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1e9:
        raise Misconfigured("--speed", f"{text[:40]!r} is no speed", "use max, or how many times real time, such as 60")
    return speed


async def play(options: ReplayOptions, settings: Settings) -> int:
    """Replay a file; gives the exit code: 0 when every event was acknowledged and every line held one.

    Raises:
        Permanent: an option or a file cannot be used.
        Unreachable: Kafka does not answer.
    """
    if (options.goals is None) != (options.shifted_goals is None):
        raise Misconfigured("--goals", "it goes together with --shifted-goals", "give both")
    source = RecordingSource(options.file, mapping_file.load(options.mapping) if options.mapping else None)
    now = settings.the_clock.now_ms()
    seen = await look(source)
    shift_ms = shift_to(seen, now) if options.to_now else 0
    if options.goals and options.shifted_goals:
        shifted_goals.write(options.goals, options.shifted_goals, shift_ms)
        say(f"{options.shifted_goals}: flights moved by {shift_ms} ms")
    if too_old(seen, shift_ms, now, settings.history_days):
        say(
            f"warning: the first events are older than PACEWATCH_HISTORY_DAYS={settings.history_days} and the worker "
            "will reject them; to see them counted use --shift now"
        )
    pace = None
    if options.speed is not None and seen.first_ms is not None:
        pace = Clock(options.speed, seen.first_ms + shift_ms, Clock().now_ms())
    await topics.ensure(settings)
    async with sender(settings, idempotent=options.idempotent) as to:
        result = await replay(source, to, shift_ms=shift_ms, pace=pace, complain=say)
    say(result.summary)
    return 1 if result.sent.failed or (result.bad_lines and not options.skip_bad) else 0


def shift_to(seen: Scan, now_ms: int) -> int:
    """The milliseconds that bring the last event to ``now_ms``, said aloud; 0 when no event has a time."""
    if seen.last_ms is None:
        return 0
    try:
        last = datetime.fromtimestamp(seen.last_ms / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        last = f"{seen.last_ms} ms"
    say(
        f"the last event, line {seen.last_line} of {last}, lands on now: every time moves by {now_ms - seen.last_ms} ms"
    )
    return now_ms - seen.last_ms
