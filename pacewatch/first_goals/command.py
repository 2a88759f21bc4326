"""Reads what there is, guesses, and writes the file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kpis.contract.published import BadLayout
from kpis.measures import TOTALS
from kpis.runtime.errors import Misconfigured
from kpis.runtime.printable import printable
from kpis.series import OTHER, is_campaign, is_parent, split
from kpis.settings.shared import Settings
from kpis.times import DAY_MS, day_of
from kpis.units import how_many
from kpis.windows import TOTAL
from monitors.read.queries import Query
from monitors.read.reader import Reader, connect
from monitors.read.snapshot import SeriesRows, Snapshot
from pacewatch.first_goals.draft import draft, template
from pacewatch.first_goals.guess import Guess, guess

_BY = tuple(TOTALS[name].column for name in ("spend", "impressions", "clicks"))


@dataclass(frozen=True, slots=True)
class FirstGoals:
    """What was written.

    Attributes:
        text: the file.
        campaigns: how many are in it.
        said: what is to be said of it.
    """

    text: str
    campaigns: int
    said: tuple[str, ...]


def first_goals(settings: Settings, most: int) -> FirstGoals:
    """A first goals file for the campaigns in Redis, those that spent most if there are more than ``most``.

    Raises:
        Unreachable: Redis does not answer.
    """
    return asyncio.run(_first_goals(settings, most))


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        Misconfigured: it is there, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise exists(path) from None
    except OSError as e:
        raise Misconfigured(str(path), f"it cannot be written: {e.strerror}") from None


def exists(path: Path) -> Misconfigured:
    """What is said of a file that is there."""
    return Misconfigured(str(path), "it is there already, and stays as it is", "name another with --out")


async def _first_goals(settings: Settings, most: int) -> FirstGoals:
    now_ms, redis = settings.the_clock.now_ms(), connect(settings)
    try:
        reader = Reader(redis, settings.redis_address, settings.the_clock, breakdowns=False)
        try:
            snapshot = await reader.read()
        except BadLayout as e:
            return _nothing(now_ms, str(e))
        found = [s for s in snapshot.series if is_campaign(s) and not is_parent(s) and split(s)[0] != OTHER]
        if not found:
            return _nothing(now_ms, "no campaign has had an event yet")
        chosen = sorted(found, key=lambda s: _weight(snapshot.series[s]), reverse=True)[:most]
        return await _of(snapshot, reader, sorted(chosen), len(found), now_ms)
    finally:
        await redis.aclose()


async def _of(snapshot: Snapshot, reader: Reader, chosen: list[str], count: int, now_ms: int) -> FirstGoals:
    guesses = await _guesses(snapshot, reader, chosen, now_ms)
    over = [split(series)[0] for series, one in guesses.items() if one is None]
    left_out = [f"{printable(name)} is left out: it has had no ad event for two days." for name in over]
    if count > len(chosen):
        left_out.append(f"{how_many(count - len(chosen), 'campaign')} that spent less are left out: see --most.")
    text, written = draft([one for one in guesses.values() if one is not None], snapshot.layout.currency, left_out)
    if not written:
        return _nothing(now_ms, "of no campaign enough ad events were counted to guess a goal")
    without = count - written
    more = f"; {how_many(without, 'campaign')} left out, as it says" if without else ""
    return FirstGoals(text, written, (f"{how_many(written, 'campaign')}{more}",))


async def _guesses(snapshot: Snapshot, reader: Reader, chosen: list[str], now_ms: int) -> Mapping[str, Guess | None]:
    midnight_ms = now_ms - now_ms % DAY_MS
    first_ms = midnight_ms - (snapshot.layout.history_days - 1) * DAY_MS
    queries = {series: Query(series, first_ms, midnight_ms + DAY_MS) for series in chosen}
    days = await reader.flights.days(snapshot.layout.partitions, queries.values())
    return {series: guess(split(series)[0], first_ms, days[query], now_ms) for series, query in queries.items()}


def _weight(rows: SeriesRows) -> tuple[int, ...]:
    row = rows.windows.get(TOTAL)
    return () if row is None else tuple(row[column] for column in _BY)


def _nothing(now_ms: int, why: str) -> FirstGoals:
    # It begins some days from now: an example that runs would be told to be silent.
    text = template(day_of(now_ms + 7 * DAY_MS), day_of(now_ms + 37 * DAY_MS))
    return FirstGoals(text, 0, (f"{why}: it is an example, put in your campaigns",))
