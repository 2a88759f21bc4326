"""The exporter: names, labels and what has no sample. Checked with Prometheus's own tool."""

from __future__ import annotations

import subprocess

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitors.exporter import Exporter, ExportPolicy
from monitors.samples import LABEL_LIMIT, label
from monitors.snapshot import Layout, PartitionHealth, SeriesRows, Snapshot
from monitors.view import View
from streams.measures import Row
from streams.series import key
from tests.monitor_fakes import row


def view(series: dict[str, Row], **counters: int) -> View:
    """A view of one partition; each series has one window and a total."""
    rows = {name: SeriesRows({"5m": r, "total": r}, (0,)) for name, r in series.items()}
    health = (PartitionHealth(0, 1_500, True, 2_500, {"ads.clicks": 3}, counters),)
    return View(snapshot=Snapshot(Layout(1, "EUR", ("5m",), 40), 0, health, rows, {}), redis_up=True)


def scrape(found: View, policy: ExportPolicy = ExportPolicy()) -> str:  # noqa: B008
    """The text that Prometheus gets."""
    return generate_latest(Exporter(lambda: found, policy).registry()).decode()


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


def test_times_are_timestamps_in_seconds() -> None:
    text = scrape(view({}))
    assert 'pacewatch_stream_clock_timestamp_seconds{partition="0"} 1.5' in text
    assert 'pacewatch_flushed_timestamp_seconds{partition="0"} 2.5' in text


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


def test_promtool_accepts_every_metric_even_with_hostile_names() -> None:
    hostile = ['a"b\\c\nd', "ü" * 300, "|=%", "{}", " "]
    text = scrape(view({key(name): row(1, 1, 1, 1, 1) for name in hostile}), ExportPolicy(breakdowns=True))
    done = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@settings(max_examples=30)
@given(st.dictionaries(st.text(min_size=1, max_size=300), st.just(row(1, 1, 1, 1, 1)), max_size=4))
def test_any_campaign_id_comes_back_from_the_text_and_no_sample_is_double(ids: dict[str, Row]) -> None:
    text = scrape(view({key(name): r for name, r in ids.items() if name.isprintable()}))
    families = list(text_string_to_metric_families(text))
    (impressions,) = [f for f in families if f.name == "pacewatch_impressions"]
    names = [s.labels["campaign"] for s in impressions.samples]
    assert sorted(names) == sorted(label(n) for n in ids if n.isprintable())
    assert len(set(names)) == len(names)
    assert all(len(n) <= LABEL_LIMIT for n in names)
