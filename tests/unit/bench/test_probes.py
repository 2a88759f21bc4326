"""What benchmarks compute from what they saw."""

from __future__ import annotations

import pytest

from bench.kit.probes import counter, latencies, percentile
from bench.kit.watch import samples
from kpis.measures import Stream

CLICKS = counter(1, Stream.CLICK)


def test_a_probe_is_seen_by_the_first_count_that_includes_it() -> None:
    sent = {CLICKS: [10.0, 11.0, 12.0]}
    seen = {CLICKS: [(10.5, 1), (13.0, 3)]}
    assert latencies(sent, seen, 0.0, 99.0) == [0.5, 2.0, 1.0]


def test_probes_outside_the_measured_span_do_not_count() -> None:
    sent = {CLICKS: [10.0, 11.0, 12.0]}
    seen = {CLICKS: [(10.5, 1), (11.25, 2)]}
    assert latencies(sent, seen, 11.0, 12.0) == [0.25]


def test_a_probe_that_never_arrived_is_an_error_and_not_left_out() -> None:
    with pytest.raises(AssertionError, match="probe 2"):
        latencies({CLICKS: [10.0, 11.0]}, {CLICKS: [(10.5, 1)]}, 0.0, 99.0)
    with pytest.raises(AssertionError, match="probe 1"):
        latencies({CLICKS: [10.0]}, {}, 0.0, 99.0)


def test_percentiles_are_by_nearest_rank() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert [percentile(values, p) for p in (1, 50, 99, 100)] == [1.0, 50.0, 99.0, 100.0]
    assert percentile([7.0], 99) == 7.0


def test_probes_are_found_on_a_page_of_metrics_in_their_window_only() -> None:
    page = b"""# HELP pacewatch_window_clicks Rolling clicks, events.
pacewatch_window_clicks{campaign="campaign-1",window="24h"} 99.0
pacewatch_window_clicks{campaign="probe-1",window="5m"} 2.0
pacewatch_window_clicks{campaign="probe-1",window="24h"} 3.0
pacewatch_window_spend{campaign="probe-12",currency="USD",window="24h"} 4.0
pacewatch_cpc{campaign="probe-1",currency="USD",window="24h"} 5.0
pacewatch_clicks_total{campaign="probe-1"} 6.0
"""
    assert samples(page) == {CLICKS: 3, counter(12, Stream.SPEND): 4}
