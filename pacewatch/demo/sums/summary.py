"""The end of a demo in words: what people were told, whether totals are what was sent, and how fast it was. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kpis.measures import MEASURES, Measure
from kpis.units import Unit, amount, how_many
from monitors.common.together import NAME as EVERYBODY
from pacewatch.demo.story import Happening, Teller, hour
from pacewatch.demo.sums.accounts import Accounts
from pacewatch.demo.sums.promptness import Promptness

_NAME, _EACH, _LEAST = 17, 12, 9
_FIRST_LEFT_OUT = ("conversions", "clicks", "revenue_micros")
"""What has no column where there is no room for all; it is compared all the same."""
_MEASURES = tuple(m for m in MEASURES if m.unit in {Unit.EVENTS, Unit.MICROS})


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """What came of it.

    Attributes:
        accounts: what was counted against what was sent.
        happenings: what happened, oldest first.
        posts: messages that Slack was posted.
        promptness: how long events took to be counted.
        real_s: seconds from the first event to the last one counted.
        names: of campaigns, by id.
        quiet_ms: from when to when producers stalled; None where they did not.
        lasts_ms: how long a miss lasted before it was told: what is told sooner after the stall began is of before.
    """

    accounts: Accounts
    happenings: Sequence[Happening]
    posts: int
    promptness: Promptness
    real_s: float
    names: dict[str, str]
    quiet_ms: tuple[int, int] | None = None
    lasts_ms: int = 0


def lines(outcome: DemoOutcome, width: int) -> list[str]:
    """All of it, for so many columns; what matters most comes last, where a short terminal shows it."""
    found: list[str] = []
    told = [one for one in outcome.happenings if one.teller is not Teller.NOTE]
    if told:
        found += textwrap.wrap(
            f"What happened (»), and what people were told ({how_many(outcome.posts, 'message')}):", width
        )
        found += [line for one in told for line in _happening(one, width)]
        found += [""]
    if outcome.accounts.campaigns:
        found += [*_campaigns(outcome, width), ""]
    found += [*_streams(outcome.accounts, width), ""]
    found += [line for said in _verdict(outcome) for line in textwrap.wrap(said, width, subsequent_indent="  ")]
    return found


def _happening(one: Happening, width: int) -> list[str]:
    at = hour(one.at_ms) if one.at_ms is not None else ""
    mark = "»" if one.teller is Teller.HAPPENS else one.mark or " "
    return textwrap.wrap(f"{at:5} {mark} {one.text}", max(width, 30), subsequent_indent=" " * 8)


def _campaigns(outcome: DemoOutcome, width: int) -> Iterator[str]:
    """The totals in Redis, and whether they are what was sent."""
    shown = list(_MEASURES)
    for name in _FIRST_LEFT_OUT:
        if _NAME + sum(map(_wide, shown)) + 8 > width:
            shown = [m for m in shown if m.name != name]
    yield f"{'Totals':{_NAME}}" + "".join(f"{m.title:>{_wide(m)}}" for m in shown) + "   equal"
    for one in outcome.accounts.campaigns:
        name = outcome.names.get(one.campaign, one.campaign)
        cells = "".join(f"{amount(one.counted.get(m.name, 0), m.unit):>{_wide(m)}}" for m in shown)
        yield f"{name[: _NAME - 1]:{_NAME}}{cells}   {'NO' if one.wrong else 'yes'}"


def _wide(measure: Measure) -> int:
    return max(len(measure.title) + 1, _LEAST if measure.unit is Unit.EVENTS else _LEAST + 2)


def _streams(accounts: Accounts, width: int) -> Iterator[str]:
    each = _EACH if width >= _NAME + 4 * _EACH else _LEAST + 1
    heads = ("sent", "counted", "repeated", "refused")
    yield f"{'Events':{_NAME}}" + "".join(f"{head:>{each}}" for head in heads)
    for one in accounts.streams:
        values = (one.sent, one.counted, one.repeated, one.refused)
        yield f"{one.stream.topic_suffix:{_NAME}}" + "".join(f"{value:>{each},}" for value in values)


def _verdict(outcome: DemoOutcome) -> Iterator[str]:
    accounts, prompt = outcome.accounts, outcome.promptness
    whole = "every total of every campaign is what was sent, to the last micro" if accounts.campaigns else ""
    if accounts.is_exact:
        yield f"EXACT: of {accounts.sent:,} events each is counted once, or left out with a reason" + (
            f"; {whole}." if whole else "."
        )
    else:
        yield f"NOT EXACT: {'; '.join(_wrong(accounts))}."
    if outcome.quiet_ms is not None:
        begin_ms, end_ms = outcome.quiet_ms
        told = "; ".join(one.text for one in _of_stall(outcome)) or "no campaign was called off its pace"
        yield f"STALL: from {hour(begin_ms)} to {hour(end_ms)} nothing came; {told}."
    if prompt.back_s is not None:
        yield f"KILLED: {prompt.back_s:.1f} s after kill -9 the next worker had counted all that waited."
    half, most = prompt.within(0.5), prompt.within(0.95)
    if half is not None and most is not None:
        yield (
            f"FAST: {accounts.sent:,} events came in {outcome.real_s:.0f} s; half of them were counted {half:.1f} s "
            f"after they were sent at most, 95% {most:.1f} s."
        )


def _of_stall(outcome: DemoOutcome) -> list[Happening]:
    """The alerts on single campaigns that may be of the stall."""
    if outcome.quiet_ms is None:
        return []
    first, last = (ms + outcome.lasts_ms for ms in outcome.quiet_ms)
    alerts = (one for one in outcome.happenings if one.is_alert and first <= (one.at_ms or 0) <= last)
    return [one for one in alerts if not one.text.startswith(f"{EVERYBODY}:")]


def _wrong(accounts: Accounts) -> Iterator[str]:
    if accounts.failed:
        yield f"Kafka did not take {how_many(accounts.failed, 'event')}"
    for one in accounts.streams:
        if one.lost:
            what = "missing" if one.lost > 0 else "counted too often"
            yield f"{how_many(abs(one.lost), f'{one.stream} event')} {what}"
    for campaign in accounts.campaigns:
        for name in campaign.wrong:
            yield f"{campaign.campaign}: {name} {campaign.counted.get(name, 0):,} of {campaign.sent[name]:,}"
    if accounts.strangers:
        yield f"{how_many(len(accounts.strangers), 'campaign')} in Redis of which nothing was sent"
