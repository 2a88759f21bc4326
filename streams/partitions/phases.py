"""What a partition in this worker's hands is doing."""

from __future__ import annotations

from enum import StrEnum


class PartitionPhase(StrEnum):
    """What a partition is doing."""

    TAKING = "taking"
    """It is loaded, or waits for Redis."""
    READING = "reading"
    HELD = "held"
    """It waits for capacity, while others are read."""
    PARKED = "parked"
    """It cannot go on, and is tried again later."""
    GONE = "gone"
    """Another worker has it now."""
