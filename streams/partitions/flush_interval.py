"""How often a worker flushes: as often as asked, but so that flushing never takes most of its time. Pure.

What a flush costs grows with the series that changed, not with the events. With many series a fixed interval would
leave little time for counting, so the pause grows with what the last round took.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FlushInterval:
    """When to flush again.

    Attributes:
        interval_s: the pause when flushing costs little.
        share: the part of time that flushing may take before the pause grows.
        longest_s: the pause never grows beyond this while people see the present.
        longest_behind_s: nor beyond this while what they see is old anyway, and catching up is all that counts.
    """

    interval_s: float
    share: float = 0.2
    longest_s: float = 1.0
    longest_behind_s: float = 5.0

    def pause_s(self, took_s: float, *, behind: bool) -> float:
        """Seconds to wait after a round of flushes.

        Args:
            took_s: what the round took.
            behind: whether it found that there is more to read.
        """
        wanted = took_s / self.share - took_s
        return max(self.interval_s, min(wanted, self.longest_behind_s if behind else self.longest_s))
