"""The one place that reads a clock.

Every other module takes ``now`` as an argument. Times are epoch milliseconds (UTC) as int.

A clock may run faster than the wall, so that a launch day can be watched in a minute: ``real`` is the wall clock;
``<rate>x@<from_ms>/<at_ms>`` shows ``from_ms`` at the real instant ``at_ms`` then runs ``rate`` times as fast; with
``-<until_ms>`` at its end it does so until it shows that, and from then on runs as fast as the wall clock.
All processes of one deployment must share one clock setting.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from kpis.runtime.errors import Misconfigured

_SPEC = re.compile(r"(?P<rate>\d+(?:\.\d+)?)x@(?P<origin>\d+)/(?P<at>\d+)(?:-(?P<until>\d+))?")


@dataclass(frozen=True, slots=True)
class Clock:
    """A source of ``now``.

    Attributes:
        rate: how many of its milliseconds pass in a real one; 1 for the wall clock.
        origin_ms: what it shows at the real instant ``at_ms`` (both 0 for the wall clock).
        at_ms: that real instant, epoch milliseconds.
        until_ms: what it shows when its haste is over; None for never.
    """

    rate: float = 1.0
    origin_ms: int = 0
    at_ms: int = 0
    until_ms: int | None = None

    def now_ms(self) -> int:
        """The current time, epoch milliseconds."""
        real = time.time_ns() // 1_000_000
        if self.rate == 1.0:
            return real - self.at_ms + self.origin_ms
        shown = self.origin_ms + int((real - self.at_ms) * self.rate)
        if self.until_ms is None or shown <= self.until_ms:
            return shown
        return self.until_ms + real - self._real(self.until_ms)

    def real_seconds(self, span_ms: float) -> float:
        """How many real seconds pass while this clock moves by ``span_ms``."""
        return span_ms / 1000.0 / self.rate

    def real_ms(self, shown_ms: int) -> int:
        """The real instant, epoch milliseconds, at which this clock shows ``shown_ms``."""
        if self.until_ms is None or shown_ms <= self.until_ms:
            return self._real(shown_ms)
        return self._real(self.until_ms) + shown_ms - self.until_ms

    def _real(self, shown_ms: int) -> int:
        return self.at_ms + round((shown_ms - self.origin_ms) / self.rate)

    @property
    def spec(self) -> str:
        """The text that :func:`parse_clock` turns into this clock."""
        if self == Clock():
            return "real"
        until = "" if self.until_ms is None else f"-{self.until_ms}"
        return f"{self.rate:g}x@{self.origin_ms}/{self.at_ms}{until}"


def parse_clock(spec: str) -> Clock:
    """Read a clock setting: ``real`` or ``<rate>x@<from_ms>/<at_ms>``, with ``-<until_ms>`` or without.

    Raises:
        Misconfigured: the text is neither.
    """
    if spec == "real":
        return Clock()
    match = _SPEC.fullmatch(spec)
    if match is None or float(match["rate"]) <= 0:
        raise Misconfigured(
            "PACEWATCH_CLOCK",
            f"{spec[:80]!r} is not a clock",
            "use real, or RATEx@FROM_MS/AT_MS or RATEx@FROM_MS/AT_MS-UNTIL_MS",
        )
    until = int(match["until"]) if match["until"] else None
    return Clock(float(match["rate"]), int(match["origin"]), int(match["at"]), until)


def wall_ms() -> int:
    """Real time, epoch milliseconds, whatever the deployment's clock shows: for what waits in the real world."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds that never go back, for measuring how long something took."""
    return time.monotonic()
