"""The exporter: names, labels and what has no sample. Checked with Prometheus's own tool."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs
from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from kpis.contract.published import Layout
from kpis.measures import TOTALS, Row, Stream
from kpis.series import key
from monitors import metrics
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.notifiers.known import KNOWN
from monitors.alerts.notifiers.protocol import Outcome
from monitors.alerts.outbox.queued import Backlog
from monitors.export.budget import BudgetPolicy
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.export.exposition import LABEL_LIMIT, Format, label, negotiate
from monitors.goals.parents.scope import Scope
from monitors.goals.subject import Subject, Watch, Watched
from monitors.goals.values import Band, Campaign, Flight, TotalGoal
from monitors.pacing.verdict import Direction, Reason, Status, Verdict
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot, StreamHealth
from monitors.view import LaneHealth, View
from tests.kit.monitor_fakes import row

SPEND = TotalGoal(TOTALS["spend"], 10_000_000, Band(0.9, 1.1), Band(0.75, 1.25))
STREAM_METRICS = ("pacewatch_stream_watermark", "pacewatch_stream_reached", "pacewatch_stream_late")


def view(series: dict[str, Row], **counters: int) -> View:
    """A leader's view of one partition; each series has one window and a total."""
    rows = {name: SeriesRows({"5m": r, "total": r}, (0,)) for name, r in series.items()}
    health = (PartitionHealth(0, 1_500, True, 2_500, {"ads.clicks": 3}, counters),)
    snapshot = Snapshot(Layout(1, "EUR", ("5m",), 40), 0, health, rows, {})
    return View(snapshot=snapshot, redis_up=True, problem="", leads=True)


def with_goals(*campaigns: str) -> tuple[Campaign, ...]:
    """Campaigns of a goals file."""
    return tuple(Campaign(name, name, Flight(0, 1, "UTC"), ()) for name in campaigns)


def scrape(found: View, policy: ExportPolicy = ExportPolicy()) -> str:  # noqa: B008
    """The text that Prometheus gets."""
    return Exporter(policy).text(found, Format.PLAIN)


def test_a_kpi_without_value_has_no_sample() -> None:
    text = scrape(view({"c1": row(impressions=10)}))
    assert 'pacewatch_ctr_ratio{campaign="c1",window="5m"} 0.0' in text
    assert "pacewatch_cpc{" not in text
    assert "NaN" not in text


def test_breakdowns_are_exported_only_when_asked_and_under_their_own_names() -> None:
    found = view({"c1": row(10), "c1|channel=search": row(4)})
    assert "search" not in scrape(found)
    text = scrape(found, ExportPolicy(breakdowns=True))
    assert 'pacewatch_breakdown_impressions_total{breakdown="channel=search",campaign="c1"} 4.0' in text
    assert text.count("\npacewatch_impressions_total{") == 1


