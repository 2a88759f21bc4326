"""Milestones: which is told when, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from monitors.alerts.assessment import Assessment
from monitors.alerts.check_in import KNOWN_MS, NUMBERS_MS, UNSEEN_MS, CheckIn, Milestones, check_in_of, due
from monitors.alerts.check_in_words import check_in_headline, check_in_lines
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.notifiers.slack import render_check_in
from monitors.alerts.stored import decode_alert, decode_milestones, encode_alert, encode_milestones
from monitors.goals import Band, Bound, Campaign, Flight, Milestone, RatioGoal, TotalGoal
from monitors.goals.subject import WATCHES
from monitors.pacing.judge import judge
from monitors.pacing.verdict import Observed, Reason, Status, Verdict, VerdictPolicy
from tests.kit.block_kit import is_fit
from tests.kit.monitor_fakes import MIDNIGHT, NOON, row
from tests.kit.slack_samples import CHECK_IN

SPEND = TotalGoal(TOTALS["spend"], 1_000_000_000, Band(0.9, 1.1), Band(0.75, 1.25))
CTR = RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.02, 0.015, "1h")
HALF, LATE = Milestone(fraction=0.5), Milestone(at_ms=MIDNIGHT + 18 * HOUR_MS)
CAMPAIGN = Campaign(
    "c42", "Spring <launch>", Flight(MIDNIGHT, MIDNIGHT + DAY_MS, "UTC"), (SPEND, CTR), milestones=(LATE, HALF)
)


def told(*looks: tuple[int, int | None], campaign: Campaign = CAMPAIGN) -> list[Milestone]:
    """The milestones that are told at looks: the clock and the watermark; each look is after a restart."""
    raw: bytes | None = None
    found: list[Milestone] = []
    for now, as_of in looks:
        after, milestone = due(campaign, decode_milestones(raw), as_of, now)
        assert after is not None
        raw = encode_milestones(after)
        found += [milestone] if milestone else []
    return found


def at(*times: int) -> list[tuple[int, int | None]]:
    """Looks at which the numbers are as of now."""
    return [(time, time) for time in times]


def test_each_milestone_is_told_once_when_the_numbers_reach_it() -> None:
    early, late = NOON - 1, MIDNIGHT + 18 * HOUR_MS
    assert told(*at(early, NOON, NOON + 1, late, late + 1, late + DAY_MS)) == [HALF, LATE]
    behind = NOON - MINUTE_MS
    assert told((NOON - 1, behind), (NOON + 1, behind)) == []
    assert told((NOON - 1, behind), (NOON + NUMBERS_MS, behind)) == [HALF], "not for ever"
    assert told((NOON - 1, None), (NOON + NUMBERS_MS, None)) == [HALF]


def test_what_passed_long_before_a_campaign_was_first_seen_is_not_told() -> None:
    assert told(*at(NOON + UNSEEN_MS - 1)) == [HALF]
    assert told(*at(NOON + UNSEEN_MS + 1)) == [LATE], "only the one that has just passed"
    assert told(*at(NOON - 1, NOON + UNSEEN_MS + 1)) == [LATE], "of two that passed meanwhile it is the last"
    only = replace(CAMPAIGN, milestones=(HALF,))
    assert told(*at(NOON + UNSEEN_MS + 1), campaign=only) == []
    assert told(*at(NOON - 1, NOON + UNSEEN_MS + 1), campaign=only) == [HALF], "the monitor was away for a while"
    assert told(*at(NOON - 1, NOON + KNOWN_MS + 1), campaign=only) == [], "and this is another day"


def test_one_that_is_written_into_the_file_after_it_passed_is_not_told() -> None:
    before, _ = due(replace(CAMPAIGN, milestones=(LATE,)), None, MIDNIGHT, MIDNIGHT)
    after, milestone = due(CAMPAIGN, before, NOON + UNSEEN_MS - 1, NOON + UNSEEN_MS + 1)
    assert milestone is None
    assert after is not None
    assert after.done == ("0.5",)


def test_a_flight_that_is_made_longer_has_had_its_half_and_a_new_one_has_not() -> None:
    held, _ = due(CAMPAIGN, None, NOON, NOON)
    longer = replace(CAMPAIGN, flight=Flight(MIDNIGHT, MIDNIGHT + 2 * DAY_MS, "UTC"), milestones=(HALF,))
    _, milestone = due(longer, held, MIDNIGHT + DAY_MS, MIDNIGHT + DAY_MS)
    assert milestone is None
    following = replace(longer, flight=Flight(MIDNIGHT + DAY_MS, MIDNIGHT + 2 * DAY_MS, "UTC"))
    _, milestone = due(following, held, NOON + DAY_MS, NOON + DAY_MS)
    assert milestone == HALF


def test_a_campaign_without_milestones_has_none_stored() -> None:
    assert due(replace(CAMPAIGN, milestones=()), None, NOON, NOON) == (None, None)
    for raw in (None, b"", b"{}", b"\xff"):
        assert decode_milestones(raw) is None


@given(st.lists(st.integers(-2 * HOUR_MS, 30 * HOUR_MS), max_size=30), st.lists(st.floats(0.01, 1), max_size=5))
def test_none_is_told_twice_or_before_its_time(times: list[int], fractions: list[float]) -> None:
    marks = tuple(Milestone(fraction=f) for f in dict.fromkeys(fractions))
    campaign = replace(CAMPAIGN, milestones=marks)
    held: Milestones | None = None
    seen: list[Milestone] = []
    for offset in sorted(times):
        held, milestone = due(campaign, held, MIDNIGHT + offset, MIDNIGHT + offset)
        if milestone:
            assert milestone.moment(campaign.flight) <= MIDNIGHT + offset
            seen.append(milestone)
    assert len(set(seen)) == len(seen)


def assessed(*statuses: Status) -> list[Assessment]:
    """Goals and watches as they are judged at noon; statuses of the watches."""
    seen = Observed(row(spend=300_000_000), row(10, 1), NOON, 0)
    found = [
        Assessment(CAMPAIGN, g, judge(CAMPAIGN, g, seen, VerdictPolicy(), NOON), AlertState()) for g in (SPEND, CTR)
    ]
    for watch, status in zip(WATCHES, statuses, strict=False):
        verdict = structs.replace(Verdict.withheld(status, Reason.NOT_SERVING, watch, NOON), as_of_ms=NOON)
        found.append(Assessment(CAMPAIGN, watch, verdict, AlertState()))
    return found


def made(judged: list[Assessment], name: str = CAMPAIGN.name) -> CheckIn:
    """The check-in at half of the flight."""
    return check_in_of(replace(CAMPAIGN, name=name), HALF, judged, "EUR", NOON, unique="1")


def test_it_says_of_every_goal_how_it_stands_and_of_watches_only_what_is_wrong() -> None:
    found = made(assessed(Status.CRITICAL, Status.ON_PACE))
    assert check_in_headline(found) == "Spring <launch>, 50% of its flight: 0 of 3 goals on pace"
    assert check_in_lines(found) == [
        "▲ spend: critical (under), 300 EUR where 500 EUR is expected; projection 600 EUR of 1,000 EUR",
        "○ CTR (1h): no data, 10.00%, bound 2.00%",
        "▲ serving: critical, nothing is served any more",
        "Campaign c42, as of 2026-11-22 12:00 UTC",
    ]


@pytest.mark.parametrize(
    ("status", "said"),
    [(Status.ON_PACE, "is on pace"), (Status.WARNING, "is warning"), (Status.HOLD, "is on hold"),
     (Status.NO_DATA, "has no data")],
)  # fmt: skip
def test_a_campaign_with_one_goal_is_told_how_that_goal_stands(status: Status, said: str) -> None:
    (standing, *_), changed = CHECK_IN.standings, structs.replace
    found = changed(CHECK_IN, standings=(changed(standing, status=status),))
    assert check_in_headline(found) == f"Spring launch, 50% of its flight: its goal {said}"


@pytest.mark.parametrize("name", ["Spring <launch> & more", "x" * 500, "a\nb\u202e"])
def test_slack_gets_it_escaped_and_within_its_limits(name: str) -> None:
    message = render_check_in(made(assessed() * 60, name))
    is_fit(message)
    assert "<launch>" not in message.text
    assert "\u202e" not in message.text


def test_it_lies_in_the_outbox_as_a_kind_of_its_own() -> None:
    found = made(assessed())
    assert decode_alert(encode_alert(found)) == found
    old = b'{"id":"1","goal":"c|spend","at_ms":0,"text":"text","blocks":[]}'
    assert decode_alert(old) is None, "a message in Slack's form, of an older version, is neither"
