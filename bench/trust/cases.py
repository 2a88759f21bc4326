"""All cases by their words; calling one gives its figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bench.trust import feeds, ratios, totals
from bench.trust.figures import Figure

CASES: Mapping[str, Callable[[], Figure]] = {**ratios.CASES, **totals.CASES, **feeds.CASES}
