"""What the demo shows: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from kpis.catalogue import BY_NAME, CATALOGUE, HEADLINES, document
from kpis.measures import MEASURES
from kpis.series import is_campaign, split
from kpis.units import how_many
from kpis.windows import TOTAL
from monitors.read.snapshot import Snapshot
from monitors.words.wording import LOOKS
from pacewatch.demo.goal_pace import GoalPace
from pacewatch.kpi import cell

_KPIS = tuple(k.name for k in CATALOGUE)
_HEADLINES = tuple(k.name for k in HEADLINES)
_TOTALS = tuple(m.title for m in MEASURES if m.is_bought)
_LOOKS = {look.name: look for look in LOOKS}
_RANK = {look.name: rank for rank, look in enumerate(LOOKS)}
_MESSAGES = 6
_CAMPAIGNS = 30


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign on the screen.

    Attributes:
        campaign: its id.
        values: what is shown of it, by column, ready for people.
        pace: its goals, the worst first.
    """

    campaign: str
    values: Mapping[str, str]
    pace: tuple[GoalPace, ...]


def rows(snapshot: Snapshot, pace: Mapping[str, Sequence[GoalPace]], window: str) -> list[CampaignLine]:
    """The campaigns of a snapshot, and those that only have goals; ``window`` is the one whose KPIs are shown."""
    found: list[CampaignLine] = []
    known = {split(s)[0]: s for s in snapshot.series if is_campaign(s)}
    for campaign in sorted({*known, *pace}):
        series = known.get(campaign, "")
        rolling, total = snapshot.row(series, window), snapshot.row(series, TOTAL)
        shown = document(rolling) if rolling else {}
        all_time = document(total) if total else {}
        values = {name: cell(name, all_time.get(name)) for name in _TOTALS}
        values |= {name: cell(name, shown.get(name)) for name in _KPIS}
        goals = sorted(pace.get(campaign, ()), key=lambda g: _RANK.get(g.status, 0))
        found.append(CampaignLine(campaign, values, tuple(goals)))
    return found


def clock_text(ms: int | None) -> str:
    """A time for people."""
    return "-" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def screen(
    shown: Sequence[CampaignLine], slack: Sequence[str], *, window: str, currency: str, as_of_ms: int | None, url: str
) -> RenderableType:
    """The whole screen for a terminal."""
    title = f"Pacewatch, as of {clock_text(as_of_ms)}"
    table = Table(title=title, caption=f"{window} KPIs, money in {currency}; metrics: {url}", expand=True)
    table.add_column("campaign", overflow="fold")
    for name in _TOTALS:
        table.add_column(name, justify="right")
    for name in _HEADLINES:
        table.add_column(BY_NAME[name].label, justify="right")
    table.add_column("pace", ratio=1)
    for row in shown[:_CAMPAIGNS]:
        pace = Text("\n").join(Text(str(g), style=_style(g.status)) for g in row.pace)
        table.add_row(Text(row.campaign), *(row.values[n] for n in (*_TOTALS, *_HEADLINES)), pace)
    told = Text("\n".join(first_line(m) for m in slack[-_MESSAGES:]) or "nothing yet")
    return Group(table, Panel(told, title=f"Slack is told ({how_many(len(slack), 'message')})", title_align="left"))


def _style(status: str) -> str:
    look = _LOOKS.get(status)
    return look.terminal if look else "dim"


def lines(shown: Sequence[CampaignLine], window: str, as_of_ms: int | None) -> list[str]:
    """The same as plain lines."""
    found = [f"as of {clock_text(as_of_ms)}, {window} KPIs"]
    for row in shown[:_CAMPAIGNS]:
        values = " ".join(f"{n} {row.values[n]}" for n in (*_TOTALS, *_KPIS))
        pace = "; ".join(map(str, row.pace))
        found.append(f"  {row.campaign}: {values}" + (f" | {pace}" if pace else ""))
    return found


def first_line(message: str) -> str:
    """The line of a Slack message that says what happened."""
    return message.strip().partition("\n")[0]
