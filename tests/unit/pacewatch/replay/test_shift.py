"""Moving events and flights in time."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from monitors import goals
from pacewatch.replay import shifted_goals
from pacewatch.replay.recording import Record, parse
from pacewatch.replay.scan import scan
from pacewatch.replay.sending import too_old
from pacewatch.replay.shift import shift


def record(**fields: object) -> Record:
    found = parse(1, json.dumps({"type": "spend", "campaign_id": "c", **fields}).encode())
    assert isinstance(found, Record)
    return found


@given(
    ts=st.integers(0, 4_000_000_000_000),
    by=st.integers(-(10**11), 10**11),
    other=st.dictionaries(st.sampled_from(["a", "ünï", 'q"uote']), st.text() | st.none() | st.lists(st.booleans())),
)
def test_only_the_time_changes(ts: int, by: int, other: dict[str, object]) -> None:
    before = record(ts=ts, **other)
    after = shift(before, by)
    assert json.loads(after.value) == {**json.loads(before.value), "ts": ts + by}
    assert after.ts_ms == ts + by


def test_amounts_keep_their_digits() -> None:
    text = b'{"type":"spend","ts":5,"campaign_id":"c","amount":1.10000000000000000001}'
    found = parse(1, text)
    assert isinstance(found, Record)
    moved = json.loads(shift(found, 1).value, parse_float=Decimal)
    assert str(moved["amount"]) == "1.10000000000000000001"


def test_rfc_3339_stays_so_in_its_own_zone() -> None:
    moved = shift(record(ts="2026-01-31T23:59:59.5+08:00"), 1000)
    assert json.loads(moved.value)["ts"] == "2026-02-01T00:00:00.500000+08:00"
    again = parse(1, moved.value)
    assert isinstance(again, Record)
    assert again.ts_ms == moved.ts_ms


def test_an_event_without_a_usable_time_is_left_as_it_is() -> None:
    for ts in ("yesterday", None, 1.5, 10**30, "2026-01-01T00:00:00"):
        before = record(ts=ts)
        assert shift(before, 99) is before


def test_a_scan_finds_the_times_the_counts_and_the_one_currency() -> None:
    found = scan([record(ts=9, amount="1", currency="CNY"), record(ts=30), record(ts=3), record(ts=10**40)])
    assert (found.records, found.first_ms, found.last_ms, found.only_currency) == (4, 3, 30, "CNY")
    assert scan([record(ts=1, amount="1", currency="CNY"), record(ts=1, amount="1")]).only_currency is None


def test_a_recording_older_than_history_is_noticed_unless_it_is_shifted() -> None:
    day = 86_400_000
    seen = scan([record(ts=0), record(ts=day)])
    assert too_old(seen, 0, 100 * day, 40)
    assert not too_old(seen, 99 * day, 100 * day, 40)


def test_shifted_goals_move_every_flight_and_keep_all_other_text(tmp_path: Path) -> None:
    source, target = tmp_path / "goals.yaml", tmp_path / "moved.yaml"
    source.write_text(
        "# for the launch\ncampaigns:\n"
        "  - campaign: a\n    flight: {start: 2013-06-06, end: '2013-06-13T00:00', timezone: Asia/Shanghai} # week\n"
        "    goals: [{total: spend, target: 10}]\n"
        "  - campaign: b\n    flight:\n      start: 2013-06-06T00:00Z\n      end: 2013-06-07T00:00:30-04:00\n"
        "    goals: [{ratio: ctr, at_least: 0.01}]\n"
    )
    shifted_goals.write(source, target, 3_600_000)
    before, after = goals.load(source).campaigns, goals.load(target).campaigns
    assert [(c.flight.start_ms, c.flight.end_ms) for c in after] == [
        (c.flight.start_ms + 3_600_000, c.flight.end_ms + 3_600_000) for c in before
    ]
    assert [c.goals for c in after] == [c.goals for c in before]
    assert "# for the launch" in target.read_text()
    assert "# week" in target.read_text()


def test_shifted_goals_are_what_the_goals_are_when_all_their_times_are_moved(tmp_path: Path) -> None:
    source, target = tmp_path / "goals.yml", tmp_path / "moved.yml"
    source.write_text(
        """\
accounts:
  Acme:
    timezone: America/New_York
    goals: [{total: clicks, target: 5, curve: {dates: {2026-11-27: 3, 2026-11-28: 2}}}]
    together:
      goals: [{total: spend, target: 6, curve: {dates: {2026-11-26: 3}}}, {ratio: ctr, at_least: 0.1}]
      mutes: [{from: 2026-11-24, to: 2026-11-25, why: a holiday}]
campaigns:
  - campaign: a
    account: Acme
    flight: {start: 2026-11-23T00:00, end: 2026-12-01T00:00}
    goals: [{total: spend, target: 5, curve: {dates: {2026-11-27: 3}, hours: 08:00-22:00}}]
    mutes: [{from: 2026-11-24, to: "2026-11-24T06:00Z", why: an outage}]
    milestones: [25%, 2026-11-27T09:00]
portfolio:
  flight: {start: 2026-11-23T00:00Z, end: 2026-11-30T00:00Z}
  goals: [{total: spend, target: 5, curve: {dates: {2026-11-25: 3}}}]
  milestones: ["2026-11-27T09:00Z"]
experiments:
  - {experiment: e, campaign: a, dimension: variant, variants: [A, B], kpi: ctr, start: 2026-11-23T00:00Z}
  - experiment: f
    series: {A: a, B: b}
    kpi: ctr
    start: 2026-11-23T00:00
    end: 2026-11-30T00:00
    timezone: Europe/Berlin
breakdowns:
  - {breakdown: channel=search, goals: [{total: spend, target: 5}], milestones: [2026-11-26T09:00-05:00]}
  - breakdown: channel=search
    account: Acme
    flight: {start: 2026-11-24T00:00Z, end: 2026-11-30T00:00Z}
    goals: [{total: spend, target: 5, curve: {dates: {2026-11-26: 3}}}]
    mutes: [{from: 2026-11-24T01:00Z, to: 2026-11-24T06:00Z, why: a move}]
"""
    )
    by_ms = 200 * 86_400_000 + 5_000
    shifted_goals.write(source, target, by_ms)
    assert goals.load(target) == goals.load(source).shifted(by_ms)
    assert "2027-06-15" in target.read_text()
