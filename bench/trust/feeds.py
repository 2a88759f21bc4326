"""Cases of feeds that are late or stall: no alert about pace, and one that names what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from bench.trust.arrivals import Arrived, always_late, late_sights, stalled
from bench.trust.engine import Told, told
from bench.trust.figures import Figure, Share
from bench.trust.ratios import at_least, at_most
from bench.trust.runs import Rng, seeds, share, whole
from bench.trust.streams import rows, times
from bench.trust.totals import spend
from kpis.arrays import Int64s
from kpis.measures import Stream
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS
from kpis.units import MICROS
from monitors.goals.values import Campaign

DAYS, STALLS_MS = 3, 40 * HOUR_MS
_CLICKS_A_DAY = 100 * 1440 * 0.02
GOALS = (
    spend(int(_CLICKS_A_DAY * DAYS * MICROS / 2)),
    at_most("cpc", 0.625, "1h"),
    at_most("cpa", 12.5, "1h"),
    at_least("ctr", 0.018, "1h"),
    at_least("cvr", 0.04, "1h"),
)


def late(
    arrived: Callable[[Int64s], Arrived], habit_ms: Mapping[Stream, int], watch: str, *, runs: int, seed: int
) -> Share:
    """Campaigns that meet all their goals: what is told of them, but for one message that names what is silent."""
    at = times(DAYS * DAY_MS, MINUTE_MS)
    campaign = Campaign("sim", "sim", whole(at), GOALS)
    looked = (
        list(told(campaign, late_sights(at, _bought(at, rng), arrived(at), habit_ms))) for rng in seeds(seed, runs)
    )
    return share((_unwanted(found, watch) for found in looked), 0.0)


def _unwanted(found: Iterable[Told], watch: str) -> list[Told]:
    """All messages but the one that names what is silent, and its end; that itself is missed where it is not told."""
    messages = list(found)
    rest = [one for one in messages if one.goal != watch]
    named = [one for one in messages if one.goal == watch]
    return rest if len(named) == (2 if watch else 0) else [*rest, *named[:1], *messages[:1]] or messages


def _bought(at: Int64s, rng: Rng) -> Int64s:
    """100 impressions a minute, 2% clicks at 0.50, 5% conversions of 60."""
    impressions = rng.poisson(100.0, len(at))
    clicks = rng.binomial(impressions, 0.02)
    conversions = rng.binomial(clicks, 0.05)
    cost = (clicks * (MICROS // 2) * rng.lognormal(-0.02, 0.2, len(at))).astype("int64")
    return rows(
        impressions=impressions,
        clicks=clicks,
        conversions=conversions,
        spend_micros=cost,
        revenue_micros=conversions * 60 * MICROS,
    )


def _stall(*streams: Stream) -> Callable[[Int64s], Arrived]:
    return partial(_stalled, streams)


def _stalled(streams: tuple[Stream, ...], at: Int64s) -> Arrived:
    return stalled(at, streams, STALLS_MS, HOUR_MS)


def _late_spend(at: Int64s) -> Arrived:
    return always_late(at, Stream.SPEND, 2 * HOUR_MS)


CASES: Mapping[str, Callable[[], Figure]] = {
    "spend feed 2 h late, always: anything told": partial(
        late, _late_spend, {Stream.SPEND: 2 * HOUR_MS}, "", runs=4, seed=5
    ),
    "all producers stall for 60 min: anything told but that nothing is served": partial(
        late, _stall(*Stream), {}, "watch:serving", runs=4, seed=5
    ),
    "only clicks stall for 60 min: anything told but that clicks are silent": partial(
        late, _stall(Stream.CLICK), {}, "watch:clicks", runs=4, seed=5
    ),
    "only spend stalls for 60 min: anything told but that spend is silent": partial(
        late, _stall(Stream.SPEND), {}, "watch:spend", runs=4, seed=5
    ),
}
