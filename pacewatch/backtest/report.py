"""What a backtest says: tables for people, JSON lines for programs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kpis.runtime.printable import printable
from kpis.times import span_text
from kpis.units import close_amount, how_many
from monitors.alerts.sentences import bounded
from pacewatch.backtest.score import LabelMatch, Score
from pacewatch.backtest.sweeping import Choice, shown_choice
from pacewatch.backtest.trial import TrialMessage

_NAME = 24
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """What there was to judge.

    Attributes:
        looks: how often it was looked.
        events: how many were counted; None where history was read.
        repeats: whose id had been counted.
        refused: by stream and reason, such as ``click not_json``.
        left_out: by why, what was not even decoded.
    """

    looks: int = 0
    events: int | None = None
    repeats: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)


def sentence(message: TrialMessage) -> str:
    """What is known of it: ``since 06-10 22:00, 1,234 of 2,000 expected``."""
    verdict, unit, currency = message.verdict, message.alert.unit, message.alert.currency
    parts: list[str] = []
    if verdict.since_ms is not None and message.is_miss:
        parts.append(f"since {_local(verdict.since_ms, message).strftime('%m-%d %H:%M')}")
    if verdict.actual is not None:
        of = "" if verdict.expected is None else f", expected {close_amount(verdict.expected, unit, currency)}"
        parts.append(f"{close_amount(verdict.actual, unit, currency)}{of}")
    if message.is_miss and verdict.projected is not None:
        parts.append(f"ends at {close_amount(verdict.projected, unit, currency)}")
    return ", ".join(parts)


def as_json(message: TrialMessage) -> dict[str, Any]:
    """A message as an object."""
    verdict = message.verdict
    return {
        "at": _local(message.at_ms, message).isoformat(timespec="seconds"),
        "campaign": message.alert.campaign,
        "goal": message.goal.id,
        "change": message.change,
        "status": message.status,
        "reason": verdict.reason,
        "direction": verdict.direction,
        "since": None if verdict.since_ms is None else _local(verdict.since_ms, message).isoformat(timespec="seconds"),
        "actual": verdict.actual,
        "expected": verdict.expected,
        "projected": verdict.projected,
    }


def message_lines(messages: Sequence[TrialMessage]) -> list[str]:
    """The table of all messages."""
    heads = ("time", "campaign", "goal", "change", "status", "reason", "what")
    return table([heads, *(_cells(m) for m in messages)]) if messages else ["nothing would have been told"]


def tally_lines(tally: Tally) -> Iterator[str]:
    """What was counted, and what was not and why."""
    if tally.events is not None:
        yield (
            f"{how_many(tally.events, 'event')} counted, {how_many(tally.repeats, 'repeat')} left out, "
            f"{how_many(tally.looks, 'look')}"
        )
    for name, count in sorted(tally.refused.items()):
        yield f"{how_many(count, 'event')} refused: {name}"
    for name, count in tally.left_out.items():
        if count:
            yield f"{count:,} {name}"


def summary_lines(messages: Sequence[TrialMessage]) -> list[str]:
    """Messages by campaign, and by reason."""
    misses = sum(m.is_miss for m in messages)
    found = [f"{how_many(len(messages), 'message')}, {misses:,} of them of something wrong"]
    for head, name in (("campaign", _campaign), ("reason", _reason)):
        counts = Counter(map(name, messages))
        wrong = Counter(name(m) for m in messages if m.is_miss)
        rows = [(key, f"{wrong[key]:,}", f"{count:,}") for key, count in sorted(counts.items())]
        found += ["", *table([(head, "wrong", "messages"), *rows])] if rows else []
    return found


def score_lines(held: Score) -> list[str]:
    """Each label and when it was told, what no label explains, and both as shares."""
    rows = [("campaign", "from", "told", "after", "what"), *(_found_cells(f) for f in held.found)]
    found = table(rows)
    if held.unmatched:
        unmatched = f"{how_many(len(held.unmatched), 'message')} that no label explains"
        found += ["", unmatched, *message_lines(held.unmatched)]
    delay = "–" if held.median_delay_ms is None else span_text(held.median_delay_ms)
    told = sum(f.message is not None for f in held.found)
    right = held.misses - len(held.unmatched)
    return [
        *found,
        "",
        f"precision {_share(held.precision)} ({right:,} of {held.misses:,}), recall {_share(held.recall)} "
        f"({told} of {len(held.found)}), median delay {delay}",
    ]


def summary_json(messages: Sequence[TrialMessage], held: Score | None, tally: Tally) -> dict[str, Any]:
    """All of that as an object."""
    found: dict[str, Any] = {
        "messages": len(messages),
        "wrong": sum(m.is_miss for m in messages),
        "campaigns": dict(sorted(Counter(map(_campaign, messages)).items())),
        "reasons": dict(sorted(Counter(map(_reason, messages)).items())),
        "looks": tally.looks,
        "events": tally.events,
        "repeats": tally.repeats,
        "refused": tally.refused,
        "left_out": tally.left_out,
    }
    return found if held is None else found | _score_json(held)


def sweep_lines(rows: Sequence[tuple[Choice, int, Score]]) -> list[str]:
    """A row for each choice."""
    heads = ("tried", "messages", "wrong", "precision", "recall", "median delay")
    return table([heads, *(_sweep_cells(*row) for row in rows)])


def sweep_json(choice: Choice, messages: int, held: Score) -> dict[str, Any]:
    """One of them as an object."""
    share = {"precision": held.precision, "recall": held.recall, "median_delay_ms": held.median_delay_ms}
    return {"tried": dict(choice), "messages": messages, "wrong": held.misses, **share}


def table(rows: Sequence[Cells]) -> list[str]:
    """Rows with columns as wide as they need to be."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [" ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cells(message: TrialMessage) -> Cells:
    when = _local(message.at_ms, message).strftime("%Y-%m-%d %H:%M")
    names = (message.campaign.name, message.goal.id)
    shown = (bounded(printable(name), _NAME) for name in names)
    return (when, *shown, message.change, message.status, message.verdict.reason, sentence(message))


