"""Alerts as lines, and as JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kpis.runtime.printable import printable
from kpis.times import minute_in, span_text
from kpis.units import how_many
from monitors.alerts.interventions import EVERY, Silence
from monitors.alerts.sentences import bounded, facts, headline
from monitors.words.wording import LOOK
from pacewatch.alerts.known_alerts import Firing, KnownAlerts

_INDENT = "    "


def lines(known: KnownAlerts, now_ms: int, width: int | None) -> Iterator[str]:
    """Three lines for each alert: which, what, and since when and who; then mutes, and what could not be sent.

    Args:
        known: what there is.
        now_ms: the clock.
        width: of the terminal, beyond which a line is cut; None to print whole ones.
    """
    for line in _whole_lines(known, now_ms):
        yield line if width is None else bounded(line, width)


def _whole_lines(known: KnownAlerts, now_ms: int) -> Iterator[str]:
    for one in known.firing:
        yield f"{LOOK[one.held.state.told].mark} {printable(one.campaign)} {printable(one.goal)}"
        yield f"{_INDENT}{said(one)}"
        yield f"{_INDENT}{', '.join((since(one, now_ms), *_untold(one)))}"
    if not known.firing:
        yield "no alert fires"
    yield from map(muted, known.mutes)
    for name, backlog in known.backlogs.items():
        yield f"{how_many(backlog.count, 'message waits', 'messages wait')} for {name}: pacewatch doctor"
    if known.parked:
        yield f"{how_many(known.parked, 'message was', 'messages were')} given up: pacewatch alerts parked"


def whole(one: Firing, now_ms: int) -> Iterator[str]:
    """All that is known of one alert."""
    yield f"{LOOK[one.held.state.told].mark} {said(one)}"
    if one.alert is not None:
        yield from (f"{_INDENT}{name}: {printable(value)}" for name, value in facts(one.alert))
    yield f"{_INDENT}{since(one, now_ms)}"
    yield f"{_INDENT}told by: {', '.join(one.told_by) or 'nobody'}"
    for receipt in one.receipts:
        if receipt.is_waiting:
            yield f"{_INDENT}waits for: {receipt.notifier}"
        elif receipt.why:
            yield f"{_INDENT}not told by: {receipt.notifier}, {receipt.why}, see pacewatch alerts parked"
    if one.acknowledged is not None and one.acknowledged.note:
        yield f"{_INDENT}note: {printable(one.acknowledged.note)}"


def as_json(known: KnownAlerts) -> str:
    """One line of JSON; times are epoch milliseconds."""
    found: dict[str, Any] = {
        "alerts": [_fields(one) for one in known.firing],
        "mutes": [
            {"campaign": m.campaign, "from_ms": m.from_ms, "until_ms": m.until_ms, "by": m.by, "why": m.why}
            for m in known.mutes
        ],
        "waiting": {name: backlog.count for name, backlog in known.backlogs.items()},
        "parked": known.parked,
    }
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def said(one: Firing) -> str:
    """What it says, in one line."""
    if one.alert is not None:
        return printable(headline(one.alert))
    return f"{printable(one.campaign)}: {printable(one.goal)} is {LOOK[one.held.state.told].word}"


def since(one: Firing, now_ms: int) -> str:
    """Since when, and who takes care of it: ``for 2 h, acknowledged by ana, muted``."""
    began = one.held.state.since_ms
    parts = [] if began is None else [f"for {span_text(max(now_ms - began, 0))}"]
    if one.acknowledged is not None:
        parts.append(f"acknowledged by {printable(one.acknowledged.by)}")
    if one.is_muted:
        parts.append("muted")
    return ", ".join(parts) or "since an unknown time"


def _untold(one: Firing) -> list[str]:
    """Who could not tell it: ``not told by slack: refused (HTTP 404)``."""
    return [f"not told by {receipt.notifier}: {receipt.why}" for receipt in one.receipts if receipt.why]


def muted(mute: Silence) -> str:
    """``muted: c42 until 2026-11-22 14:00 UTC by ana: budget moved``."""
    whose = "every campaign" if mute.campaign == EVERY else printable(mute.campaign)
    why = f": {printable(mute.why)}" if mute.why else ""
    return f"muted: {whose} until {minute_in(mute.until_ms, 'UTC')} by {printable(mute.by)}{why}"


def _fields(one: Firing) -> dict[str, Any]:
    state, done = one.held.state, one.acknowledged
    return {
        "campaign": one.campaign,
        "goal": one.goal,
        "status": state.told,
        "direction": state.direction,
        "since_ms": state.since_ms,
        "says": said(one),
        "acknowledged_by": None if done is None else done.by,
        "is_muted": one.is_muted,
        "told_by": one.told_by,
        "waits_for": [receipt.notifier for receipt in one.receipts if receipt.is_waiting],
        "not_told_by": {receipt.notifier: receipt.why for receipt in one.receipts if receipt.why},
    }
