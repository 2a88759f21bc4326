"""The ``backtest`` command: options in, exit code out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kpis.measures import Kind
from kpis.packs.catalogue_file import load
from kpis.runtime.durations import parse_duration
from kpis.runtime.errors import Misconfigured
from kpis.settings.environment import PREFIX
from kpis.times import DAY_MS, MINUTE_MS, QUARTER_MS, parse_time
from monitors import goals as goals_file
from monitors.goals.all_goals import Goals
from monitors.goals.values import Goal, RatioGoal
from monitors.settings import MonitorSettings
from pacewatch.backtest import labels as labels_file
from pacewatch.backtest import report, stored_history
from pacewatch.backtest.event_time import EventTime, Span
from pacewatch.backtest.labels import Label
from pacewatch.backtest.moments import Watchlist, earliest, of_recording
from pacewatch.backtest.one_partition import OnePartition
from pacewatch.backtest.report import Tally
from pacewatch.backtest.score import score
from pacewatch.backtest.sweeping import Choice, choices, with_choice
from pacewatch.backtest.trial import Trial, TrialPolicy
from pacewatch.progress import Meter
from pacewatch.replay import mapping_file
from pacewatch.replay.recording import Recording
from pacewatch.replay.scan import Scan, scan
from pacewatch.terminal import out, say

LONGEST_MS = DAY_MS
"""Between two looks."""


@dataclass(frozen=True, slots=True)
class BacktestOptions:
    """The options of ``pacewatch backtest``.

    Attributes:
        goals: the goals file.
        data: a recording; None for history in Redis.
        mapping: a mapping file for CSV.
        since: where history begins, or the first look at a recording, RFC 3339.
        until: where it ends.
        every: between two looks, such as ``1m``.
        labels: known incidents.
        sweep: policy fields to try, ``NAME=V1,V2`` each.
        as_json: whether it is printed as JSON lines.
    """

    goals: Path
    data: Path | None = None
    mapping: Path | None = None
    since: str | None = None
    until: str | None = None
    every: str | None = None
    labels: Path | None = None
    sweep: tuple[str, ...] = ()
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class BacktestPlan:
    """What is judged: the goals, what is known to be wrong, and the policies."""

    goals: Goals
    labels: tuple[Label, ...]
    base: TrialPolicy
    tried: list[Choice]

    def trials(self, currency: str) -> list[Trial]:
        """One for each choice."""
        alone = len(self.tried) == 1
        return [Trial(with_choice(self.base, choice), currency, is_alone=alone) for choice in self.tried]


async def backtest(options: BacktestOptions) -> int:
    """Run it and print what it found; gives the exit code, which is 0.

    Raises:
        Permanent: an option or a file cannot be used.
        Recoverable: Redis is away.
    """
    _check(options)
    seen = _scan(options)
    settings = _settings(seen)
    found = countable(goals_file.load(options.goals, load(settings.catalogue)))
    policy = TrialPolicy()
    policy = with_choice(policy, (("max_lag_ms", settings.max_lag_ms), ("for_ms", int(settings.alert_for_s * 1000))))
    labels = labels_file.load(options.labels, found) if options.labels else ()
    plan = BacktestPlan(found, labels, policy, choices(options.sweep, policy))
    if seen is not None:
        trials, tally = _over_recording(options, settings, plan, seen)
    else:
        trials, tally = await _over_history(options, settings, plan)
    _print(options, plan, trials, tally)
    return 0


def _check(options: BacktestOptions) -> None:
    if options.data is None and (options.since is None or options.until is None):
        raise Misconfigured("backtest", "nothing to look at", "give --data FILE, or --from T and --to T for Redis")
    if options.mapping is not None and options.data is None:
        raise Misconfigured("--mapping", "it goes together with --data")
    if options.every is not None and options.data is None:
        raise Misconfigured("--every", "history is known by the quarter hour", "leave it out, or give --data")


def countable(found: Goals) -> Goals:
    """The goals that a backtest can judge, the others are said: whole campaigns are counted."""
    parts = sorted(one.campaign for one in found.parents if one.scope.is_breakdown)
    if parts:
        say(f"goals of breakdowns are not looked at, as whole campaigns are counted: {', '.join(parts[:5])}")
    found = replace(found, parents=tuple(one for one in found.parents if not one.scope.is_breakdown))
    ids = sorted({f"{one.campaign} {g.id}" for one in found.parents for g in one.goals if _is_of_ids(g)})
    if ids:
        say(f"ids are told apart of each campaign alone: not judged are {', '.join(ids[:5])}")
    return found


def _is_of_ids(goal: Goal) -> bool:
    return isinstance(goal, RatioGoal) and any(measure.kind is Kind.DISTINCT for measure in goal.kpi.formula.measures)


def _scan(options: BacktestOptions) -> Scan | None:
    if options.data is None:
        return None
    with _recording(options) as recording:
        seen = scan(recording)
    if seen.first_ms is None or seen.last_ms is None:
        raise Misconfigured(str(options.data), "it holds no event with a time")
    return seen


def _settings(seen: Scan | None) -> MonitorSettings:
    """As the monitor's; the currency is that of the recording if it has only one and none is set."""
    named = seen.only_currency if seen is not None else None
    if named and f"{PREFIX}CURRENCY" not in os.environ:
        return MonitorSettings.load(currency=named)  # type: ignore[no-any-return]
    return MonitorSettings.load()  # type: ignore[no-any-return]


