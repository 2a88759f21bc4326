"""What a demo says of events that are not in its numbers."""

from __future__ import annotations

from kpis.contract.published import Layout
from monitors.read.snapshot import PartitionHealth, Snapshot
from pacewatch.demo.sums.counted import left_out


def said(**counters: int) -> list[str]:
    """The lines for two partitions with the same counters."""
    named = {name.replace("__", ":"): count for name, count in counters.items()}
    partitions = tuple(PartitionHealth(n, counters=named) for n in range(2))
    return list(left_out(Snapshot(Layout(2, "EUR", ("5m",), 40), 0, partitions, {}, {})))


def test_refused_and_repeated_events_are_said_with_their_reasons() -> None:
    lines = said(
        rejected__click__negative=2, rejected__spend__negative=1, rejected__click__bad_time=1, duplicate__click=3
    )
    assert lines == [
        "8 events were refused and are in the dead letter topic: negative 6, bad_time 2",
        "6 events were left out because their id was counted before",
    ]


def test_where_all_was_counted_nothing_is_said() -> None:
    assert said(accepted__click=5) == []
