"""Parents as the engine sees them: one of one campaign is judged as that campaign, and one cause is told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.contract.published import Layout
from kpis.measures import Row, Stream, add
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.engine import Engine
from monitors.goals.parents.scope import Scope
from monitors.goals.subject import Watch
from monitors.goals.values import Campaign
from monitors.pacing.verdict import Reason, Status, Verdict
from monitors.read.queries import ToDate
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot, StreamHealth
from monitors.read.sums import with_parents
from monitors.sight import Sight, periods_of, sight
from tests.kit.flows import array, between, seen
from tests.unit.monitors.test_engine import CAMPAIGN, FLIGHT, SPEND, USUAL, stream

WINDOWS = ("1h", "24h")


def parent_of(*members: Campaign) -> Campaign:
    """Campaigns together, with the goals of the first."""
    series = tuple(one.series for one in members)
    return replace(
        members[0], campaign="account=A", name="Account A", account="A", scope=Scope.ACCOUNT, members=series
    )  # fmt: skip


def sights(campaigns: Sequence[Campaign], rows: Mapping[str, Sequence[Row]], at_ms: int) -> dict[str, Sight]:
    """What the cycle would see: windows by way of a snapshot with parents in it, the past from quarter hours added."""
    whole = {
        c.series: [add(each) for each in zip(*(rows[name] for name in c.members or (c.series,)), strict=True)]
        for c in campaigns
    }
    each = {name: seen(FLIGHT, quarters, at_ms) for name, quarters in rows.items()}
    counted = {
        name: SeriesRows({w: one.windows[w] or (0,) * 5 for w in WINDOWS}, (n % 2,))
        for n, (name, one) in enumerate(each.items())
    }
    health = tuple(
        PartitionHealth(n, at_ms, streams={s: StreamHealth(at_ms - n * MINUTE_MS // 2, at_ms, 0) for s in Stream})
        for n in range(2)
    )
    snapshot = Snapshot(Layout(2, "EUR", WINDOWS, 40), at_ms, health, counted, {})
    snapshot = with_parents(snapshot, {c.series: c.members for c in campaigns if c.is_parent})
    found: dict[str, Sight] = {}
    for campaign in campaigns:
        one = seen(FLIGHT, whole[campaign.series], at_ms)
        day = at_ms - at_ms % DAY_MS - DAY_MS
        recent = whole[campaign.series][max(day, 0) // QUARTER_MS : at_ms // QUARTER_MS + 1]
        parts = {
            per: between(whole[campaign.series], part.start_ms, min(at_ms + 1, part.end_ms), 0)
            for per, part in periods_of(campaign, at_ms).items()
        }
        to_date = ToDate(one.to_date, at_ms, max(day, 0), array(recent))
        found[campaign.series] = sight(campaign, snapshot, to_date, one.past, -40 * DAY_MS, periods=parts)
    return found


def goals_of(judged: Sequence[tuple[object, Verdict]]) -> list[Verdict]:
    """The verdicts of goals."""
    return [verdict for goal, verdict in judged if not isinstance(goal, Watch)]


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 4 * 60), min_size=2, max_size=10))
def test_a_parent_of_one_campaign_is_judged_as_that_campaign(seed: int, minutes: list[int]) -> None:
    """Look by look, through hours in which some of it fails: also what is held, for the one member explains it."""
    rows, parent = {"c1": stream(seed, 44)}, parent_of(CAMPAIGN)
    engine, at_ms = Engine(), 3 * DAY_MS - HOUR_MS
    for apart in minutes:
        at_ms += apart * MINUTE_MS
        found = sights([CAMPAIGN, parent], rows, at_ms)
        alone = engine.look(CAMPAIGN, found["c1"], at_ms)
        together = engine.look(parent, found[parent.series], at_ms)
        assert goals_of(together) == goals_of(alone)
        assert len(together) == len(CAMPAIGN.goals), "a parent has no watches"


def looked(rows: Mapping[str, Sequence[Row]], at_ms: int) -> dict[str, dict[str, Verdict]]:
    """Two campaigns and both together, looked at each quarter hour of the last two hours; the last verdicts."""
    members = tuple(replace(CAMPAIGN, campaign=name, goals=(SPEND,)) for name in rows)
    parent = replace(parent_of(*members), goals=(replace(SPEND, target=2 * SPEND.target),))
    engine, last = Engine(), dict[str, dict[str, Verdict]]()
    for now in range(at_ms - 2 * HOUR_MS, at_ms + 1, QUARTER_MS):
        found = sights([*members, parent], rows, now)
        for one in (*members, parent):
            last[one.series] = {goal.id: verdict for goal, verdict in engine.look(one, found[one.series], now)}
    return last


def test_what_is_dark_everywhere_is_told_of_each_campaign_and_explains_the_parents_miss() -> None:
    dark = [USUAL] * (4 * 96) + [(0,) * 5] * 96
    found = looked({"a": dark, "b": dark}, 4 * DAY_MS + 20 * HOUR_MS)
    assert {found[name]["watch:serving"].reason for name in "ab"} == {Reason.NOT_SERVING}
    together = found["account=A"]["spend"]
    assert (together.status, together.reason) == (Status.HOLD, Reason.EXPLAINED)
    assert together.actual == 2 * 4 * 96 * 1_000_000


def test_one_dark_campaign_does_not_explain_what_both_miss_together() -> None:
    dark = [USUAL] * (4 * 96) + [(0,) * 5] * (2 * 96)
    found = looked({"a": dark, "b": [USUAL] * (6 * 96)}, 5 * DAY_MS + 20 * HOUR_MS)
    assert found["a"]["spend"].reason is Reason.EXPLAINED
    together = found["account=A"]["spend"]
    assert together.status in {Status.WARNING, Status.CRITICAL, Status.ON_PACE}
    assert together.reason is not Reason.EXPLAINED
    assert together.actual == (4 * 96 + 5 * 96 + 20 * 4 + 1) * 1_000_000


def test_evidence_on_other_members_is_begun_anew() -> None:
    """What the one that joins had counted before is no news of a minute."""
    rows = {name: stream(3, 44) for name in ("c1", "c2")}
    at_ms, engine = 3 * DAY_MS, Engine()
    both = replace(CAMPAIGN, campaign="c2")
    for parent in (parent_of(CAMPAIGN), parent_of(CAMPAIGN, both)):
        engine.look(parent, sights([parent], rows, at_ms)[parent.series], at_ms)
        mine = {one.members for name, one in engine.held.items() if name.startswith(parent.series)}
        assert mine == {parent.members_digest}
        at_ms += MINUTE_MS
    joined = next(iter(engine.held.values()))
    assert joined.at_ms == at_ms - MINUTE_MS
