"""Goals about what a catalogue adds: which totals and ratios there are, which bounds and rules make sense for each."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME, CORE
from kpis.measures import WIDTH, zeros
from kpis.packs.catalogue_file import parse as parse_catalogue
from kpis.units import Unit
from monitors.alerts.alert import alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState, LifecyclePolicy, step
from monitors.alerts.notifiers.slack import render
from monitors.alerts.notifiers.webhook.filling import money_or_number
from monitors.goals import Band, Bound, Campaign, Flight, InvalidGoals, RatioGoal, Rule, TotalGoal
from monitors.goals.all_goals import Goals
from monitors.goals.file import parse, schema
from monitors.goals.subject import at_part
from monitors.pacing.judge import judge
from monitors.pacing.verdict import Direction, Observed, Reason, Status, Verdict, VerdictPolicy
from monitors.words.wording import UNPAID, share_text
from tests.kit.monitor_fakes import DAY, NOON
from tests.kit.slack_page import plain
from tests.kit.wide_seed import catalogue

WIDE = catalogue()
FLIGHT = "{start: 2026-11-22T00:00, end: 2026-11-29T00:00, timezone: UTC}"


def read(*goals: str) -> Goals:
    """A goals file whose line 5 is the first goal."""
    lines = "".join(f"      - {goal}\n" for goal in goals)
    return parse(f"campaigns:\n  - campaign: c1\n    flight: {FLIGHT}\n    goals:\n{lines}", "goals.yml", WIDE)


def total(text: str) -> TotalGoal:
    """The only goal of a file."""
    ((_, found),) = read(text)
    assert isinstance(found, TotalGoal)
    return found


def ratio(text: str) -> RatioGoal:
    """The only goal of a file."""
    ((_, found),) = read(text)
    assert isinstance(found, RatioGoal)
    return found


def problem(goal: str) -> str:
    """What is wrong with a goal, and on which line."""
    with pytest.raises(InvalidGoals) as error:
        read(goal)
    (found,) = error.value.problems
    assert found.line == 5
    return found.text


def test_a_total_may_be_of_any_sum_in_its_own_unit() -> None:
    assert (total("{total: visits, target: 400}").target, total("{total: fee, target: 12.5}").target) == (
        400,
        12_500_000,
    )
    hours = total("{total: hours, target: 12.5}")
    assert (hours.total, hours.target, hours.warning) == (WIDE.by_title["hours"], 12_500_000, Band(0.9, None))


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        ("{total: followers, target: 5}", "followers is a level, not a sum"),
        ("{total: reach, target: 5}", "reach is a distinct count, not a sum"),
        ("{total: visit, target: 5}", "unknown total 'visit'; did you mean visits?"),
        ("{total: visits, target: 5.5}", "a count must be a whole number, not '5.5'"),
        ("{total: hours, target: 0.0000001}", "an amount has at most 6 decimals, not '1E-7'"),
        ("{ratio: visits, at_least: 5}", "'visits' is a measure: give it as total, or write a KPI over it"),
        ("{ratio: frequenzy, at_most: 5}", "unknown ratio 'frequenzy'; did you mean frequency?"),
        ("{ratio: roi, at_least: 1, rule: evidence}", "roi is no quotient of two sums"),
        ("{ratio: frequency, at_most: 2, rule: evidence}", "frequency is no quotient of two sums"),
        ("{ratio: visit_rate, at_least: -0.1}", "must be above 0 and at most"),
        ("{ratio: visit_rate, at_least: 1.1}", "visit_rate is a share, from 0 to 1"),
        ("{ratio: cpc, at_most: -1}", "must be above 0 and at most"),
        ("{ratio: cost_per_visit, at_most: 0}", "must be above 0 and at most"),
        ("{ratio: roi, at_least: -0.5, critical: -0.2}", "critical must be below at_least"),
        ("{ratio: roi, at_most: -0.5, critical: -0.7}", "critical must be above at_most"),
        ("{ratio: per_hour, at_least: -1, rule: evidence}", "per_hour is bounded by what is not above 0"),
        (
            "{ratio: frequency, at_most: 2, window: 5m}",
            "reach is a distinct count, which has no value in windows below",
        ),
        ("{ratio: per_hour, at_least: 5, for: 5m}", "for needs rule: threshold"),
    ],
)
def test_what_makes_no_sense_is_refused_where_it_stands(goal: str, said: str) -> None:
    assert said in problem(goal)


def test_what_can_be_proven_is_judged_by_evidence_and_all_else_by_its_threshold() -> None:
    rules = {
        "{ratio: cost_per_visit, at_most: 2}": Rule.EVIDENCE,
        "{ratio: visit_rate, at_least: 0.5}": Rule.EVIDENCE,
        "{ratio: per_hour, at_least: 50}": Rule.EVIDENCE,
        "{ratio: per_hour, at_least: -1}": Rule.THRESHOLD,
        "{ratio: roi, at_least: 1}": Rule.THRESHOLD,
        "{ratio: roi, at_least: 0, for: 15m}": Rule.THRESHOLD,
        "{ratio: frequency, at_most: 3}": Rule.THRESHOLD,
        "{ratio: ctr, at_least: 0.02, rule: threshold}": Rule.THRESHOLD,
    }
    assert {text: ratio(text).rule for text in rules} == rules


@pytest.mark.parametrize(
    ("goal", "critical"),
    [
        ("{ratio: roi, at_least: 2}", 1.5),
        ("{ratio: roi, at_most: 2}", 2.5),
        ("{ratio: roi, at_least: -2}", -2.5),
        ("{ratio: roi, at_most: -2}", -1.5),
        ("{ratio: roi, at_least: -2, critical: -9}", -9),
    ],
)
def test_the_critical_bound_lies_beyond_the_other_whatever_its_sign(goal: str, critical: float) -> None:
    assert ratio(goal).critical_limit == critical


@pytest.mark.parametrize("bound", ["at_least", "at_most"])
def test_beyond_a_bound_of_nothing_is_a_warning_unless_the_goal_says_what_is_critical(bound: str) -> None:
    goal, sign = ratio(f"{{ratio: roi, {bound}: 0}}"), 1 if bound == "at_most" else -1
    assert (of(sign * 0.9, goal).status, of(sign * -0.9, goal).status) == (Status.WARNING, Status.ON_PACE)
    assert goal.critical == Band(None, None)
    told = ratio(f"{{ratio: roi, {bound}: 0, critical: {sign * 0.5}}}")
    assert [of(sign * value, told).status for value in (0.4, 0.6)] == [Status.WARNING, Status.CRITICAL]


def message(goal: RatioGoal, value: float) -> str:
    """What people are told of a miss."""
    campaign = Campaign("c1", "c1", Flight(NOON - DAY, NOON + DAY, "UTC"), (goal,))
    verdict = of(value, goal)
    move = step(AlertState(), verdict, LifecyclePolicy(), NOON)
    return plain(render(alert_of(Assessment(campaign, goal, verdict, move.after), move, "EUR", "k", "1")))


@pytest.mark.parametrize(
    ("goal", "value", "shown"),
    [
        ("{ratio: roi, at_least: -0.5}", -0.9, ""),
        ("{ratio: roi, at_least: 0}", -0.9, ""),
        ("{ratio: roi, at_least: 0.5}", -0.9, ""),
        ("{ratio: roi, at_least: 0.5}", 0.1, "20%"),
    ],
)
def test_no_share_of_a_bound_is_told_where_it_means_nothing(goal: str, value: float, shown: str) -> None:
    found = share_text(of(value, ratio(goal)).ratio, ratio(goal).target)
    assert (found or "") == shown
    assert ("Actual / expected" in message(ratio(goal), value)) == bool(shown)


def test_only_what_budget_moves_is_told_to_move_budget() -> None:
    assert "budget" in message(ratio("{ratio: roi, at_least: 0.5}"), 0.1)
    assert {name: kpi.is_paid for name, kpi in WIDE.by_name.items() if name not in BY_NAME} == {
        "cost_per_visit": True, "visit_rate": False, "roi": True, "frequency": True, "per_hour": False,
    }  # fmt: skip
    assert all(kpi.is_paid for kpi in BY_NAME.values())
    campaign = Campaign("c1", "c1", Flight(NOON - DAY, NOON + DAY, "UTC"), ())
    goal = RatioGoal(SCORES.by_name["nps"], Bound.AT_LEAST, 40, 30, "1h", rule=Rule.THRESHOLD)
    row = (*zeros(WIDTH), 0, 99, 99)
    verdict = judge(campaign, goal, Observed(row, row, NOON, 0), VerdictPolicy(), NOON)
    move = step(AlertState(), verdict, LifecyclePolicy(), NOON)
    said = plain(render(alert_of(Assessment(campaign, goal, verdict, move.after), move, "EUR", "k", "1")))
    assert "budget" not in said
    assert UNPAID in said


BOUNDS = st.floats(-1e6, 1e6, allow_nan=False)


@given(bound=st.sampled_from(Bound), limit=BOUNDS, beyond=st.floats(0.001, 1e6), value=BOUNDS)
def test_a_value_misses_its_bound_exactly_when_it_is_beyond_it_whatever_the_signs(
    bound: Bound, limit: float, beyond: float, value: float
) -> None:
    is_least = bound is Bound.AT_LEAST
    critical = limit - beyond if is_least else limit + beyond
    for near in (limit, critical):
        assume(abs(value - near) > 1e-6 * max(abs(near), abs(value), abs(limit), beyond, 1.0))
    assume(abs(limit) > 1e-3 or limit == 0)
    found = of(value, RatioGoal(WIDE.by_name["roi"], bound, limit, critical, "1h", rule=Rule.THRESHOLD))
    off = limit - value if is_least else value - limit
    expected = Status.ON_PACE if off < 0 else Status.WARNING if off < beyond else Status.CRITICAL
    assert found.status is expected
    assert found.direction is (Direction.OVER if value > limit else Direction.UNDER)
    assert found.recovered.is_judgement
    if expected is not Status.ON_PACE:
        assert found.recovered is not Status.ON_PACE, "a miss ends when the value is back, not before"


@given(limit=BOUNDS, low=BOUNDS, high=BOUNDS)
def test_more_is_never_a_smaller_part_of_a_bound(limit: float, low: float, high: float) -> None:
    assume(abs(limit) > 1e-3 or limit == 0)
    goal = RatioGoal(WIDE.by_name["roi"], Bound.AT_LEAST, limit, limit - 1, "1h")
    first, second = sorted((low, high))
    assert goal.part(first) <= goal.part(second)
    assert goal.part(limit) == 1


@given(limit=BOUNDS, value=BOUNDS)
def test_a_part_of_a_bound_leads_back_to_the_value(limit: float, value: float) -> None:
    assume(abs(limit) > 1e-3 or limit == 0)
    goal = RatioGoal(WIDE.by_name["roi"], Bound.AT_LEAST, limit, limit - 1, "1h")
    assert at_part(goal.part(value), limit) == pytest.approx(value, abs=1e-6)


def test_people_are_told_the_thresholds_of_a_bound_below_zero_as_they_are_written() -> None:
    goal = ratio("{ratio: roi, at_least: -0.5, critical: -0.9}")
    campaign = Campaign("c1", "c1", Flight(NOON - DAY, NOON + DAY, "UTC"), (goal,))
    verdict = of(-0.95, goal)
    move = step(AlertState(), verdict, LifecyclePolicy(), NOON)
    text = plain(render(alert_of(Assessment(campaign, goal, verdict, move.after), move, "EUR", "k", "1")))
    assert verdict.status is Status.CRITICAL
    assert "-0.95, should be at least -0.50" in text
    assert "warning < -0.50, critical < -0.90" in text


def test_a_webhook_is_posted_hours_as_people_write_them() -> None:
    assert money_or_number(12_500_000, Unit.AMOUNT) == "12.5"


def of(value: float, goal: RatioGoal) -> Verdict:
    """The verdict on a return of investment: what is spent is a million units."""
    spend = 10**12
    row = [0] * WIDE.width
    row[3], row[4] = spend, spend + round(value * spend)
    campaign = read("{total: visits, target: 1}").campaigns[0]
    seen = Observed(tuple(row), tuple(row), NOON, 0)
    return judge(campaign, goal, seen, VerdictPolicy(), NOON)


SCORES = parse_catalogue(
    """
    measures: {promoters: {}, detractors: {}, answers: {}}
    kpis:
      nps: {formula: (promoters - detractors) / answers * 100, meaning: As people recommend it.}
      nps_of_ten: {formula: (promoters - detractors) / answers * 100, min_volume: 10, meaning: The same.}
    """,
    "scores",
)


@pytest.mark.parametrize(
    ("kpi", "answers", "expected"),
    [
        ("nps", 1, (Status.NO_DATA, Reason.TOO_FEW)),
        ("nps", 29, (Status.NO_DATA, Reason.TOO_FEW)),
        ("nps", 30, (Status.CRITICAL, Reason.OUTSIDE)),
        ("nps_of_ten", 9, (Status.NO_DATA, Reason.TOO_FEW)),
        ("nps_of_ten", 10, (Status.CRITICAL, Reason.OUTSIDE)),
        ("nps", 0, (Status.NO_DATA, Reason.NO_VALUE)),
    ],
)
def test_a_score_is_judged_from_its_volume_on(kpi: str, answers: int, expected: tuple[Status, Reason]) -> None:
    goal = RatioGoal(SCORES.by_name[kpi], Bound.AT_LEAST, 40, 30, "1h", rule=Rule.THRESHOLD)
    row = (*zeros(WIDTH), 0, answers, answers)
    campaign = read("{total: visits, target: 1}").campaigns[0]
    found = judge(campaign, goal, Observed(row, row, NOON, 0), VerdictPolicy(), NOON)
    assert (found.status, found.reason) == expected


def test_a_total_of_hours_is_paced_like_one_of_spend() -> None:
    goal = total("{total: hours, target: 70, rule: threshold}")
    campaign = read("{total: visits, target: 1}").campaigns[0]
    row = [0] * WIDE.width
    row[goal.total.column] = 20_000_000
    at_ms = campaign.flight.start_ms + 35 * DAY // 10
    found = judge(campaign, goal, Observed(tuple(row), None, at_ms, 0), VerdictPolicy(), at_ms)
    assert (found.actual, found.expected, found.status) == (20_000_000, 35_000_000, Status.CRITICAL)


def test_goals_move_to_another_catalogue_by_the_names_of_what_they_are_about() -> None:
    found = read("{total: visits, target: 4}", "{ratio: ctr, at_least: 0.02}")
    assert found.catalogue is WIDE
    assert found.under(CORE) is None
    core = parse(f"campaigns:\n  - {{campaign: c, flight: {FLIGHT}, goals: [{{ratio: ctr, at_least: 0.1}}]}}\n", "x")
    moved = core.under(WIDE)
    assert moved is not None
    assert (moved.catalogue, moved.campaigns) == (WIDE, core.campaigns)
    assert [goal.kpi for _, goal in moved if isinstance(goal, RatioGoal)] == [BY_NAME["ctr"]]


def test_an_account_s_own_numbers_are_part_of_it_and_of_a_portfolio_that_has_all_of_it() -> None:
    campaigns = "".join(
        f"  - {{campaign: {name}, account: {account}, flight: {FLIGHT}, goals: [{{total: visits, target: 4}}]}}\n"
        for name, account in (("a1", "A"), ("a2", "A"), ("b1", "B"), ("b2", "B"))
    )
    together = "{goals: [{total: visits, target: 9}]}"
    head = f"accounts:\n  A: {{together: {together}}}\n"
    some = "portfolio: {goals: [{total: visits, target: 9}], campaigns: [a1, a2, b1]}\n"
    account, portfolio = parse(f"{head}{some}campaigns:\n{campaigns}", "x", WIDE).parents
    assert (account.members, account.own) == (("a1", "a2"), ("account=A",))
    assert (portfolio.members, portfolio.own) == (("a1", "a2", "b1"), ("account=A",))


def test_an_editor_knows_what_the_catalogue_adds() -> None:
    models = schema(WIDE)["$defs"]
    assert "hours" in models["TotalModel"]["properties"]["total"]["enum"]
    assert "followers" not in models["ParentTotalModel"]["properties"]["total"]["enum"]
    assert "roi" in models["RatioModel"]["properties"]["ratio"]["enum"]
    assert "roi" not in schema()["$defs"]["RatioModel"]["properties"]["ratio"]["enum"]
