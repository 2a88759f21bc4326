"""What is said of verdicts: a sentence for each reason, of totals, ratios and watches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS
from kpis.units import MICROS
from monitors.alerts.alert import Alert, alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState, Change, Transition
from monitors.alerts.notifiers.slack import render
from monitors.alerts.sentences import facts, headline, status_change
from monitors.alerts.status_changes import RecentChanges
from monitors.alerts.stored import decode_alert, encode_alert
from monitors.goals import Band, Bound, Campaign, Flight, RatioGoal, TotalGoal
from monitors.goals.subject import COMMON_WATCHES, WATCHES, Subject, Watch
from monitors.pacing.verdict import Direction, Reason, Status, Verdict
from monitors.words.moments import moment
from monitors.words.phrases import case_of, missing, phrase, sentence
from monitors.words.wording import GROUNDS, LOOK_AT, REASONS, word_of
from tests.kit.block_kit import is_fit
from tests.kit.monitor_fakes import DAY, HOUR, MIDNIGHT, NOON

SHANGHAI = Flight(MIDNIGHT - 30 * DAY, MIDNIGHT + 30 * DAY, "Asia/Shanghai")
SPEND = TotalGoal(TOTALS["spend"], 10_000 * MICROS, Band(0.9, 1.1), Band(0.75, 1.25))
CLICKS = TotalGoal(TOTALS["clicks"], 10_000, Band(0.9, 1.1), Band(0.75, 1.25))
CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")
SERVING, CLICKED, CONVERTED, CHARGED, EVENINGS, SURGE = WATCHES


def verdict(goal: Subject, reason: Reason, status: Status = Status.CRITICAL, **more: Any) -> Verdict:
    """A verdict at noon UTC, which is 20:00 in Shanghai."""
    return msgspec.structs.replace(
        Verdict.withheld(status, reason, goal, NOON), **{"direction": Direction.UNDER, **more}
    )


def said(goal: Subject, reason: Reason, **more: Any) -> str:
    """What is said of it."""
    campaign = Campaign("c42", "Launch", SHANGHAI, (SPEND,))
    return sentence(case_of(campaign, goal, verdict(goal, reason, **more), "EUR"))


def told(
    goal: Subject, reason: Reason, *, before: Status = Status.ON_PACE, after: Status = Status.CRITICAL, **more: Any
) -> Alert:
    """The alert about it."""
    campaign = Campaign("c42", "Launch", SHANGHAI, (SPEND,))
    change = Change.RESOLVED if after is Status.ON_PACE else Change.FIRED
    step = Transition(AlertState(before), AlertState(after), change)
    one = Assessment(campaign, goal, verdict(goal, reason, after, **more), step.after)
    return alert_of(one, step, "EUR", "key", "1")


def eur(*units: float) -> tuple[int, ...]:
    """Amounts in micros."""
    return tuple(round(one * MICROS) for one in units)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_its_words(reason: Reason) -> None:
    assert REASONS[reason]
    goals: tuple[Subject, ...] = (SPEND, CTR, SERVING, CLICKED, CONVERTED, CHARGED, *COMMON_WATCHES)
    for goal in goals:
        assert said(goal, reason), "whatever is known of it"
        assert "0 of 0" not in said(goal, reason, actual=0, expected=0)


ENDS: dict[str, Any] = {"projected": eur(8_234.56)[0], "interval": eur(7_891, 8_588)}


@pytest.mark.parametrize(
    ("reason", "more", "expected"),
    [
        (Reason.PROJECTED, ENDS, "Will end at 8,200 (7,900 to 8,600) of 10,000 EUR"),
        (Reason.PROJECTED, {"projected": eur(2_345.6)[0]}, "Would end at 2,300 of 10,000 EUR at this pace"),
        (Reason.WITHIN, ENDS, "Will end at 8,200 (7,900 to 8,600) of 10,000 EUR"),
        (Reason.WITHIN, {}, "Inside its band"),
        (
            Reason.WITHIN,
            {"projected": eur(9_812)[0], "interval": eur(3_441, 22_804)},
            "May end anywhere from 3,400 to 23,000 of 10,000 EUR",
        ),
        (Reason.NOT_PROVEN, ENDS, "May end at 8,200 (7,900 to 8,600) of 10,000 EUR, which is not proven"),
        (
            Reason.CHANGED,
            {"since_ms": NOON - 6 * HOUR},
            "Far less than usual since 14:00 (CST): would miss its target if that lasted",
        ),
        (
            Reason.CHANGED,
            {"since_ms": NOON - 6 * HOUR, "direction": Direction.OVER},
            "Far more than usual since 14:00 (CST): would exceed its target if that lasted",
        ),
        (Reason.EXCEEDED, {"actual": eur(11_004.5)[0]}, "Already 11,004 of 10,000 EUR, and not over yet"),
        (
            Reason.OUTSIDE,
            {"actual": eur(30.5)[0], "expected": eur(5_000)[0]},
            "30.50 of the 5,000 EUR expected by now",
        ),
        (Reason.FLIGHT_ENDED, {"actual": eur(9_000)[0]}, "9,000 of 10,000 EUR at its end"),
        (
            Reason.IMMATERIAL,
            {"projected": eur(9_834.56)[0], "interval": eur(9_801, 9_888)},
            "Will end at 9,830 (9,800 to 9,890) of 10,000 EUR, too near to be worth a message",
        ),
        (Reason.AWAITS_STREAM, {"waits_for": "spend"}, "Waits for spend, quiet or late"),
        (Reason.EXPLAINED, ENDS, "Waits: what else is wrong explains it"),
    ],
)
def test_of_a_total_it_is_said_where_it_will_end(reason: Reason, more: dict[str, Any], expected: str) -> None:
    assert said(SPEND, reason, **more) == expected


def test_a_projection_has_the_digits_that_its_interval_allows() -> None:
    known = said(CLICKS, Reason.PROJECTED, projected=8_234, interval=(8_230, 8_238))
    assert known == "Will end at 8,234 (8,230 to 8,238) of 10,000"
    assert said(CLICKS, Reason.PROJECTED, projected=8_234, interval=(8_234, 8_234)).startswith("Will end at 8,200")
    small = replace(SPEND, target=5 * MICROS)
    cents = said(small, Reason.PROJECTED, projected=eur(3.456)[0], interval=eur(3.1, 3.8))
    assert cents == "Will end at 3.46 (3.10 to 3.80) of 5 EUR"


@pytest.mark.parametrize(
    ("watch", "reason", "more", "expected"),
    [
        (
            SERVING,
            Reason.NOT_SERVING,
            {"since_ms": NOON - 2 * DAY, "expected": 2_345, "actual": 0},
            "Nothing served since 20 November 20:00 (CST); at least 2,300 events should have come since",
        ),
        (SERVING, Reason.NOT_SERVING, {"since_ms": NOON - HOUR}, "Nothing served since 19:00 (CST)"),
        (
            SERVING,
            Reason.NOTHING_SERVED,
            {"since_ms": NOON - HOUR, "expected": 0},
            "Nothing served since the flight began, 19:00 (CST)",
        ),
        (
            SERVING,
            Reason.DAILY_BUDGET,
            {},
            "Stops every evening until midnight, as when the day's budget is used up",
        ),
        (
            SERVING,
            Reason.DAILY_BUDGET,
            {"since_ms": NOON - HOUR},
            "Stopped at 19:00 (CST), as every evening until midnight: as when the day's budget is used up",
        ),
        (
            SERVING,
            Reason.SURGE,
            {"since_ms": NOON, "actual": 28_000, "expected": 1_000},
            "28 times as much as in the busiest hour of its week is served since 20:00 (CST)",
        ),
        (SERVING, Reason.SURGE, {}, "Far more is served than usual"),
        (
            SERVING,
            Reason.QUIET,
            {"since_ms": NOON - HOUR},
            "Nothing served since 19:00 (CST), which may be chance: goals that need them wait",
        ),
        (
            CLICKED,
            Reason.SILENT,
            {"since_ms": NOON - HOUR, "expected": 123, "actual": 0},
            "No clicks since 19:00 (CST): 120 should have come of what was served since",
        ),
        (
            CONVERTED,
            Reason.SILENT,
            {"since_ms": NOON - HOUR, "expected": 16, "actual": 0},
            "No conversions since 19:00 (CST): 16 should have come of the clicks since",
        ),
        (
            CONVERTED,
            Reason.SILENT,
            {"since_ms": NOON - HOUR},
            "No conversions since 19:00 (CST), though it is clicked",
        ),
        (CHARGED, Reason.SILENT, {"since_ms": NOON - HOUR}, "No spend since 19:00 (CST), though it is served"),
        (CONVERTED, Reason.AWAITS_STREAM, {"waits_for": "click"}, "Waits for clicks, quiet or late"),
        (SERVING, Reason.ARMED, {}, "Flight has begun, its first event is awaited"),
        (CLICKED, Reason.FLOWING, {}, "Flows as it should"),
    ],
)
def test_of_a_watch_it_is_said_what_is_silent_since_when_and_what_should_have_come(
    watch: Watch, reason: Reason, more: dict[str, Any], expected: str
) -> None:
    assert said(watch, reason, **more) == expected


def test_of_a_ratio_it_is_said_beside_its_bound() -> None:
    assert said(CTR, Reason.OUTSIDE, actual=0.018) == "1.80%, should be at least 2.00%"
    lately = said(CTR, Reason.OUTSIDE, actual=0.018, since_ms=NOON - HOUR)
    assert lately == "1.80% since 19:00 (CST), should be at least 2.00%"
    assert said(CTR, Reason.NOT_PROVEN, actual=0.018) == "1.80%, should be at least 2.00%; may be chance"
    assert said(CTR, Reason.FLIGHT_ENDED, actual=0.018) == "1.80% over the whole flight, should be at least 2.00%"
    assert said(CTR, Reason.NO_EVENTS) == "Money spent, nothing came of it"


def test_what_is_missing_is_rounded_down_and_named_where_it_is_known() -> None:
    campaign = Campaign("c", "c", SHANGHAI, (SPEND,))
    case = case_of(campaign, SERVING, verdict(SERVING, Reason.NOT_SERVING, expected=2_399), "EUR")
    assert missing(case) == "2,300 events"
    assert missing(replace(case, measure="impressions")) == "2,300 impressions"
    assert missing(replace(case, measure="clicks", expected=1)) == "1 click"
    assert missing(replace(case, measure="spend", expected=eur(23.9)[0])) == "23 EUR of spend"
    assert missing(replace(case, expected=0)) == missing(replace(case, expected=None)) == ""


@given(st.integers(1, 10**15))
def test_what_is_missing_is_never_more_than_is_known(expected: int) -> None:
    campaign = Campaign("c", "c", SHANGHAI, (SPEND,))
    case = case_of(campaign, SERVING, verdict(SERVING, Reason.NOT_SERVING, expected=expected), "EUR")
    shown = int(missing(case).partition(" ")[0].replace(",", ""))
    assert 0.9 * expected <= shown <= expected


def test_a_time_has_its_zone_and_its_day_where_it_is_another() -> None:
    assert moment(NOON, "Europe/Berlin", NOON + HOUR) == "13:00 (CET)"
    assert moment(NOON, "Europe/Berlin", NOON + DAY) == "22 November 13:00 (CET)"
    assert moment(NOON, "UTC", NOON + 60 * DAY) == "22 November 2026 12:00 (UTC)"
    assert moment(NOON, "UTC", None) == "22 November 12:00 (UTC)"


def test_a_message_about_a_watch_has_no_targets_and_says_what_to_look_at() -> None:
    dark = told(SERVING, Reason.NOT_SERVING, since_ms=NOON - HOUR, expected=2_345, actual=0)
    assert headline(dark) == "Launch: nothing served since 19:00 (CST); at least 2,300 events should have come since"
    assert facts(dark) == [
        ("Since", "19:00 (CST)"),
        ("Should have come since", "at least 2,300 events"),
        ("Why", GROUNDS[Reason.NOT_SERVING]),
        ("Next step", LOOK_AT[Reason.NOT_SERVING]),
    ]
    surge = facts(told(SERVING, Reason.SURGE, since_ms=NOON, expected=1_000, actual=28_000))
    assert [name for name, _ in surge] == ["Since", "Why", "Next step"]


@pytest.mark.parametrize(
    ("watch", "again"),
    [
        (SERVING, "served as usual again"),
        (CLICKED, "clicks come again"),
        (CONVERTED, "conversions come again"),
        (CHARGED, "spend comes again"),
    ],
)
def test_a_watch_that_is_well_again_says_so(watch: Watch, again: str) -> None:
    alert = told(watch, Reason.FLOWING, before=Status.CRITICAL, after=Status.ON_PACE)
    assert headline(alert) == f"Launch: {again}"
    assert status_change(alert) == "critical → as usual"
    assert facts(alert) == []
    is_fit(render(alert))


def test_a_message_about_where_a_total_ends_shows_the_interval_and_thresholds_of_the_end() -> None:
    known: dict[str, Any] = {"actual": eur(4_100)[0], "expected": eur(5_000)[0], "ratio": 0.82, **ENDS}
    alert = told(SPEND, Reason.PROJECTED, **known)
    assert headline(alert) == "Launch: spend is critical (under): will end at 8,200 (7,900 to 8,600) of 10,000 EUR"
    shown = dict(facts(alert))
    assert shown["Threshold at the end"] == "warning < 9,000 EUR, critical < 7,500 EUR"
    assert shown["Projection"] == "8,200 (7,900 to 8,600) of 10,000 EUR, in nine of ten cases"
    changed = dict(facts(told(SPEND, Reason.CHANGED, since_ms=NOON - HOUR, **known)))
    assert changed["Since"] == "19:00 (CST)"
    assert "Projection, if the change does not last" in changed
    well = told(SPEND, Reason.WITHIN, before=Status.CRITICAL, after=Status.ON_PACE, **known)
    assert headline(well) == "Launch: spend is back on pace: will end at 8,200 (7,900 to 8,600) of 10,000 EUR"


def test_a_long_name_leaves_room_for_what_is_wrong() -> None:
    alert = msgspec.structs.replace(told(SERVING, Reason.NOT_SERVING, since_ms=NOON - HOUR), name="x" * 400)
    assert "nothing served since 19:00" in headline(alert)
    is_fit(render(alert))


def test_an_alert_comes_back_from_the_outbox_and_one_of_an_older_version_is_read() -> None:
    alert = told(SERVING, Reason.NOT_SERVING, since_ms=NOON, expected=5)
    assert decode_alert(encode_alert(alert)) == alert
    older = msgspec.to_builtins(told(SPEND, Reason.OUTSIDE, actual=1, expected=2, ratio=0.5, projected=1))
    for name in ("interval", "since_ms", "watched", "measure", "waits_for"):
        del older[name]
    read = decode_alert(msgspec.json.encode(older))
    assert isinstance(read, Alert)
    assert headline(read).startswith("Launch: spend is critical (under)")
    assert (read.interval, read.since_ms, read.watched) == (None, None, None)


def test_status_changes_say_why_and_name_watches_as_such() -> None:
    campaign = Campaign("c42", "Launch", SHANGHAI, (SPEND,))
    found = verdict(SERVING, Reason.NOT_SERVING, since_ms=NOON - HOUR)
    state = AlertState(Status.CRITICAL, Direction.UNDER, NOON)
    (change,) = RecentChanges().after([Assessment(campaign, SERVING, found, state)], NOON).changes
    assert (change.is_watch, change.label, change.says) == (True, "serving", "nothing served since 19:00 (CST)")
    assert word_of(change.before, is_watch=True) == "as usual"
    assert word_of(Status.ON_PACE, is_watch=False) == "on pace"


def test_words_alone_are_said_of_what_is_not_known() -> None:
    """A verdict that says nothing more than its reason has its reason's words."""
    campaign = Campaign("c", "c", SHANGHAI, (SPEND,))
    for reason in (Reason.STALE_DATA, Reason.TOO_EARLY, Reason.NOT_STARTED, Reason.AWAITS_STREAM):
        for goal in (SPEND, CTR, SERVING):
            assert phrase(case_of(campaign, goal, verdict(goal, reason), "EUR")) == REASONS[reason]
