"""What the backtest counts beside the core is what a plain recomputation gives, however late it comes."""

from __future__ import annotations

import random

import msgspec

from kpis.contract.claimed import stored_names
from kpis.measures import UNKNOWN, Stream
from kpis.settings.shared import Settings
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from kpis.windows import DAY, parse_window
from monitors.goals.file import parse
from monitors.read.sums import with_parents
from pacewatch.backtest.one_partition import OnePartition
from tests.kit import added
from tests.kit.added import Said

START = 1_760_054_400_000
"""2025-10-10T00:00Z."""
CATALOGUE = added.catalogue(added.TEXT + "kpis: {each: {formula: sessions / readers, meaning: Sessions a reader.}}\n")
FLIGHT = "flight: {start: 2025-10-01T00:00Z, end: 2025-11-01T00:00Z}"
GOALS = parse(
    f"""
campaigns:
  - {{campaign: a, account: Acme, {FLIGHT}, goals: [{{ratio: each, at_least: 1, window: 1h}}]}}
  - {{campaign: b, account: Acme, {FLIGHT}, goals: [{{ratio: each, at_least: 1, window: 24h}}]}}
accounts:
  Acme: {{together: {{goals: [{{total: sessions, target: 9}}]}}}}
""",
    "goals.yml",
    CATALOGUE,
)
NAMES = {
    name: measure.column + i
    for measure in CATALOGUE.measures
    for i, name in enumerate(stored_names(measure)[: measure.width])
}


def drawn(rng: random.Random, number: int, now_ms: int) -> Said:
    """An event of ads.measures, of a campaign or of the account; sums may be older than any window."""
    name = rng.choice(["hours", "followers", "sessions", "opened"])
    oldest = 20 if name == "followers" else 60
    late_ms = rng.choice([0, 0, 0, rng.randrange(oldest * HOUR_MS)])
    event: Said = {"type": "measure", "event_id": f"{number}", "ts": now_ms - late_ms, "name": name}
    event |= rng.choice([{"campaign_id": "a"}, {"campaign_id": "b"}, {"account": "Acme"}])
    return event | {"value": rng.randrange(1, 50), "user_id": f"u{rng.randrange(40)}"}


def counted(rng: random.Random, minutes: int) -> tuple[OnePartition, list[Said], int]:
    """A partition that was looked at each five minutes, what it was told, and its last look."""
    partition, told = OnePartition(Settings.load(), GOALS.all, START, CATALOGUE), list[Said]()
    for minute in range(minutes):
        now_ms = START + minute * MINUTE_MS
        some = [drawn(rng, minute * 10 + i, now_ms) for i in range(3)]
        told += some
        partition.count({Stream.MEASURE: [msgspec.json.encode(one) for one in some]}, now_ms)
        if minute % 5 == 0:
            partition.look(now_ms)
    return partition, told, now_ms


def test_quarter_hours_are_as_a_monitor_reads_them_of_redis_and_a_parent_has_what_is_its_own() -> None:
    """Distinct counts are unknown there, in each quarter hour that had ids."""
    partition, told, now_ms = counted(random.Random(3), 2_000)
    partition.look(now_ms)
    assert partition.refused == {}
    expected: dict[str, dict[int, dict[str, int]]] = {"a": {}, "b": {}, "account=Acme": {}}
    for (series, quarter), mine in added.by_quarter(told).items():
        for name, value in mine.items():
            seen = -1 if name.endswith("_ids") else value
            for whose in {series, "account=Acme"}:
                held = expected[whose].setdefault(quarter, {})
                held[name] = held.get(name, 0) + seen
    first, last = (START - 4 * DAY_MS) // QUARTER_MS, now_ms // QUARTER_MS + 1
    for series, by_quarter in expected.items():
        rows = partition.quarters[series].between(first * QUARTER_MS, last * QUARTER_MS).tolist()
        found = {
            first + n: {name: row[at] for name, at in NAMES.items() if row[at]}
            for n, row in enumerate(rows)
            if any(row)
        }
        assert found == by_quarter


def test_different_ids_are_told_apart_in_the_windows_that_a_monitor_counts_them_in() -> None:
    """In quarter hours that the window touches, anew as time goes on; of several together nobody knows."""
    partition, told, now_ms = counted(random.Random(4), 1_800)
    column = CATALOGUE.by_title["readers"].column
    for later in (0, 40 * MINUTE_MS, 6 * HOUR_MS):
        now_ms += later
        snapshot = partition.look(now_ms)
        for window, span in (("1h", HOUR_MS - MINUTE_MS), (DAY, DAY_MS - QUARTER_MS)):
            first = (now_ms - span) // QUARTER_MS
            ids = {e["user_id"] for e in told if e.get("campaign_id") == "a" and e["name"] == "opened"
                   and first <= e["ts"] // QUARTER_MS}  # fmt: skip
            row = snapshot.series["a"].windows[window]
            inside = added.in_window([e for e in told if e["name"] == "opened"], parse_window(window), now_ms).get(
                "a", {}
            )
            assert row[column] == min(len(ids), inside.get("readers_ids", 0))
    together = with_parents(snapshot, {"account=Acme": ["a", "b", "account=Acme"]}).parents["account=Acme"]
    assert together.windows[DAY][column] == UNKNOWN
