"""Many campaigns with goals, and what a monitor sees of them look by look, without Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from kpis.arrays import Floats, Int64s
from kpis.catalogue import BY_NAME
from kpis.contract.published import Layout
from kpis.measures import TOTALS, WIDTH, Row, Stream
from kpis.times import DAY_MS, HOUR_MS, QUARTER_MS
from kpis.units import MICROS
from monitors.goals.spread.spec import CurveSpec, Shape
from monitors.goals.values import Band, Bound, Campaign, Flight, Goal, Period, RatioGoal, TotalGoal
from monitors.read.decoding import PER_DAY
from monitors.read.past import Past, joined, nothing_yet
from monitors.read.pasts import AT_ONCE
from monitors.read.queries import ToDate
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot, StreamHealth
from monitors.sight import Sight, periods_of, sight

NOON = 1_795_348_800_000
"""2026-11-22T12:00Z."""
DAYS, WINDOWS = 14, ("1h", "24h")
_FLIGHT_DAYS, _BEHIND_DAYS = 30, 10
_ZONES = ("Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata")
_BANDS = Band(0.9, 1.1), Band(0.75, 1.25)
_BY_HOURS = CurveSpec(week=tuple((day * 1440 + hour * 60, 1.0 if hour else 0.4) for day in range(7) for hour in (0, 7)))
_CURVES = (CurveSpec(), CurveSpec(), CurveSpec(Shape.FRONT_LOADED), _BY_HOURS, CurveSpec(lag_ms=HOUR_MS))
_CLICKED, _CONVERTED, _CPM, _ORDER = 0.02, 0.05, 4.0, 40 * MICROS


class Fleet:
    """Campaigns with five goals each, in the middle of their flights, two weeks of history behind them.

    Args:
        campaigns: how many.
        late_ms: how late the spend of all is by habit.

    Attributes:
        campaigns: they.
        now_ms: the moment that all is as of.
    """

    def __init__(self, campaigns: int, late_ms: int = 0) -> None:
        self._dice = np.random.default_rng(7)
        self.now_ms = NOON + 20 * 60_000
        self._late_ms = late_ms
        self._start_ms = NOON - NOON % DAY_MS - DAYS * DAY_MS
        # Most of six to sixty thousand impressions a quarter hour: each look finds something new. The others
        # have some: their pauses are weighed.
        self._a_quarter = 10 ** self._dice.uniform(3.8, 4.8, campaigns)
        self._a_quarter[::10] = 5.0
        self.campaigns = tuple(self._campaign(n) for n in range(campaigns))
        self._to_date = np.zeros((campaigns, WIDTH), np.int64)
        self._recent = np.zeros((campaigns, 2 * PER_DAY, WIDTH), np.int64)
        self._pasts = [self._began(n) for n in range(campaigns)]

    def _began(self, place: int) -> Past:
        """Make up what came so far of a campaign; gives its past."""
        rows = self._quarters(place, self._count(self.now_ms))
        rows = np.concatenate([rows, np.zeros(((DAYS + 1) * PER_DAY - len(rows), WIDTH), np.int64)])
        self._to_date[place] = rows[self._count(self.campaigns[place].flight.start_ms) :].sum(axis=0)
        self._recent[place] = rows[(DAYS - 1) * PER_DAY :]
        return joined(nothing_yet(self._start_ms), self._start_ms, rows, self.now_ms)

    def go_on(self, ms: int) -> None:
        """Let some time pass, and what comes in it come."""
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            end_ms = min(until_ms, self.now_ms - self.now_ms % QUARTER_MS + QUARTER_MS)
            came = self._came(self._a_quarter * (end_ms - self.now_ms) / QUARTER_MS)
            self._recent[:, self._count(self.now_ms) - (DAYS - 1) * PER_DAY] += came
            self._to_date += came
            self.now_ms = end_ms

    def seen(self) -> Iterator[tuple[Campaign, Sight]]:
        """What there is to see of each campaign now."""
        self._turn()
        place = self._count(self.now_ms) - (DAYS - 1) * PER_DAY + 1
        hour, day = (self._recent[:, place - n : place].sum(axis=1).tolist() for n in (4, PER_DAY))
        streams = {s: StreamHealth(self.now_ms, self.now_ms, 0) for s in Stream}
        if self._late_ms:
            streams[Stream.SPEND] = StreamHealth(self.now_ms - self._late_ms, self.now_ms, self._late_ms)
        health = PartitionHealth(0, self.now_ms, caught_up=True, flushed_at_ms=self.now_ms, streams=streams)
        windows = (dict(zip(WINDOWS, (tuple(h), tuple(d)), strict=True)) for h, d in zip(hour, day, strict=True))
        rows = {c.series: SeriesRows(w, (0,)) for c, w in zip(self.campaigns, windows, strict=True)}
        snapshot = Snapshot(Layout(1, "EUR", WINDOWS, 40), self.now_ms, (health,), rows, {})
        recent_ms = self._start_ms + (DAYS - 1) * DAY_MS
        rows_to_date = self._to_date.tolist()
        for campaign, row, recent, past in zip(self.campaigns, rows_to_date, self._recent, self._pasts, strict=True):
            found = ToDate(tuple(row), self.now_ms, recent_ms, recent.copy())
            periods = {per: self._since(part, recent) for per, part in periods_of(campaign, self.now_ms).items()}
            yield campaign, sight(campaign, snapshot, found, past, self._start_ms, periods=periods)

    def _turn(self) -> None:
        """Bring some pasts up to date whose hour is over, as the monitor does."""
        end_ms = self.now_ms - self.now_ms % HOUR_MS
        due = [n for n, past in enumerate(self._pasts) if past.end_ms < end_ms]
        for n in due[:AT_ONCE]:
            recent_ms = self._start_ms + (DAYS - 1) * DAY_MS
            self._pasts[n] = joined(self._pasts[n], recent_ms, self._recent[n], end_ms)

    def _since(self, part: Flight, recent: Int64s) -> Row:
        first = max(self._count(part.start_ms) - (DAYS - 1) * PER_DAY, 0)
        return tuple(recent[first:].sum(axis=0).tolist())

    def _count(self, at_ms: int) -> int:
        """How many quarter hours after the first one a moment is."""
        return (at_ms - self._start_ms) // QUARTER_MS

    def _campaign(self, number: int) -> Campaign:
        start_ms = self._start_ms + (DAYS - _BEHIND_DAYS) * DAY_MS
        flight = Flight(start_ms, start_ms + _FLIGHT_DAYS * DAY_MS, _ZONES[number % len(_ZONES)])
        goals = tuple(self._goals(number, round(float(self._a_quarter[number]) * PER_DAY * _FLIGHT_DAYS)))
        return Campaign(f"campaign-{number:05}", f"Campaign {number}", flight, goals)

    def _goals(self, number: int, impressions: int) -> Iterator[Goal]:
        spend = TotalGoal(TOTALS["spend"], round(impressions * _CPM * MICROS / 1000), *_BANDS)
        a_day = replace(spend, target=spend.target // _FLIGHT_DAYS, per=Period.DAY)
        yield a_day if number % 3 == 0 else spend
        yield TotalGoal(TOTALS["impressions"], impressions, *_BANDS, _CURVES[number % len(_CURVES)])
        yield RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, _CLICKED * 0.9, _CLICKED * 0.6, "1h")
        yield RatioGoal(BY_NAME["cpc"], Bound.AT_MOST, _CPM / 1000 / _CLICKED * 1.1, _CPM / 1000 / _CLICKED * 2, "24h")
        cost = _CPM / 1000 / _CLICKED / _CONVERTED
        if number % 2:
            yield RatioGoal(BY_NAME["roas"], Bound.AT_LEAST, _ORDER / MICROS / cost * 0.8, 1.0, "24h")
        else:
            yield RatioGoal(BY_NAME["cpa"], Bound.AT_MOST, cost * 1.2, cost * 3, "24h")

    def _quarters(self, number: int, count: int) -> Int64s:
        """What came in each quarter hour, by a day that has a night, and with hours that scatter."""
        of_day = 1 + 0.6 * np.sin(np.arange(count) * 2 * np.pi / PER_DAY - 2)
        scatter = self._dice.lognormal(-0.02, 0.2, -(-count // 4)).repeat(4)[:count]
        return self._came(float(self._a_quarter[number]) * of_day * scatter)

    def _came(self, means: Floats) -> Int64s:
        """Events, clicks, conversions and money of some impressions, [.., measure]."""
        impressions = self._dice.poisson(means)
        clicks = self._dice.binomial(impressions, _CLICKED)
        conversions = self._dice.binomial(clicks, _CONVERTED)
        spend = impressions * round(_CPM * MICROS / 1000)
        return np.stack([impressions, clicks, conversions, spend, conversions * _ORDER], axis=-1).astype(np.int64)
