"""Many campaigns, minute by minute, as the engine sees them: what each brings is written down as a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kpis.catalogue import BY_NAME
from kpis.measures import TOTALS, WIDTH, Row, Stream
from kpis.times import DAY_MS, HOUR_MS, MINUTE_MS, QUARTER_MS
from monitors.common.together import Looked
from monitors.goals.values import Band, Bound, Campaign, Flight, RatioGoal, TotalGoal
from monitors.pacing.causes import Judged
from monitors.read.past import KEPT_HOURS, Past, open_quarters
from monitors.read.past import of_quarters as past_of
from monitors.read.snapshot import StreamHealth
from monitors.sight import Sight
from pacewatch.backtest.moments import Moment
from pacewatch.backtest.trial import Trial, TrialPolicy

BEGINS = 20_600 * DAY_MS
"""When all flights begin, a midnight of UTC; what was before does not matter."""
HEALTHY = dict.fromkeys(Stream, StreamHealth(None, 1, 0))
Brings = Callable[[int, int], Row]
"""What a campaign, by its number, brings in a minute, by its number since flights began."""


def campaign(number: int, days: int = 10, rate: float = 1.0) -> Campaign:
    """One with a total and two ratios, which is on pace while it brings what :func:`steady` says."""
    goals = (
        TotalGoal(TOTALS["impressions"], int(100 * rate * 1440 * days), Band(0.9, 1.1), Band(0.75, 1.25)),
        RatioGoal(BY_NAME["ctr"], Bound.AT_LEAST, 0.016, 0.01, "1h"),
        RatioGoal(BY_NAME["cpa"], Bound.AT_MOST, 8.0, 12.0, "24h"),
    )
    return Campaign(f"c{number}", f"Campaign {number}", Flight(BEGINS, BEGINS + days * DAY_MS, "UTC"), goals)


def steady(rate: float = 1.0) -> Row:
    """A minute: 100 impressions, two clicks, one conversion in ten clicks, in the long run."""
    return (round(100 * rate), round(2 * rate), 0, round(100_000 * rate), 0)


def usual(number: int, minute: int, rate: float = 1.0) -> Row:
    """A minute of a campaign with a conversion every five minutes or, of a smaller one, less often."""
    impressions, clicks, _, spend, _ = steady(rate)
    if rate < 1:
        every = round(1 / rate)
        came = minute % every == number % every
        impressions, clicks, spend = (100, 2, 100_000) if came else (0, 0, 0)
        bought = came and (minute // every) % 5 == number % 5
    else:
        bought = minute % 5 == number % 5
    return impressions, clicks, int(bought) * max(round(rate), 1), spend, int(bought) * 2_000_000


@dataclass
class Crowd:
    """Campaigns that run, and the trial that judges them.

    Attributes:
        campaigns: which.
        brings: what each brings.
        trial: the monitor's engine and lifecycle.
        minute: how far it is.
        as_of: of a campaign, by its number, how many minutes late its numbers are.
    """

    campaigns: Sequence[Campaign]
    brings: Brings
    trial: Trial = field(default_factory=lambda: Trial(TrialPolicy(), "EUR"))
    minute: int = 0
    late: dict[int, int] = field(default_factory=dict)
    _rows: np.ndarray = field(init=False)
    _pasts: dict[int, Past] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make room."""
        days = max((c.flight.end_ms - BEGINS) // DAY_MS for c in self.campaigns)
        self._rows = np.zeros((len(self.campaigns), days * 96 + 96, WIDTH), np.int64)

    def skip(self, minutes: int) -> None:
        """Go on without a look."""
        numbers = range(len(self.campaigns))
        for minute in range(self.minute, self.minute + minutes):
            self._rows[:, minute // 15] += np.array([self.brings(number, minute) for number in numbers], np.int64)
        self.minute += minutes

    def run(self, minutes: int) -> list[tuple[str, str, str, str]]:
        """Go on with a look each minute; gives what was told: campaign, goal, change and reason."""
        told = len(self.trial.messages)
        for _ in range(minutes):
            self.skip(1)
            self.look()
        return [
            (m.campaign.campaign, m.goal.id, str(m.change), str(m.verdict.reason)) for m in self.trial.messages[told:]
        ]

    def look(self) -> None:
        """Judge what is known now."""
        self.trial.look(self._moment())

    def judged(self) -> list[list[Judged]]:
        """The verdicts on each campaign now, with what a common cause explains held."""
        moment, trial = self._moment(), self.trial
        trial.whole.begin()
        looks = [Looked(c, seen, trial.engine.look(c, seen, moment.now_ms)) for c, seen in moment.seen]
        return [one.judged for one in trial.whole.judge(looks, moment.now_ms).looks]

    def _moment(self) -> Moment:
        now = BEGINS + self.minute * MINUTE_MS
        return Moment(now, [(c, self._sight(n, now)) for n, c in enumerate(self.campaigns)])

    def _sight(self, number: int, now_ms: int) -> Sight:
        at_ms = now_ms - self.late.get(number, 0) * MINUTE_MS
        rows, last = self._rows[number], (at_ms - BEGINS) // QUARTER_MS
        end = at_ms - at_ms % HOUR_MS
        past = self._pasts.get(number)
        if past is None or past.end_ms != end:
            first = max((end - BEGINS) // QUARTER_MS - KEPT_HOURS * 4, 0)
            past = self._pasts[number] = past_of(
                BEGINS + first * QUARTER_MS, rows[first : (end - BEGINS) // QUARTER_MS]
            )
        day = max(last // 96 - 1, 0) * 96
        recent = rows[day : last + 1].copy()
        windows = {"1h": rows[max(last - 4, 0) : last + 1], "24h": rows[max(last - 96, 0) : last + 1]}
        return Sight(
            as_of_ms=at_ms,
            history_from_ms=BEGINS - DAY_MS,
            to_date=tuple(rows[: last + 1].sum(axis=0).tolist()),
            windows={name: tuple(part.sum(axis=0).tolist()) for name, part in windows.items()},
            past=past,
            open_quarters=open_quarters(BEGINS + day * QUARTER_MS, recent, past, at_ms),
            streams=HEALTHY,
            recent_ms=BEGINS + day * QUARTER_MS,
            recent=recent,
        )