def test_only_the_notifier_that_is_used_has_sent_or_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one that is known has numbers of its own: none."""
    pager = replace(KNOWN[0], name="pager", what="Pager")
    monkeypatch.setattr("monitors.export.exporter.KNOWN", (*KNOWN, pager))
    lane = LaneHealth(Backlog(2, 5_000), {Outcome.SENT: 5}, {Outcome.REFUSED: 3})
    text = scrape(replace(view({}), lanes={KNOWN[0].name: lane}))
    assert 'pacewatch_notifier_attempts_total{notifier="slack",outcome="sent"} 5.0' in text
    assert 'pacewatch_notifier_attempts_total{notifier="pager",outcome="sent"} 0.0' in text
    assert '\npacewatch_notifier_waiting{notifier="slack"} 2.0\n' in text
    assert '\npacewatch_notifier_waiting{notifier="pager"} 0.0\n' in text
    assert '\npacewatch_notifier_oldest_timestamp_seconds{notifier="slack"} 5.0\n' in text
    assert 'pacewatch_notifier_oldest_timestamp_seconds{notifier="pager"}' not in text
    assert '\npacewatch_notifier_parked_total{notifier="slack",reason="refused"} 3.0\n' in text
    assert '\npacewatch_notifier_parked_total{notifier="slack",reason="expired"} 0.0\n' in text
    assert '\npacewatch_notifier_parked_total{notifier="pager",reason="refused"} 0.0\n' in text


def test_times_are_timestamps_in_seconds() -> None:
    text = scrape(view({}))
    assert 'pacewatch_stream_clock_timestamp_seconds{partition="0"} 1.5' in text
    assert 'pacewatch_flushed_timestamp_seconds{partition="0"} 2.5' in text


def test_each_stream_of_a_partition_has_its_times_and_what_is_not_known_has_no_sample() -> None:
    own = {Stream.SPEND: StreamHealth(1_000, 2_000, 500), Stream.CLICK: StreamHealth(3_000)}
    found = view({})
    assert found.snapshot is not None
    shown = replace(found.snapshot, partitions=(replace(found.snapshot.partitions[0], streams=own),))
    text = scrape(replace(found, snapshot=shown))
    assert [line for line in text.splitlines() if line.startswith(STREAM_METRICS)] == [
        'pacewatch_stream_watermark_timestamp_seconds{partition="0",stream="spend"} 1.0',
        'pacewatch_stream_watermark_timestamp_seconds{partition="0",stream="click"} 3.0',
        'pacewatch_stream_reached_timestamp_seconds{partition="0",stream="spend"} 2.0',
        'pacewatch_stream_late_seconds{partition="0",stream="spend"} 0.5',
    ]


def test_every_reason_is_there_at_zero_and_an_unknown_one_from_redis_too() -> None:
    policy = ExportPolicy(streams=("click",), reasons=("empty", "not_json"))
    found = view({}, **{"rejected:click:not_json": 3, "rejected:click:of_the_future": 1})
    text = scrape(found, policy)
    for reason, count in (("empty", 0), ("not_json", 3), ("of_the_future", 1)):
        assert f'pacewatch_rejected_events_total{{reason="{reason}",stream="click"}} {count}.0' in text


def test_before_the_first_read_there_is_health_and_nothing_about_campaigns() -> None:
    text = scrape(View())
    assert "pacewatch_redis_up 0.0" in text
    assert "pacewatch_impressions_total" not in text


OF_CAMPAIGNS = re.compile(
    r"^pacewatch_(spend|window_\w+|ctr_ratio|pace_\w+|campaign_info|export_\w+)[ {]", re.MULTILINE
)


def test_of_two_monitors_only_the_leader_tells_of_campaigns_and_both_tell_of_the_write_side() -> None:
    """So ``sum(pacewatch_spend)`` is the spend, and a dead worker is told by whoever is left."""
    found = replace(view({"c1": row(10, spend=5)}), assessments=(assessed(SPEND, Status.WARNING, Reason.PROJECTED),))
    leader, follower = scrape(found), scrape(replace(found, leads=False))
    assert len({match[1] for match in OF_CAMPAIGNS.finditer(leader)}) >= 10
    assert not OF_CAMPAIGNS.search(follower)
    for text, leads in ((leader, 1), (follower, 0)):
        assert samples(text)["pacewatch_monitor_leader"] == leads
        assert samples(text, partition="0")["pacewatch_flushed_timestamp_seconds"] == 2.5
        assert samples(text)["pacewatch_redis_up"] == 1


def test_who_led_goes_on_while_redis_is_away_and_no_longer_than_its_view_stands() -> None:
    """Then nobody else can lead, and an outage of a second is no hole in every series; a follower stays silent."""
    found = view({"c1": row(10)})
    away = replace(found, redis_up=False, problem="Redis does not answer", leads=False)
    leader, follower = Exporter(ExportPolicy()), Exporter(ExportPolicy())
    for led, before in ((leader, found), (follower, replace(found, leads=False))):
        led.text(before, Format.PLAIN)
    assert "pacewatch_impressions_total{" in leader.text(away, Format.PLAIN)
    assert "pacewatch_impressions_total{" not in follower.text(away, Format.PLAIN)
    assert "pacewatch_impressions_total{" not in leader.text(replace(away, snapshot=None), Format.PLAIN)
    assert "pacewatch_impressions_total{" not in leader.text(replace(found, leads=False), Format.PLAIN)
    assert "pacewatch_impressions_total{" not in leader.text(away, Format.PLAIN), "another one led in between"


def test_promtool_accepts_every_metric_even_with_hostile_names() -> None:
    hostile = ['a"b\\c\nd', "ü" * 300, "|=%", "{}", " "]
    text = scrape(view({key(name): row(1, 1, 1, 1, 1) for name in hostile}), ExportPolicy(breakdowns=True))
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_watch_has_a_status_and_a_reason_and_no_pace() -> None:
    """A target of 0 events would be a goal on dashboards, and a division by zero in rules."""
    since = {"since_ms": 2_000, "direction": Direction.UNDER, "actual": 0, "expected": 9}
    dark = assessed(Watch(Watched.SERVING), Status.CRITICAL, Reason.NOT_SERVING, **since)
    lines = scrape(replace(view({}), assessments=(dark,))).splitlines()
    assert [line for line in lines if line.startswith("pacewatch_watch_") and not line.endswith(" 0.0")] == [
        'pacewatch_watch_status{campaign="c1",status="critical",watch="serving"} 1.0',
        'pacewatch_watch_reason{campaign="c1",reason="not_serving",watch="serving"} 1.0',
        'pacewatch_watch_alert_status{campaign="c1",status="critical",watch="serving"} 1.0',
        'pacewatch_watch_since_timestamp_seconds{campaign="c1",watch="serving"} 2.0',
    ]
    assert [line for line in lines if line.startswith("pacewatch_pace_")] == []
    assert sum(line.startswith("pacewatch_watch_status{") for line in lines) == len(Status)


def test_where_a_total_will_end_has_a_low_and_a_high_in_its_own_unit() -> None:
    known = {"projected": 8_200_000, "interval": (7_900_000, 8_600_000)}
    lines = scrape(replace(view({}), assessments=(assessed(SPEND, Status.WARNING, Reason.PROJECTED, **known),)))
    for name, value in (("", 8.2), ("_low", 7.9), ("_high", 8.6)):
        assert f'pacewatch_pace_projected{name}{{campaign="c1",goal="spend",unit="EUR"}} {value}' in lines
    without = scrape(replace(view({}), assessments=(assessed(SPEND, Status.NO_DATA, Reason.TOO_EARLY),)))
    assert "pacewatch_pace_projected_low{" not in without


def test_what_sums_over_campaigns_never_counts_an_account_or_the_portfolio_too() -> None:
    """Neither their goals nor their rows are in any metric that campaigns have; their own have the same values."""
    known = {"actual": 4_000_000, "projected": 8_000_000, "ratio": 0.8}
    campaign = assessed(SPEND, Status.CRITICAL, Reason.PROJECTED, **known)
    account = Campaign("account=Acme", "Account Acme", Flight(0, 10_000, "UTC"), (SPEND,), "Acme", scope=Scope.ACCOUNT,
                       members=("c1",))  # fmt: skip
    everything = replace(account, campaign="portfolio=", account="", scope=Scope.PORTFOLIO)
    alone = replace(view({"c1": row(spend=4_000_000)}), assessments=(campaign,))
    assert alone.snapshot is not None
    parents = {one.series: SeriesRows({"5m": row(9), "total": row(9)}, (0,)) for one in (account, everything)}
    together = replace(
        alone,
        snapshot=replace(alone.snapshot, parents=parents),
        assessments=(campaign, replace(campaign, campaign=account), replace(campaign, campaign=everything)),
    )
    before, after = scrape(alone).splitlines(), scrape(together).splitlines()
    added = [line for line in after if line not in before]
    assert [line for line in before if line not in after] == []
    assert all(line.startswith("pacewatch_parent_") for line in added)
    assert (
        'pacewatch_parent_pace_projected{account="Acme",goal="spend",name="",scope="account",unit="EUR"} 8.0' in added
    )
    assert (
        'pacewatch_parent_pace_status{account="",goal="spend",name="",scope="portfolio",status="critical"} 1.0' in added
    )
    assert 'pacewatch_parent_members{account="Acme",name="",scope="account"} 1.0' in added
    assert 'pacewatch_parent_flight_end_timestamp_seconds{account="Acme",name="",scope="account"} 10.0' in added
    families = {family.name for family in text_string_to_metric_families(scrape(together))}
    assert {f"pacewatch_parent_{of.name.removeprefix('pacewatch_')}" for of in metrics.PARENTS} <= families


def assessed(goal: Subject, status: Status, reason: Reason, **more: Any) -> Assessment:
    """A goal or a watch, and what came of it."""
    campaign = Campaign("c1", "Launch", Flight(0, 10_000, "UTC"), (SPEND,))
    verdict = structs.replace(Verdict.withheld(status, reason, goal, 3_000), **more)
    return Assessment(campaign, goal, verdict, AlertState(status if status.is_judgement else Status.ON_PACE))


@settings(max_examples=30)
@example({"__other__": row(1, 1, 1, 1, 1), "%__other__": row(1, 1, 1, 1, 1)})
@given(st.dictionaries(st.text(min_size=1, max_size=300), st.just(row(1, 1, 1, 1, 1)), max_size=4))
def test_any_campaign_id_comes_back_from_the_text_and_no_sample_is_double(ids: dict[str, Row]) -> None:
    text = scrape(view({key(name): r for name, r in ids.items() if name.isprintable()}))
    families = list(text_string_to_metric_families(text))
    (impressions,) = [f for f in families if f.name == "pacewatch_impressions"]
    names = [s.labels["campaign"] for s in impressions.samples]
    # The name of the sum of all others is theirs alone: a campaign of that name has a mark before it.
    shown = (f"%{n}" if n.lstrip("%") == "__other__" else n for n in ids if n.isprintable())
    assert sorted(names) == sorted(map(label, shown))
    assert len(set(names)) == len(names)
    assert all(len(n) <= LABEL_LIMIT for n in names)


def samples(text: str, **labels: str) -> dict[str, float]:
    """Samples whose labels are exactly these, by name."""
    families = text_string_to_metric_families(text)
    return {s.name: s.value for family in families for s in family.samples if s.labels == labels}


def test_campaigns_beyond_the_limit_are_one_and_what_would_fall_is_no_counter_of_theirs() -> None:
    found = view(
        {"big": row(9, 5, 1, 9_000_000, 1), "c1": row(4, 1, 0, 2_000_000, 3), "c2": row(6, 2, 1, 1_000_000, 4)}
    )
    text = scrape(found, ExportPolicy(budget=BudgetPolicy(1)))
    assert 'pacewatch_impressions_total{campaign="big"} 9.0' in text
    assert text.count("\npacewatch_impressions_total{") == 1
    assert samples(text)["pacewatch_other_impressions"] == 10
    assert samples(text)["pacewatch_other_clicks"] == 3
    assert samples(text, campaign="__other__", currency="EUR")["pacewatch_spend"] == 3
    assert samples(text, campaign="__other__")["pacewatch_conversions"] == 1
    assert samples(text, campaign="__other__", window="5m")["pacewatch_ctr_ratio"] == 0.3
    assert samples(text, campaign="__other__", window="5m", currency="EUR")["pacewatch_window_spend"] == 3
    assert samples(text, kind="campaign")["pacewatch_export_folded_series"] == 2
    assert samples(text)["pacewatch_export_limit_series"] == 1


def test_below_the_limit_there_is_no_other() -> None:
    text = scrape(view({"c1": row(1), "c2": row(1)}), ExportPolicy(budget=BudgetPolicy(2)))
    assert "__other__" not in text.replace("label __other__", "").replace("to __other__", "")
    assert samples(text, kind="campaign")["pacewatch_export_folded_series"] == 0


def test_a_campaign_with_a_goal_is_exported_whatever_it_spent() -> None:
    found = view({"big": row(spend=9), "small": row(1)})
    text = scrape(replace(found, campaigns=with_goals("small")), ExportPolicy(budget=BudgetPolicy(1)))
    assert 'pacewatch_impressions_total{campaign="small"}' in text
    assert 'pacewatch_impressions_total{campaign="big"}' not in text


def test_what_was_exported_last_stays_at_the_next_scrape() -> None:
    exporter = Exporter(ExportPolicy(budget=BudgetPolicy(1)))
    for a, b, stays in ((100, 90, "a"), (100, 105, "a"), (100, 120, "b"), (125, 120, "b")):
        text = exporter.text(view({"a": row(1, spend=a), "b": row(1, spend=b)}), Format.PLAIN)
        assert f'pacewatch_impressions_total{{campaign="{stays}"}}' in text
        assert text.count("\npacewatch_impressions_total{") == 1


def test_a_campaign_that_is_really_called_other_is_told_apart() -> None:
    found = view({"__other__": row(1), "%__other__".replace("%", "%25"): row(2), "c1": row(3, spend=9), "c2": row(4)})
    found = replace(found, campaigns=with_goals("__other__", "%__other__"))
    text = scrape(found, ExportPolicy(budget=BudgetPolicy(3)))
    shown = {
        n: samples(text, campaign=n).get("pacewatch_impressions_total") for n in ("%__other__", "%%__other__", "c1")
    }
    assert shown == {"%__other__": 1, "%%__other__": 2, "c1": 3}
    assert samples(text)["pacewatch_other_impressions"] == 4


@settings(max_examples=30)
@given(st.dictionaries(st.text(max_size=8), st.just(row(1, 2, 3, 4, 5)), max_size=4), st.sampled_from(Format))
def test_the_text_is_what_prometheus_clients_own_encoder_makes_of_it(ids: dict[str, Row], text_format: Format) -> None:
    """Parsed and encoded again by the library it is the same, byte for byte; in both formats."""
    series = {key(n): r for n, r in ids.items()} | {key(n, [("channel", n)]): r for n, r in ids.items()}
    policy = ExportPolicy(breakdowns=True, budget=BudgetPolicy(3))
    text = Exporter(policy).text(view(series), text_format)
    tools: dict[Format, tuple[Any, Any]] = {
        Format.PLAIN: (text_string_to_metric_families, generate_latest),
        Format.OPENMETRICS: (openmetrics_parser.text_string_to_metric_families, openmetrics.generate_latest),
    }
    parse, encode = tools[text_format]

    class Parsed(Collector):
        def collect(self) -> Iterator[Metric]:
            yield from parse(text)

    assert encode(Parsed()).decode() == text


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("", Format.PLAIN),
        ("*/*", Format.PLAIN),
        ("text/plain;version=0.0.4", Format.PLAIN),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", Format.OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5", Format.OPENMETRICS),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", Format.PLAIN),
        ("application/openmetrics-text;version=none", Format.PLAIN),
        ("\x00,;=,;;", Format.PLAIN),
    ],
)
def test_a_client_gets_the_format_it_asks_for(accept: str, found: Format) -> None:
    assert negotiate(accept) is found
