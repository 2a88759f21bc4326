"""Examples of the OpenAPI document: made of the types themselves, so that they are as real answers are. Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from kpis.units import Unit
from monitors.board.asks import AcknowledgeAlerts, Done, MuteCampaign, Problem, UnacknowledgeAlerts, UnmuteCampaign
from monitors.board.campaign_page.time_series import WILSON_SAYS
from monitors.board.campaign_page.trend_shapes import CampaignTrends, GoalLine, IntervalKind, TimeSeries, TrendRange
from monitors.goals.values import Bound

_QUARTER_MS, _NOON = 900_000, 1_795_348_800_000
_CTR = TimeSeries(
    name="ctr",
    label="CTR",
    unit=Unit.PROPORTION,
    formula="clicks / impressions",
    meaning="Click-through rate: clicks per impression.",
    is_headline=True,
    higher_is_better=True,
    values=[0.0204, None],
    interval=IntervalKind.WILSON,
    interval_says=WILSON_SAYS,
    low=[0.0178, None],
    high=[0.0234, None],
    volume=[11_250, 0],
    volume_of="impressions",
    goals=(GoalLine("ctr:at_least:1h", "CTR (1h)", Bound.AT_LEAST, 0.02, 0.015, "1h"),),
)
_TRENDS = CampaignTrends(
    id="spring-launch",
    range=TrendRange.DAY,
    timezone="Europe/Berlin",
    currency="EUR",
    step_ms=_QUARTER_MS,
    starts_ms=[_NOON, _NOON + _QUARTER_MS],
    end_ms=_NOON + 2 * _QUARTER_MS - 1,
    as_of_ms=_NOON + 2 * _QUARTER_MS - 2,
    series=[_CTR],
)
EXAMPLES: dict[type, Any] = {
    type(one): msgspec.to_builtins(one)
    for one in (
        _TRENDS,
        AcknowledgeAlerts("spring-launch", "spend", "ana", "the budget is raised at noon"),
        UnacknowledgeAlerts("spring-launch", "spend"),
        MuteCampaign("spring-launch", 7200, "ana", "the landing page is moved"),
        UnmuteCampaign("spring-launch"),
        Done(1),
        Problem("there is no campaign 'spring-lunch' on the board"),
    )
}
"""By their types."""
