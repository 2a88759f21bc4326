"""Synthetic events with known truth: the same seed gives the same events, whatever the steps they are asked for in.

Pure: time comes in as an argument.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence

import msgspec

from kpis.measures import INDEX, NAMES, Stream
from kpis.units import MICROS
from pacewatch.replay.recording import Record
from pacewatch.simulate.traffic import Traffic


class Simulation:
    """The events of some campaigns, in order of time.

    Args:
        loads: the campaigns.
        seed: decides every random draw.
        run: part of every event id, so that two runs in one topic are no duplicates of each other.
    """

    def __init__(self, loads: Sequence[Traffic], seed: int, run: str) -> None:
        self._loads = loads
        self._random = random.Random(seed)  # noqa: S311 - traffic, not secrets
        self._run = run
        self._next = [(float(load.start_ms), i, 0) for i, load in enumerate(loads)]
        heapq.heapify(self._next)
        self._owed = [0] * len(loads)
        self._truth = [[0] * len(NAMES) for _ in loads]

    @property
    def truth(self) -> dict[str, dict[str, int]]:
        """The exact totals of all events given so far: ``{campaign: {measure: value}}``, money in micros."""
        return {
            load.campaign: dict(zip(NAMES, row, strict=True))
            for load, row in zip(self._loads, self._truth, strict=True)
        }

    @property
    def over(self) -> bool:
        """Whether every campaign has stopped."""
        return not self._next

    def until(self, now_ms: int) -> Iterator[Record]:
        """The events not given yet whose time is at most ``now_ms``."""
        while self._next and self._next[0][0] <= now_ms:
            at, i, number = self._next[0]
            load = self._loads[i]
            following = load.start_ms + (number + 1) * load.every_ms
            if load.end_ms is not None and following >= load.end_ms:
                heapq.heappop(self._next)
            else:
                heapq.heapreplace(self._next, (following, i, number + 1))
            yield from self._moment(i, load, int(at), number)

    def _moment(self, i: int, load: Traffic, at_ms: int, number: int) -> Iterator[Record]:
        """One impression event and what comes of it."""
        draw = self._random.random
        names, weights = zip(*load.channels, strict=True)
        channel = {"channel": self._random.choices(names, weights)[0]}
        ctr, cvr = load.rates_at(at_ms)
        ident = f"{self._run}-{i}-{number}"
        yield self._event(i, Stream.IMPRESSION, ident, at_ms, {**channel, "quantity": load.batch})
        self._owed[i] += load.cost_micros
        if (number + 1) % load.spend_every == 0:
            # A spend event for several impression events belongs to no one channel.
            spent = {"amount": decimal(self._owed[i]), **(channel if load.spend_every == 1 else {})}
            yield self._event(i, Stream.SPEND, f"{ident}-s", at_ms, spent, micros=self._owed[i])
            self._owed[i] = 0
        for click in range(sum(draw() < ctr for _ in range(load.batch))):
            yield self._event(i, Stream.CLICK, f"{ident}-c{click}", at_ms, channel)
            if draw() < cvr:
                worth = int(load.value_micros * (0.5 + draw()))
                bought = {**channel, "revenue": decimal(worth), "kind": "purchase"}
                yield self._event(i, Stream.CONVERSION, f"{ident}-v{click}", at_ms, bought, micros=worth)

    def _event(
        self, i: int, stream: Stream, event_id: str, at_ms: int, fields: dict[str, object], *, micros: int = 0
    ) -> Record:
        """An event, counted in the truth."""
        campaign = self._loads[i].campaign
        row = self._truth[i]
        if stream is Stream.SPEND:
            row[INDEX["spend_micros"]] += micros
        else:
            row[INDEX[stream.topic_suffix]] += int(str(fields.get("quantity", 1)))
            row[INDEX["revenue_micros"]] += micros
        body = {"type": stream.value, "event_id": event_id, "ts": at_ms, "campaign_id": campaign, **fields}
        return Record(0, stream, campaign.encode(), at_ms, None, msgspec.json.encode(body))


def decimal(micros: int) -> str:
    """Non-negative micros as a decimal number of units, exactly."""
    return f"{micros // MICROS}.{micros % MICROS:06d}"
