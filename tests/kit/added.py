"""Measures beside the core: a catalogue with one of each kind, a plain recomputation, and a store of dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np

from kpis.catalogue import Catalogue
from kpis.contract.claimed import Columns, fields_of
from kpis.contract.documents import total_of
from kpis.measures import WIDTH, Row, Stream, unpack
from kpis.packs.catalogue_file import parse
from kpis.series import key, parent_key
from kpis.times import QUARTER_MS
from kpis.windows import Window
from streams.events.decode import DecodePolicy, Decoder
from streams.events.takings import MeasurePlan
from streams.state.added.levels import merged
from streams.state.flush import Flush
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.store.load import table

TEXT = """
measures:
  leads: {stream: conversions, where: {kind: lead}}
  shown: {stream: impressions, value: count}
  mobile_cost: {stream: clicks, value: money, unit: money, where: {device: [mobile, tablet]}}
  places: {stream: impressions, value: position, unit: places}
  sessions: {}
  german_sessions: {name: sessions, where: {country: DE}}
  hours: {unit: hours}
  tickets: {unit: money}
  followers: {level: true}
  mood: {name: mood_reading, level: true, unit: points}
  visitors: {stream: clicks, distinct: user_id}
  readers: {name: opened, distinct: user_id}
"""
LEVELS = {"followers": "followers", "mood": "mood_reading"}
IDS = {"visitors_ids": "visitors", "readers_ids": "readers"}
ACCEPTS = DecodePolicy({"USD": Decimal(1), "EUR": Decimal(2)}, "USD", 40 * 86_400_000, 300_000, frozenset())


def catalogue(text: str = TEXT) -> Catalogue:
    """What a file says."""
    return parse(text, "catalogue.yml")


def claimed(found: Catalogue, before: Mapping[str, int] | None = None) -> Columns:
    """The columns that workers claim for a catalogue, after those that were claimed before."""
    columns = dict(before or {})
    for name in (name for measure in found.added_measures for name in fields_of(measure)):
        columns.setdefault(name, max(columns.values(), default=WIDTH - 1) + 1)
    return Columns(columns)


def plan_of(found: Catalogue) -> MeasurePlan:
    """A catalogue with columns of its own."""
    return MeasurePlan(found, claimed(found))


def field_named(plan: MeasurePlan, title: str) -> str:
    """The first field that a measure claimed."""
    return fields_of(plan.catalogue.by_title[title])[0]


Said = dict[str, Any]
"""An event: what it was sent as, with its ``type``."""


def gains(event: Said) -> dict[str, int]:
    """What an event adds to the stored names of sums."""
    kind, found = event["type"], dict[str, int]()
    if kind == "conversion":
        found |= {"conversions": event["quantity"]}
        found |= {"leads": event["quantity"]} if event.get("kind") == "lead" else {}
    elif kind == "impression":
        found |= {
            "impressions": event["quantity"],
            "shown": int("uncounted" not in event),
            "places_micros": micros(event.get("position")),
        }
    elif kind == "click":
        cost = micros(event.get("cost")) * (2 if event.get("currency") == "EUR" else 1)
        found |= {"clicks": event["quantity"], "spend_micros": cost, "visitors_ids": int(bool(event.get("user_id")))}
        found |= {"mobile_cost_micros": cost} if event.get("device") in {"mobile", "tablet"} else {}
    elif event["name"] == "sessions":
        found |= {"sessions": event.get("value", 1)}
        found |= {"german_sessions": event.get("value", 1)} if event.get("country") == "DE" else {}
    elif event["name"] in {"hours", "tickets"}:
        rate = 2 if event["name"] == "tickets" and event.get("currency") == "EUR" else 1
        found |= {f"{event['name']}_micros": micros(event["value"]) * rate}
    elif event["name"] == "opened":
        found |= {"readers_ids": int(bool(event.get("user_id")))}
    return found


def micros(value: Any) -> int:
    """Millionths of what was written."""
    return int(Decimal(str(value or 0)) * 1_000_000)


def series_of(event: Said) -> list[str]:
    """Where it is counted: the campaign and its channel, or else the account."""
    campaign, channel = event.get("campaign_id"), event.get("channel")
    if campaign is None:
        return [parent_key("account", event["account"])]
    return [key(campaign), *([key(campaign, [("channel", channel)])] if channel else [])]


def rows(events: Iterable[Said], pane_ms: int) -> dict[str, dict[str, int]]:
    """By series the stored names of what is not zero: sums, and of levels the last one of each pane added up."""
    found: dict[str, dict[str, int]] = {}
    last: dict[tuple[str, str, int], tuple[int, int]] = {}
    for event in events:
        for series in series_of(event):
            mine = found.setdefault(series, {})
            for name, gain in gains(event).items():
                mine[name] = mine.get(name, 0) + gain
            if event.get("name") in LEVELS.values():
                place = series, event["name"], event["ts"] // pane_ms
                at, _ = last.get(place, (0, 0))
                if event["ts"] >= at:
                    scale = 1 if event["name"] == "followers" else 1_000_000
                    last[place] = event["ts"], int(Decimal(str(event["value"])) * scale)
    for (series, name, _), (_, value) in last.items():
        title = next(title for title, events_name in LEVELS.items() if events_name == name)
        mine = found[series]
        mine[f"{title}_sum"] = mine.get(f"{title}_sum", 0) + value
        mine[f"{title}_reports"] = mine.get(f"{title}_reports", 0) + 1
    shown = {series: {name: value for name, value in mine.items() if value} for series, mine in found.items()}
    return {series: mine for series, mine in shown.items() if mine}


def in_window(events: Iterable[Said], window: Window, now_ms: int) -> dict[str, dict[str, int]]:
    """What a window has that ends now."""
    return rows((e for e in events if e["ts"] <= now_ms and window.covers(e["ts"], now_ms)), window.pane_ms)


def totals(events: Iterable[Said]) -> dict[str, dict[str, int]]:
    """What there ever was."""
    return rows(events, 10**15)


def ids(events: Iterable[Said]) -> dict[tuple[str, str], set[str]]:
    """The ids of whole campaigns, by measure and series."""
    found: dict[tuple[str, str], set[str]] = {}
    for event in events:
        for name, title in IDS.items():
            if gains(event).get(name):
                found.setdefault((title, series_of(event)[0]), set()).add(event["user_id"])
    return found


def named(plan: MeasurePlan, row: Row) -> dict[str, int]:
    """A stored row by the names of its columns, but for what is zero, and the times of levels."""
    names = [*(m.name for m in plan.catalogue.measures[:WIDTH]), *plan.names]
    return {name: value for name, value in zip(names, row, strict=False) if name and value}


@dataclass
class DictStore:
    """What Redis would hold of one partition."""

    documents: dict[str, bytes] = field(default_factory=dict)
    panes: dict[tuple[str, int], dict[str, bytes]] = field(default_factory=dict)
    history: dict[tuple[str, int], Row] = field(default_factory=dict)
    early: dict[int, bytes] = field(default_factory=dict)
    sketches: dict[tuple[str, str, int | None], set[bytes]] = field(default_factory=dict)
    clock: int | None = None

    def write(self, flush: Flush) -> None:
        """Carry out a flush."""
        self.documents |= flush.documents
        for place in flush.dropped_panes:
            self.panes.pop(place, None)
        for place, packed in flush.panes.items():
            self.panes.setdefault(place, {}).update(packed.pairs())
        for at, gain in flush.late.items():
            self.history[at] = merged(self.history.get(at, ()), gain, flush.levels)
        self.history |= {at: unpack(row, flush.width) for at, row in flush.history.items()}
        self.early |= flush.early
        for number in flush.dropped_early:
            del self.early[number]
        for where, some in flush.sketches.items():
            self.sketches.setdefault(where, set()).update(some)
        self.clock = flush.watermark_ms

    def load(self, policy: PartitionPolicy) -> Partition:
        """The state of whoever takes the partition."""
        state = Partition(0, policy)
        state.tick(self.clock)
        for index, ring in enumerate(state.rings):
            for (name, start), held in self.panes.items():
                number = start // ring.window.pane_ms
                if name == ring.window.name and ring.head is not None and number > ring.head - ring.window.panes:
                    series = np.array([state.registry.add(s) for s in held], np.int64)
                    state.restore_pane(index, number, series, table(held.values(), state.width))
        for number in sorted(self.early):
            state.restore_early(number, self.early[number])
        self.adopt(state)
        return state

    def adopt(self, state: Partition) -> None:
        """Give fresh series their totals."""
        state.adopt({s: total_of(self.documents[s]) for s in state.fresh if s in self.documents})

    def windows(self, name: str) -> dict[str, dict[str, int]]:
        """What the documents say of a window, but for what is zero, KPIs and money in units."""
        found: dict[str, dict[str, int]] = {}
        for series, raw in self.documents.items():
            said = msgspec.json.decode(raw)["windows"][name]
            mine = {n: v for n, v in said.items() if type(v) is int and v}
            if mine:
                found[series] = mine
        return found

    def quarters(self, plan: MeasurePlan) -> dict[tuple[str, int], dict[str, int]]:
        """The quarter hours of history, but for what is zero."""
        found = {place: named(plan, row) for place, row in self.history.items()}
        return {place: mine for place, mine in found.items() if mine}


def by_quarter(events: Iterable[Said]) -> dict[tuple[str, int], dict[str, int]]:
    """What history should hold of events."""
    split: dict[int, list[Said]] = {}
    for event in events:
        split.setdefault(event["ts"] // QUARTER_MS, []).append(event)
    return {(s, n): mine for n, some in split.items() for s, mine in rows(some, QUARTER_MS).items()}


def count(state: Partition, store: DictStore, events: list[Said], plan: MeasurePlan, now_ms: int) -> None:
    """Decode and count events, those of each stream in their order."""
    for stream in Stream:
        some = [msgspec.json.encode(e) for e in events if e["type"] == stream]
        batch = Decoder(stream, ACCEPTS, plan).decode(some, now_ms)
        assert batch.rejected == []
        numbers = state.register(batch)
        store.adopt(state)
        assert state.overflowing(batch, numbers) == []
        state.add(batch, numbers, stream.topic_suffix, 1, records=len(some), now_ms=now_ms)
