"""With a catalogue rows are wider: what the core's rules say of a campaign is what they say without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, WIDTH, Row, Stream
from kpis.packs.catalogue_file import parse
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from monitors.common.together import Looked
from monitors.common.whole import Whole
from monitors.engine import Engine
from monitors.goals.values import Band, Bound, Campaign, Goal, RatioGoal, Rule, TotalGoal
from monitors.read.past import Past
from monitors.read.snapshot import StreamHealth
from monitors.sight import Sight
from monitors.vantage import Vantage
from tests.kit.wide_seed import catalogue
from tests.unit.monitors.test_engine import CAMPAIGN, looked, stream

WIDE = catalogue()
MORE = WIDE.width - WIDTH


def widened(seen: Sight, value: int) -> Sight:
    """The same look at rows of the catalogue, whose added columns all hold a value."""
    past = seen.past
    assert past is not None
    return replace(
        seen,
        to_date=_wide(seen.to_date, value),
        windows={name: row and _wide(row, value) for name, row in seen.windows.items()},
        past=Past(past.start_ms, _columns(past.hours, value), _columns(past.busy, bool(value))),
        open_quarters=tuple(_wide(row, value) for row in seen.open_quarters),
        recent=_columns(seen.recent, value),
        periods={per: _wide(row, value) for per, row in seen.periods.items()},
    )


def _wide(row: Row, value: int) -> Row:
    return (*row, *(value,) * MORE)


def _columns(rows: Any, value: object) -> Any:
    return np.concatenate([rows, np.full((len(rows), MORE), value, rows.dtype)], axis=1)


@settings(max_examples=12)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(1, 3 * 60), min_size=2, max_size=10),
    st.sampled_from([0, 0, 5 * MINUTE_MS, 2 * HOUR_MS]),
    st.integers(-5, 5),
)
def test_goals_watches_and_common_causes_of_the_core_are_judged_as_without_it(
    seed: int, minutes: list[int], late_ms: int, value: int
) -> None:
    rows, at_ms = stream(seed, 44), 3 * DAY_MS - HOUR_MS
    engines = Engine(), Engine()
    wholes = [Whole(engine) for engine in engines]
    for apart in minutes:
        at_ms += apart * MINUTE_MS
        seen = looked(CAMPAIGN, rows, at_ms, late_ms)
        found = []
        for engine, whole, one in zip(engines, wholes, (seen, widened(seen, value)), strict=True):
            whole.begin()
            judged = engine.look(CAMPAIGN, one, at_ms)
            concert = whole.judge([Looked(CAMPAIGN, one, judged)], at_ms)
            found.append((judged, concert.judged, [each.judged for each in concert.looks]))
        assert found[0] == found[1]
    assert engines[0].heard == engines[1].heard
    assert engines[0].held == engines[1].held
    assert wholes[0].held == wholes[1].held


TWIN = parse(
    """
    measures: {visits: {stream: clicks}}
    kpis:
      cost: {formula: spend / visits, better: lower, meaning: As CPC.}
      rate: {formula: visits / impressions, unit: share, meaning: As CTR.}
    """,
    "twin",
)
_BANDS = Band(0.9, None), Band(0.75, None)
_COST, _RATE = (Bound.AT_MOST, 0.2, 0.3, "24h"), (Bound.AT_LEAST, 0.045, 0.03, "1h")
OF_CORE: tuple[Goal, ...] = (
    TotalGoal(TOTALS["clicks"], 3000, *_BANDS),
    RatioGoal(BY_NAME["cpc"], *_COST),
    RatioGoal(BY_NAME["ctr"], *_RATE),
    RatioGoal(BY_NAME["ctr"], *_RATE[:3], "24h", rule=Rule.THRESHOLD),
)
ADDED: tuple[Goal, ...] = (
    TotalGoal(TWIN.by_title["visits"], 3000, *_BANDS),
    RatioGoal(TWIN.by_name["cost"], *_COST),
    RatioGoal(TWIN.by_name["rate"], *_RATE),
    RatioGoal(TWIN.by_name["rate"], *_RATE[:3], "24h", rule=Rule.THRESHOLD),
)


def twinned(seen: Sight) -> Sight:
    """The same look at rows that have clicks once more, as an added measure."""
    past = seen.past
    assert past is not None

    def twice(row: Row) -> Row:
        return (*row, row[1])

    def columns(rows: Any) -> Any:
        return np.concatenate([rows, rows[:, 1:2]], axis=1)

    return replace(
        seen,
        to_date=twice(seen.to_date),
        windows={name: row and twice(row) for name, row in seen.windows.items()},
        past=Past(past.start_ms, columns(past.hours), columns(past.busy)),
        open_quarters=tuple(map(twice, seen.open_quarters)),
        recent=columns(seen.recent),
        periods={per: twice(row) for per, row in seen.periods.items()},
    )


@settings(max_examples=12)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(1, 3 * 60), min_size=2, max_size=10),
    st.sampled_from([0, 0, 5 * MINUTE_MS, 2 * HOUR_MS]),
)
def test_goals_about_an_added_measure_are_judged_as_those_about_a_core_one_that_counts_the_same(
    seed: int, minutes: list[int], late_ms: int
) -> None:
    rows, at_ms, engine = stream(seed, 44), 3 * DAY_MS - HOUR_MS, Engine()
    campaign = Campaign("c1", "c1", CAMPAIGN.flight, (*OF_CORE, *ADDED))
    for apart in minutes:
        at_ms += apart * MINUTE_MS
        found = dict(engine.look(campaign, twinned(looked(campaign, rows, at_ms, late_ms)), at_ms))
        for core, added in zip(OF_CORE, ADDED, strict=True):
            assert found[core] == found[added], core.id


VISITS = WIDE.by_title["visits"]
TOTAL = TotalGoal(VISITS, 8 * 96 * 10, Band(0.9, None), Band(0.75, None))
COST = RatioGoal(WIDE.by_name["cost_per_visit"], Bound.AT_MOST, 0.11, 0.15, "24h")


def streams(*silent: Stream) -> dict[Stream, StreamHealth]:
    """All streams on time, some of which have never brought anything."""
    return {s: StreamHealth(DAY_MS, None if s in silent else DAY_MS, 0) for s in Stream}


def test_only_what_is_made_of_the_stream_of_measures_waits_for_it() -> None:
    """Nobody need send it: of campaigns without such goals nothing waits, and nothing is weighed."""
    seen = Sight(DAY_MS, 0, streams=streams(Stream.MEASURE))
    vantage = Vantage(seen, CAMPAIGN.flight)
    assert [vantage.of(goal) for goal in CAMPAIGN.goals] == [seen] * len(CAMPAIGN.goals)
    assert (vantage.of(TOTAL), vantage.of(COST)) == (Stream.MEASURE, Stream.MEASURE)
    everything = Sight(DAY_MS, 0, streams=streams())
    assert Vantage(everything, CAMPAIGN.flight).of(TOTAL) is everything
    unknown = Sight(DAY_MS, 0)
    assert Vantage(unknown, CAMPAIGN.flight).of(TOTAL) is unknown