def _over_recording(
    options: BacktestOptions, settings: MonitorSettings, plan: BacktestPlan, seen: Scan
) -> tuple[list[Trial], Tally]:
    span = _span(options, plan.goals, seen, settings.history_days)
    clock = EventTime(span)
    partition = OnePartition(settings, plan.goals.all, span.first_ms, plan.goals.catalogue)
    watchlist = Watchlist(plan.goals.all, span.first_ms, plan.base.verdicts.final_ms)
    trials = plan.trials(settings.currency)
    with _recording(options) as recording, Meter("looked at", span.last_ms - span.first_ms) as meter:
        looks = 0
        for looks, moment in enumerate(of_recording(recording, clock, partition, watchlist), 1):  # noqa: B007
            for trial in trials:
                trial.look(moment)
            meter.update(moment.now_ms - span.first_ms, partition.counted)
    left_out = {
        "lines hold no usable event": clock.left_out.bad_lines,
        "events after the last look are left out": clock.left_out.after_the_end,
    }
    refused = {f"{stream} {reason}": count for (stream, reason), count in partition.refused.items()}
    return trials, Tally(looks, partition.counted, partition.repeats, refused, left_out)


async def _over_history(
    options: BacktestOptions, settings: MonitorSettings, plan: BacktestPlan
) -> tuple[list[Trial], Tally]:
    since, until = _moment("--from", options.since), _moment("--to", options.until)
    _in_order(since, until)
    span = Span(since, until, QUARTER_MS)
    say("history is known by the quarter hour: looks are as far apart, and goals for windows below 15m are not judged")
    if unknown := sorted({goal.id for _, goal in plan.goals if _is_of_ids(goal)}):
        say(f"history does not hold which ids there were: goals on {', '.join(unknown)} are not judged")
    stored = await stored_history.load(settings, plan.goals.all, span, plan.goals.catalogue)
    watchlist = Watchlist(plan.goals.all, span.first_ms, plan.base.verdicts.final_ms)
    trials, looks = plan.trials(stored.currency), 0
    for moment in stored.moments(watchlist):
        looks += 1
        for trial in trials:
            trial.look(moment)
    return trials, Tally(looks)


def _span(options: BacktestOptions, goals: Goals, seen: Scan, history_days: int) -> Span:
    """From the first event to the last one, or to the end of all flights if that is before."""
    every = MINUTE_MS
    if options.every is not None:
        found = parse_duration(options.every)
        if found is None or not 1000 <= found <= LONGEST_MS:
            raise Misconfigured("--every", f"{options.every[:20]!r} is no such span", "from 1s to 1d, such as 1m")
        every = found
    assert seen.first_ms is not None
    assert seen.last_ms is not None
    # What is older than any flight can use must not be looked at minute by minute.
    begin = max(seen.first_ms, earliest(goals.all, history_days))
    since = begin if options.since is None else _moment("--from", options.since)
    ends = max(c.flight.end_ms for c in goals.all)
    until = min(seen.last_ms, ends) if options.until is None else _moment("--to", options.until)
    if until < since:
        name = str(options.data)
        raise Misconfigured(name, "no event lies before the end of any flight", "do goals and events go together?")
    return Span(since, until, every)


def _moment(option: str, text: str | None) -> int:
    found = parse_time(text or "")
    if found is None:
        remedy = "such as 2026-11-22T00:00:00+01:00"
        raise Misconfigured(option, f"{(text or '')[:40]!r} is no time with a zone", remedy)
    return found


def _in_order(since: int, until: int) -> None:
    if until <= since:
        raise Misconfigured("--to", "it is not after --from")


def _recording(options: BacktestOptions) -> Recording:
    assert options.data is not None
    return Recording(options.data, mapping_file.load(options.mapping) if options.mapping else None)


def _print(options: BacktestOptions, plan: BacktestPlan, trials: Sequence[Trial], tally: Tally) -> None:
    lines = _json_lines if options.as_json else _text_lines
    for line in lines(options, plan, trials, tally):
        out(line)


def _text_lines(options: BacktestOptions, plan: BacktestPlan, trials: Sequence[Trial], tally: Tally) -> Iterator[str]:
    if options.sweep:
        yield from report.sweep_lines(
            [
                (choice, len(trial.messages), score(trial.messages, plan.labels))
                for choice, trial in zip(plan.tried, trials, strict=True)
            ]
        )
    else:
        messages = trials[0].messages
        yield from report.message_lines(messages)
        yield ""
        yield from report.summary_lines(messages)
        if plan.labels:
            yield ""
            yield from report.score_lines(score(messages, plan.labels))
    yield ""
    yield from report.tally_lines(tally)


def _json_lines(options: BacktestOptions, plan: BacktestPlan, trials: Sequence[Trial], tally: Tally) -> Iterator[str]:
    if options.sweep:
        for choice, trial in zip(plan.tried, trials, strict=True):
            yield json.dumps(report.sweep_json(choice, len(trial.messages), score(trial.messages, plan.labels)))
        return
    messages = trials[0].messages
    for message in messages:
        yield json.dumps(report.as_json(message))
    held = score(messages, plan.labels) if plan.labels else None
    yield json.dumps({"summary": report.summary_json(messages, held, tally)})
