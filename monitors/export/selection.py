"""What is exported of a snapshot: the series that stay, and the sum of the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kpis.contract.published import Layout
from kpis.measures import Row
from kpis.series import DIMENSIONS as KNOWN
from kpis.series import OTHER, breakdown_part, is_campaign, key, split
from kpis.windows import TOTAL
from monitors.export.budget import BudgetPolicy, keep
from monitors.read.snapshot import SeriesRows, Snapshot
from monitors.read.sums import sum_rows

DIMENSIONS = frozenset(KNOWN)


class SeriesKind(StrEnum):
    """The kinds of series that are exported."""

    CAMPAIGN = "campaign"
    BREAKDOWN = "breakdown"


@dataclass(frozen=True, slots=True)
class Kept:
    """State: the series that were exported last time, of each kind."""

    campaigns: frozenset[str] = frozenset()
    breakdowns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported.

    Attributes:
        campaigns: by series key, in its order.
        breakdowns: likewise.
        other_campaigns: the sum of all campaigns that are not there, by window; empty when all are.
        other_breakdowns: the sums of all breakdowns that are not there, by ``channel=__other__`` and the like: for each
            set of dimensions one, since a share by channel and one by country are parts of the same.
        folded: how many series are in those sums.
    """

    campaigns: Mapping[str, SeriesRows]
    breakdowns: Mapping[str, SeriesRows]
    other_campaigns: Mapping[str, Row] = field(default_factory=dict)
    other_breakdowns: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)
    folded: Mapping[SeriesKind, int] = field(default_factory=dict)

    @property
    def kept(self) -> Kept:
        """What the next choice starts from."""
        return Kept(frozenset(self.campaigns), frozenset(self.breakdowns))


def export(snapshot: Snapshot, held: Kept, pinned: frozenset[str], policy: BudgetPolicy, *, breakdowns: bool) -> Export:
    """Choose what is exported; breakdowns get the room that campaigns leave.

    Args:
        snapshot: what was read.
        held: what was exported last time.
        pinned: the campaigns that have goals.
        policy: how many.
        breakdowns: whether any are.
    """
    campaigns = {s: rows for s, rows in snapshot.series.items() if is_campaign(s)}
    shares = {s: rows for s, rows in snapshot.series.items() if not is_campaign(s)} if breakdowns else {}
    kept_campaigns = keep(campaigns, policy.max_series, held.campaigns, pinned, policy)
    room = max(0, policy.max_series - len(kept_campaigns))
    kept_shares = keep(shares, room, held.breakdowns, (), policy)
    names = _names(snapshot.layout)
    by_dimensions: dict[str, list[SeriesRows]] = {}
    for series in shares.keys() - kept_shares:
        by_dimensions.setdefault(_dimensions(series), []).append(shares[series])
    return Export(
        campaigns={s: campaigns[s] for s in sorted(kept_campaigns)},
        breakdowns={s: shares[s] for s in sorted(kept_shares)},
        other_campaigns=sum_rows(
            (campaigns[s].windows for s in campaigns.keys() - kept_campaigns), names, snapshot.catalogue
        ),
        other_breakdowns={
            d: sum_rows((r.windows for r in rows), names, snapshot.catalogue)
            for d, rows in sorted(by_dimensions.items())
        },
        folded={
            SeriesKind.CAMPAIGN: len(campaigns) - len(kept_campaigns),
            SeriesKind.BREAKDOWN: len(shares) - len(kept_shares),
        },
    )


def _names(found: Layout) -> tuple[str, ...]:
    return (*found.windows, TOTAL)


def _dimensions(series: str) -> str:
    """A breakdown whose every value is ``__other__``; without dimensions when the worker does not know them."""
    _, pairs = split(series)
    dimensions = [dimension for dimension, _ in pairs]
    if not DIMENSIONS.issuperset(dimensions):
        return OTHER
    return breakdown_part(key("", [(dimension, OTHER) for dimension in dimensions]))
