"""One alert for one cause: campaigns that fall silent together are told of once, and what hangs on it waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from kpis.measures import Row
from kpis.times import MINUTE_MS
from monitors.alerts.stored import (
    decode_common,
    decode_evidence,
    decode_heard,
    encode_common,
    encode_evidence,
    encode_heard,
)  # fmt: skip
from monitors.goals.subject import Watched
from monitors.pacing.verdict import Reason, Status
from tests.kit.crowd import Crowd, campaign, usual

KNOWN = 1440 + 600
"""A day and ten hours: every hour of the day was seen, and it is ten in the morning."""
HOUR = 60
IMPRESSIONS, CLICKS, CONVERSIONS, SPEND, ALL = (0,), (1,), (2, 4), (3,), (0, 1, 2, 3, 4)
Told = list[tuple[str, str, str, str]]
UNEQUAL = (4.0, *(1.0, 0.2) * 5)


def crowd(
    rates: Sequence[float] = UNEQUAL,
    columns: Sequence[int] = ALL,
    whose: Callable[[int], bool] = lambda _: True,
    *,
    known: int = KNOWN,
    lasts: int = HOUR,
) -> Crowd:
    """Campaigns of these rates, some of which lack some measures for an hour; nothing was told before."""

    def brings(number: int, minute: int) -> Row:
        row = list(usual(number, minute, rates[number]))
        if known <= minute < known + lasts and whose(number):
            row = [0 if column in columns else value for column, value in enumerate(row)]
        return tuple(row)

    found = Crowd([campaign(number, rate=rate) for number, rate in enumerate(rates)], brings)
    found.skip(known - 10)
    assert found.run(10) == []
    return found


@pytest.mark.parametrize(
    ("columns", "cause", "reason"),
    [
        (ALL, "watch:pipeline", "nothing_comes"),
        (IMPRESSIONS, "watch:impression_stream", "stream_silent"),
        (CLICKS, "watch:click_stream", "stream_silent"),
        (CONVERSIONS, "watch:conversion_stream", "stream_silent"),
        (SPEND, "watch:spend_stream", "stream_silent"),
    ],
)
@pytest.mark.parametrize("rates", [UNEQUAL, (1.0, 1.0), (8.0, *[0.1] * 20)], ids=["unequal", "two", "one great"])
def test_a_stream_that_stands_still_for_an_hour_is_one_message_and_one_when_it_is_back(
    rates: Sequence[float], columns: Sequence[int], cause: str, reason: str
) -> None:
    """Whichever, of two campaigns or many, however unequal: no campaign says anything of its own, then or later."""
    found = crowd(rates, columns)
    assert found.run(HOUR) == [("", cause, "fired", reason)]
    assert found.run(100) == [("", cause, "resolved", "flowing")]


def test_a_hundred_campaigns_that_fall_silent_are_one_message() -> None:
    found = crowd([1 / (1 + number % 20) for number in range(100)], ALL)
    assert found.run(HOUR) == [("", "watch:pipeline", "fired", "nothing_comes")]


@pytest.mark.parametrize(
    ("columns", "goal", "reason"), [(ALL, "watch:serving", "not_serving"), (CLICKS, "watch:clicks", "silent")]
)
def test_one_campaign_that_falls_silent_is_its_own(columns: Sequence[int], goal: str, reason: str) -> None:
    """Be it the busiest, or the only one."""
    for rates in (UNEQUAL, (4.0,)):
        found = crowd(rates, columns, lambda number: number == 0)
        assert found.run(HOUR) == [("c0", goal, "fired", reason)]
        assert found.run(2 * HOUR) == [("c0", goal, "resolved", "flowing")]


def test_most_campaigns_that_fall_silent_at_once_are_one_message_that_says_how_many() -> None:
    found = crowd([1.0] * 10, ALL, lambda number: number < 7)
    assert found.run(HOUR) == [("", "watch:impression_stream", "fired", "stream_silent")]
    alert = found.trial.messages[-1].alert
    assert (alert.actual, alert.expected) == (7, 10)
    assert found.run(2 * HOUR) == [("", "watch:impression_stream", "resolved", "flowing")]


def test_campaigns_that_come_back_one_after_the_other_say_nothing_of_their_own() -> None:
    """Producers are started again by and by: a campaign each minute."""
    rates = [1.0] * 12

    def brings(number: int, minute: int) -> Row:
        is_out = KNOWN <= minute < KNOWN + HOUR + number
        return (0, 0, 0, 0, 0) if is_out else usual(number, minute, rates[number])

    found = Crowd([campaign(number) for number in range(12)], brings)
    found.skip(KNOWN - 10)
    found.run(10)
    told = [*found.run(HOUR), *found.run(3 * HOUR)]
    assert {one[0] for one in told} == {""}
    assert told == [("", "watch:pipeline", "fired", "nothing_comes"), ("", "watch:pipeline", "resolved", "flowing")]


def test_a_campaign_that_was_silent_before_stays_so_when_all_others_come_again() -> None:
    found = crowd([1.0] * 6, ALL, lambda number: number == 0, lasts=10 * HOUR)
    assert found.run(HOUR) == [("c0", "watch:serving", "fired", "not_serving")]
    before = found.brings
    found.brings = lambda n, m: before(n, m) if not KNOWN + HOUR <= m < KNOWN + 2 * HOUR else (0, 0, 0, 0, 0)
    assert [one[1:3] for one in found.run(2 * HOUR)] == [("watch:pipeline", "fired"), ("watch:pipeline", "resolved")]
    assert found.run(HOUR) == []


def test_numbers_that_are_late_are_told_once_with_how_many_wait() -> None:
    """A worker that is away, or a partition that is parked; one minute is nothing."""
    found = crowd([1.0] * 6)
    found.brings = usual
    found.late = dict.fromkeys(range(6), 1)
    assert found.run(3) == []
    told: Told = []
    for minutes in range(2, 60):
        found.late = dict.fromkeys(range(4), minutes)
        told += found.run(1)
    assert told == [("", "watch:pipeline", "fired", "pipeline_late")]
    alert = found.trial.messages[-1].alert
    assert (alert.actual, alert.expected) == (4, 6)
    assert alert.since_ms == alert.at_ms - 4 * MINUTE_MS
    found.late = {}
    assert found.run(2 * HOUR) == [("", "watch:pipeline", "resolved", "flowing")]


def test_nothing_is_told_of_flights_that_are_over_or_of_a_night_that_is_always_quiet() -> None:
    """And what was told ends with the last flight."""

    def brings(number: int, minute: int) -> Row:
        return (0, 0, 0, 0, 0) if minute % 1440 >= 22 * 60 or minute % 1440 < 6 * 60 else usual(number, minute)

    found = Crowd([campaign(number, days=3) for number in range(6)], brings)
    found.skip(2 * 1440 + 21 * 60)
    told = found.run(5 * HOUR)
    assert [one for one in told if one[0] == ""] == []
    found.skip(3 * 1440 - found.minute - 1)
    assert [one for one in found.run(HOUR) if one[0] == ""] == []


def test_an_empty_install_says_after_the_deadline_once_that_nothing_comes() -> None:
    found = Crowd([campaign(number) for number in range(6)], lambda *_: (0, 0, 0, 0, 0))
    assert found.run(20) == []
    assert found.run(HOUR) == [("", "watch:pipeline", "fired", "nothing_comes")]


@pytest.mark.parametrize("after", [1, 7, 30, HOUR, HOUR + 2])
def test_a_monitor_that_is_started_again_at_any_time_tells_the_same(after: int) -> None:
    """In the middle of it, and while what comes again settles."""
    found = crowd(columns=CLICKS)
    told = found.run(after)
    engine, whole = found.trial.engine, found.trial.whole
    assert whole.held is not None
    whole.held = decode_common(encode_common(whole.held))
    engine.held = {n: e for n, one in engine.held.items() if (e := decode_evidence(encode_evidence(one))) is not None}
    engine.heard = {n: h for n, one in engine.heard.items() if (h := decode_heard(encode_heard(one))) is not None}
    told += found.run(2 * HOUR - after)
    assert told == [
        ("", "watch:click_stream", "fired", "stream_silent"),
        ("", "watch:click_stream", "resolved", "flowing"),
    ]


def test_while_a_stream_stands_still_all_that_needs_it_waits_and_says_so() -> None:
    found = crowd(columns=CLICKS)
    found.run(30)
    held = found.trial.whole.held
    assert held is not None
    assert list(held.standing) == [Watched.CLICKS]
    judged = {goal.id: verdict for goal, verdict in found.judged()[1]}
    for waits in ("ctr:at_least:1h", "cpa:at_most:24h", "watch:clicks", "watch:conversions"):
        assert (judged[waits].status, judged[waits].reason) == (Status.HOLD, Reason.EXPLAINED), waits
    assert judged["impressions"].status is Status.ON_PACE
