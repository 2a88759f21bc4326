"""What a chunk's offsets say about it, before anything of it is counted. Pure."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from streams.kafka.chunks import Payload


class Taken(StrEnum):
    """What becomes of a chunk."""

    COUNTED = "counted"
    STALE = "stale"
    """Read before the last seek: it is read again."""
    REPEATED = "repeated"
    """Counted before."""
    GAP = "gap"
    """Records before it were dropped on the way: reading must go back."""
    REWOUND = "rewound"
    """Its topic begins anew below the offset that was reached: it is counted from its first record on."""
    HELD = "held"
    """Nothing more of the partition can be taken now: reading it waits, and then goes back."""


def judge(payload: Payload, generation: int, start: int) -> Taken:
    """Whether a chunk continues what was counted.

    Args:
        payload: the chunk.
        generation: the reading that is counted.
        start: the offset that its topic is counted up to.

    Returns:
        ``STALE``, ``REWOUND``, ``REPEATED``, ``GAP`` or ``COUNTED``.
    """
    if payload.generation != generation:
        return Taken.STALE
    if payload.first_offset < payload.after:
        return Taken.REWOUND
    if payload.next_offset <= start:
        return Taken.REPEATED
    if payload.after > start and payload.first_offset > start:
        return Taken.GAP
    return Taken.COUNTED


def may_have_lost(payload: Payload, start: int) -> bool:
    """Whether reading went on where counting stands, and found nothing there: records may have been deleted unread."""
    return payload.after == start < payload.first_offset


def part(payload: Payload, start: int, stop: int) -> Payload:
    """What of a chunk lies from ``start`` up to, not including, ``stop``."""
    if payload.after >= start and stop == payload.next_offset:
        return payload if payload.after == start else replace(payload, after=start)
    records = [r for r in payload.records if start <= r.offset < stop]
    return replace(payload, records=records, after=start, next_offset=stop)
