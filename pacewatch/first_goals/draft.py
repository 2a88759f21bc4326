"""A goals file as text: what was guessed of each campaign, with comments that say how; or a template. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from kpis.runtime.printable import printable
from kpis.times import DAY_MS, MINUTE_MS, day_of
from kpis.units import amount
from monitors.goals import InvalidGoals
from monitors.goals.file import parse
from pacewatch.first_goals.guess import Guess, GuessedRatio, GuessedTotal

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_HEAD = """\
# Goals: what each campaign is to reach. Written by pacewatch init from what was counted so far: all of it is a guess.
# Put in what was agreed on: flights, time zones, budgets. Every field: docs/goals.md
# Then check it, and have it judged:
#     pacewatch goals check FILE
#     PACEWATCH_GOALS=FILE pacewatch monitor
"""
_TEMPLATE = """\
# Goals: what each campaign is to reach. No campaign has had an event yet, so this is an example: put in yours.
# Every field: docs/goals.md. Check it, and have it judged:
#     pacewatch goals check FILE
#     PACEWATCH_GOALS=FILE pacewatch monitor
campaigns:
  - campaign: my-campaign          # its id, as in events
    name: Spring launch            # what people call it
    # From its first moment to the first one after it, in its own time zone.
    flight: {start: START, end: END, timezone: Europe/Berlin}
    goals:
      # The budget of the whole flight; of a day it would be: {total: spend, target: 170, per: day}
      - {total: spend, target: 5000}
      # At least two clicks for a hundred impressions, over the last hour.
      - {ratio: ctr, at_least: 0.02, window: 1h}
      # At most 0.80 for a click, in PACEWATCH_CURRENCY, over a day.
      - {ratio: cpc, at_most: 0.80, window: 24h}
"""


def template(start: str, end: str) -> str:
    """An example of a file, which passes the check.

    Args:
        start, end: of the example's flight, as dates.
    """
    return _TEMPLATE.replace("START", start).replace("END", end)


def draft(guesses: Sequence[Guess], currency: str, left_out: Iterable[str]) -> tuple[str, int]:
    """A goals file, and how many campaigns are in it; without any it is no file that can be used.

    Args:
        guesses: of each campaign.
        currency: of all money.
        left_out: sentences on what is not in it.
    """
    parts, said = [], list(left_out)
    for one in guesses:
        if one.total is None and not one.ratios:
            said.append(f"{printable(one.campaign)} is left out: too few ad events were counted to guess a goal.")
            continue
        part = "\n".join(_campaign(one, currency))
        if is_usable(f"campaigns:\n{part}\n"):
            parts.append(part)
        else:
            said.append(f"{printable(one.campaign)} is left out: a goals file cannot name it.")
    head = _HEAD + "".join(f"# {line}\n" for line in said)
    return f"{head}campaigns:\n" + "\n".join(parts) + "\n", len(parts)


def is_usable(text: str) -> bool:
    """Whether it passes ``goals check``."""
    try:
        parse(text, "draft")
    except InvalidGoals:
        return False
    return True


def _campaign(one: Guess, currency: str) -> Iterator[str]:
    yield f"  - campaign: {_scalar(one.campaign)}"
    begun = "its first events, or earlier ones that are kept no more" if one.is_older else "its first events"
    yield f"    # Start: {begun}. End: not known; 30 days from now."
    yield f"    flight: {{start: {_start(one.start_ms)}, end: {day_of(one.end_ms)}, timezone: UTC}}"
    goals = [
        *(_total(one.total, currency) if one.total else ()),
        *(line for r in one.ratios for line in _ratio(r, currency)),
    ]
    yield "    goals:"
    yield from (f"      {line}" for line in goals)


def _total(goal: GuessedTotal, currency: str) -> list[str]:
    what = f"spend, in {currency}" if goal.name == "spend" else goal.name
    how = f"the mean of {goal.days} whole days" if goal.days > 1 else "that of the one whole day there is"
    wide = min(round(goal.band * 2, 2), 0.9)
    warning, critical = (f"[{1 - band:g}, {1 + band:g}]" for band in (goal.band, wide))
    return [
        f"# A day's {what}: " + (how if goal.days else "less than a whole day, made one; look again tomorrow"),
        f"- {{total: {goal.name}, target: {_number(goal.target)}, per: day, warning: {warning}, critical: {critical}}}",
    ]


def _ratio(goal: GuessedRatio, currency: str) -> list[str]:
    side = "at_least" if goal.kpi.higher_is_better else "at_most"
    was = amount(goal.was, goal.kpi.unit, currency)
    return [
        f"# {goal.kpi.label} was {was}; a quarter worse is a miss.",
        f"- {{ratio: {goal.kpi.name}, {side}: {_number(goal.bound)}, window: 24h}}",
    ]


def _start(ms: int) -> str:
    """A date, or the minute of a day."""
    minute = ms % DAY_MS // MINUTE_MS
    return day_of(ms) + (f"T{minute // 60:02}:{minute % 60:02}" if minute else "")


def _scalar(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


def _number(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")
