"""The packs that are shipped: complete, worked out, alike where they share, and fed by events that exist."""

from __future__ import annotations

from itertools import combinations

import pytest

from kpis.catalogue import CORE, Kpi, row_of_amounts
from kpis.measures import Kind, Stream
from kpis.packs.catalogue_file import MAX_COLUMNS, everything, pack, pack_names, parse
from kpis.units import Unit
from tests.kit.example_events import amount_in, example_events

ALL = everything()
ADDED = {measure.title: measure for measure in ALL.added_measures}
WANTED = {
    "paid": "ctr cpc cpm cpa cost_per_lead cost_per_mql cost_per_sql cost_per_opportunity cvr "
    "impression_conversion_rate lead_rate purchase_rate roas roi margin aov revenue_per_click average_position "
    "share_of_voice frequency view_through_rate",
    "email": "deliverability unique_open_rate unique_click_rate click_to_open_rate unsubscribe_rate email_bounce_rate "
    "leads_to_nurture",
    "social": "engagement_rate follower_growth mentions social_conversion_rate net_sentiment",
    "funnel": "form_fills leads mqls sqls demos mql_to_sql lead_to_mql lead_to_demo mql_to_demo opportunities "
    "lead_to_opportunity pipeline_value pipe_to_spend closed_won_value account_penetration intent_lift",
    "events": "registrations attendance_rate event_engagement_rate follow_up_rate",
    "web": "sessions unique_visitors referral_share referral_sessions organic_share organic_sessions organic_revenue "
    "bounce_rate pages_per_session keyword_rank landing_page_conversion_rate",
    "customers": "cac clv ltv_to_cac churn_rate retention_rate upsell_rate nps csat signups list_growth repeat_share "
    "returning_customers returning_customer_share returning_revenue_share marketing_revenue_share",
    "brand": "brand_awareness purchase_intent consumer_confidence market_share",
    "agency": "mrr net_profit_margin profitability utilisation time_against_estimate cost_against_estimate "
    "return_per_hour employee_satisfaction",
}
"""What teams of each kind steer by: a KPI, or a measure where it is a plain number."""
LOWER = {
    "cpc", "cpm", "cpa", "cost_per_lead", "cost_per_mql", "cost_per_sql", "cost_per_opportunity", "average_position",
    "frequency", "unsubscribe_rate", "email_bounce_rate", "nurture_share", "bounce_rate", "keyword_rank", "cac",
    "cost_per_signup", "churn_rate", "time_against_estimate", "cost_against_estimate",
}  # fmt: skip


def of_name(kpi: Kpi) -> str:
    return kpi.name


@pytest.mark.parametrize("name", WANTED)
def test_a_pack_has_all_that_its_team_steers_by(name: str) -> None:
    found = pack(name).value
    assert [one for one in WANTED[name].split() if one not in {*found.by_name, *found.by_title}] == []


def test_there_is_no_pack_that_nobody_wants() -> None:
    assert set(pack_names()) == set(WANTED)


@pytest.mark.parametrize("kpi", ALL.kpis, ids=of_name)
def test_a_kpi_comes_to_what_its_worked_example_says(kpi: Kpi) -> None:
    assert kpi.example is not None
    row = row_of_amounts(ALL.measures, dict(kpi.example.of))
    assert kpi.of(row) == pytest.approx(kpi.example.gives, rel=1e-4)


@pytest.mark.parametrize("kpi", ALL.kpis, ids=of_name)
def test_the_events_of_a_worked_example_bring_its_measures_to_their_amounts(kpi: Kpi) -> None:
    events = example_events(kpi, "c1", 1_795_392_000_000)
    assert kpi.example is not None
    amounts = {m.title: float(amount_in(events, m)) for m in kpi.formula.measures}
    assert amounts == dict(kpi.example.of)
    assert {Stream(event["type"]) for event in events} <= {s for m in kpi.formula.measures for s in m.streams}
    assert len({event["event_id"] for event in events}) == len(events)
    assert all(event.get("quantity", 0) >= 0 for event in events)


@pytest.mark.parametrize("kpi", ALL.kpis, ids=of_name)
def test_a_kpi_says_in_one_sentence_what_it_is_and_who_defines_it(kpi: Kpi) -> None:
    assert kpi.meaning.endswith(".")
    assert kpi.meaning.count(". ") == 0
    assert kpi.source
    assert kpi.label
    assert kpi.higher_is_better == (kpi.name not in LOWER)


def test_every_measure_says_what_it_is() -> None:
    assert [m.title for m in ALL.measures if not m.meaning.endswith(".")] == []


def test_no_two_kpis_have_the_same_label() -> None:
    labels = [kpi.label for kpi in ALL.kpis]
    assert sorted({label for label in labels if labels.count(label) > 1}) == []


def test_what_several_packs_define_they_define_alike_so_any_of_them_go_together() -> None:
    for one, other in combinations(pack_names(), 2):
        assert parse(f"packs: [{one}, {other}]", "x").added_kpis
    shared = {
        t for one, other in combinations(pack_names(), 2) for t in pack(one).measures.keys() & pack(other).measures
    }
    assert shared >= {"leads", "mqls", "sqls", "opportunities", "purchases"}


def test_all_packs_together_leave_room_for_what_users_add() -> None:
    assert ALL.width <= MAX_COLUMNS // 2
    assert ALL.measures[: len(CORE.measures)] == CORE.measures
    assert ALL.kpis[: len(CORE.kpis)] == CORE.kpis
    assert {len({m.column for m in ALL.measures}), len(ALL.measures)} == {len(ALL.measures)}


def test_a_measure_of_a_pack_is_used_by_a_kpi_or_wanted_for_itself() -> None:
    used = {m.title for kpi in ALL.kpis for m in kpi.formula.measures}
    wanted = {name for names in WANTED.values() for name in names.split()}
    assert sorted(ADDED.keys() - used - wanted) == []


def test_shares_of_counts_are_judged_by_what_counts_prove_and_others_are_not() -> None:
    proven = {kpi.name for kpi in ALL.kpis if kpi.is_proportion}
    assert proven >= {"ctr", "cvr", "lead_to_mql", "attendance_rate", "csat", "brand_awareness"}
    in_percent = {kpi.name for kpi in ALL.kpis if kpi.unit is Unit.PROPORTION}
    assert in_percent - proven >= {
        "utilisation",
        "market_share",
        "roi",
        "unique_open_rate",
        "churn_rate",
        "engagement_rate",
    }
    for kpi in ALL.kpis:
        assert kpi.min_volume == 0 or (kpi.noise.kind is Kind.SUM and not kpi.noise.in_micros), kpi.name
