"""What was counted, held against what was sent."""

from __future__ import annotations

from dataclasses import replace

from kpis.contract.published import Layout
from kpis.measures import NAMES, Stream
from monitors.read.snapshot import PartitionHealth, SeriesRows, Snapshot
from pacewatch.demo.sums.accounts import Accounts, settle

SENT = {Stream.CLICK: 8, Stream.SPEND: 2}
TRUTH = {"a": dict.fromkeys(NAMES, 0) | {"clicks": 5, "spend_micros": 7}, "silent": dict.fromkeys(NAMES, 0)}


def row(**values: int) -> tuple[int, ...]:
    """A row of measures."""
    return tuple(values.get(name, 0) for name in NAMES)


def snapshot(**series: tuple[int, ...]) -> Snapshot:
    """Redis with these totals; 5 clicks and 2 spends are counted, 2 clicks are repeats, one is refused."""
    first = {"accepted:click": 3, "accepted:spend": 2, "duplicate:click": 2}
    second = {"accepted:click": 2, "rejected:click:negative": 1}
    partitions = (PartitionHealth(0, counters=first), PartitionHealth(1, counters=second))
    rows = {name.replace("__", "|channel="): SeriesRows({"total": values}, (0,)) for name, values in series.items()}
    return Snapshot(Layout(2, "EUR", ("5m",), 40), 0, partitions, rows, {})


def settled(sent: dict[Stream, int] = SENT, failed: int = 0, **series: tuple[int, ...]) -> Accounts:
    """The accounts of what Redis holds."""
    return settle(sent, failed, TRUTH, snapshot(**(series or {"a": row(clicks=5, spend_micros=7)})))


def test_what_is_counted_repeated_or_refused_is_all_that_was_sent() -> None:
    found = settled()
    (click, spend) = found.streams
    assert (click.sent, click.counted, click.repeated, click.refused, click.lost) == (8, 5, 2, 1, 0)
    assert (spend.stream, spend.lost) == (Stream.SPEND, 0)
    assert [one.campaign for one in found.campaigns] == ["a"], "one without events has no totals"
    assert found.sent == 10
    assert found.is_exact


def test_one_event_or_one_micro_too_few_or_too_many_is_not_exact() -> None:
    assert not settled({Stream.CLICK: 9, Stream.SPEND: 2}).is_exact
    assert not settled({Stream.CLICK: 7, Stream.SPEND: 2}).is_exact
    assert not settled({Stream.CLICK: 8}).is_exact, "nobody sent the spend that is counted"
    assert not settled(failed=1).is_exact
    wrong = settled(a=row(clicks=5, spend_micros=8))
    assert not wrong.is_exact
    assert wrong.campaigns[0].wrong == ["spend_micros"]
    assert not settled(b=row(clicks=5, spend_micros=7)).is_exact


def test_a_campaign_of_which_nothing_was_sent_is_not_exact_and_breakdowns_are_no_campaigns() -> None:
    right = row(clicks=5, spend_micros=7)
    assert settled(a=right, a__search=right).is_exact
    found = settled(a=right, b=row())
    assert found.strangers == ("b",)
    assert not found.is_exact


def test_where_the_truth_is_not_known_events_are_held_against_each_other_all_the_same() -> None:
    found = settle(SENT, 0, None, snapshot(a=row(clicks=1)))
    assert found.campaigns == ()
    assert found.is_exact
    assert not settle({Stream.CLICK: 100}, 0, None, snapshot()).is_exact
    assert not replace(found, failed=1).is_exact
