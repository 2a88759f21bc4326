"""What was counted against what was sent: of each stream, and of each campaign whose truth is known. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from kpis.contract import layout
from kpis.measures import NAMES, Stream
from kpis.series import split
from kpis.windows import TOTAL
from monitors.read.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class StreamAccount:
    """What became of the events of one stream.

    Attributes:
        stream: which.
        sent: events that were sent.
        counted: events that are in the numbers.
        repeated: events that were left out because their id was counted before.
        refused: events in the dead letter topic.
    """

    stream: Stream
    sent: int
    counted: int
    repeated: int
    refused: int

    @property
    def lost(self) -> int:
        """Events of which nobody knows; below zero for those that were counted twice."""
        return self.sent - self.counted - self.repeated - self.refused


@dataclass(frozen=True, slots=True)
class CampaignAccount:
    """The totals of one campaign.

    Attributes:
        campaign: its id.
        sent: what was sent of each measure.
        counted: what Redis holds of it.
    """

    campaign: str
    sent: Mapping[str, int]
    counted: Mapping[str, int]

    @property
    def wrong(self) -> list[str]:
        """The measures that are not what was sent."""
        return [name for name in self.sent if self.sent[name] != self.counted.get(name, 0)]


@dataclass(frozen=True, slots=True)
class Accounts:
    """All of them.

    Attributes:
        streams: of each stream that was sent.
        campaigns: of each campaign; empty where the truth is not known.
        failed: events that Kafka did not take.
        strangers: campaigns in Redis of which nothing was sent, where the truth is known.
    """

    streams: tuple[StreamAccount, ...]
    campaigns: tuple[CampaignAccount, ...]
    failed: int = 0
    strangers: tuple[str, ...] = ()

    @property
    def sent(self) -> int:
        """Events of all streams."""
        return sum(one.sent for one in self.streams)

    @property
    def is_exact(self) -> bool:
        """Whether all that was sent is counted once, or refused with a reason, and every total is what was sent."""
        is_whole = not any(one.lost for one in self.streams) and not self.failed and not self.strangers
        return is_whole and not any(one.wrong for one in self.campaigns)


def settle(
    sent: Mapping[Stream, int], failed: int, truth: Mapping[str, Mapping[str, int]] | None, snapshot: Snapshot
) -> Accounts:
    """Hold what Redis says against what was sent.

    Args:
        sent: events handed to Kafka, by stream.
        failed: how many of them it did not take.
        truth: the totals of each campaign by measure; None where they are not known.
        snapshot: what Redis holds.
    """
    refused: Counter[str] = Counter()
    for name, count in snapshot.counter(layout.REJECTED).items():
        refused[name.partition(":")[0]] += count
    counted, repeated = (snapshot.counter(prefix) for prefix in (layout.ACCEPTED, layout.DUPLICATE))
    streams = tuple(
        StreamAccount(s, sent.get(s, 0), counted.get(s, 0), repeated.get(s, 0), refused.get(s, 0))
        for s in Stream
        if sent.get(s) or counted.get(s) or repeated.get(s) or refused.get(s)
    )
    if truth is None:
        return Accounts(streams, (), failed)
    campaigns = tuple(CampaignAccount(c, row, _totals(snapshot, c)) for c, row in truth.items() if any(row.values()))
    known = {c.campaign for c in campaigns}
    strangers = sorted({split(series)[0] for series in snapshot.series} - known)
    return Accounts(streams, campaigns, failed, tuple(strangers))


def _totals(snapshot: Snapshot, campaign: str) -> dict[str, int]:
    row = snapshot.row(campaign, TOTAL)
    return {} if row is None else {name: int(value) for name, value in zip(NAMES, row, strict=False)}