def _found_cells(found: LabelMatch) -> Cells:
    begin = datetime.fromtimestamp(found.label.from_ms / 1000, UTC).astimezone(ZoneInfo(found.label.timezone))
    message, delay = found.message, found.delay_ms
    told = "not in time" if message is None else f"{_reason(message)} {_local(message.at_ms, message):%m-%d %H:%M}"
    after = "–" if delay is None else span_text(delay)
    return found.label.campaign, begin.strftime("%Y-%m-%d %H:%M"), told, after, printable(found.label.what)


def _sweep_cells(choice: Choice, messages: int, held: Score) -> Cells:
    delay = "–" if held.median_delay_ms is None else span_text(held.median_delay_ms)
    return (
        shown_choice(choice),
        f"{messages:,}",
        f"{held.misses:,}",
        *map(_share, (held.precision if held.found else None, held.recall)),
        delay,
    )


def _score_json(held: Score) -> dict[str, Any]:
    labels = [
        {
            "campaign": f.label.campaign,
            "what": f.label.what,
            "told": None if f.message is None else as_json(f.message)["at"],
            "reason": None if f.message is None else f.message.verdict.reason,
            "delay_ms": f.delay_ms,
        }
        for f in held.found
    ]
    unmatched = [as_json(m) for m in held.unmatched]
    share = {"precision": held.precision, "recall": held.recall, "median_delay_ms": held.median_delay_ms}
    return share | {"labels": labels, "unmatched": unmatched}


def _campaign(message: TrialMessage) -> str:
    return message.campaign.campaign


def _reason(message: TrialMessage) -> str:
    return message.verdict.reason.value


def _share(part: float | None) -> str:
    return "–" if part is None else f"{part:.0%}"


def _local(at_ms: int, message: TrialMessage) -> datetime:
    zone = ZoneInfo(message.campaign.flight.timezone)
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
