"""What the log says of records that Kafka no longer holds. They are counted by topic with the rest of the partition."""

from __future__ import annotations

import logging

from streams.kafka.chunks import Payload

log = logging.getLogger(__name__)


def deleted(payload: Payload, earliest: int) -> int:
    """How many records before a chunk retention deleted unread; other offsets there never held a record.

    Args:
        payload: the chunk; nothing was found between ``after`` and its first record.
        earliest: the first offset that Kafka still holds.
    """
    lost = min(earliest, payload.first_offset) - payload.after
    if lost > 0:
        log.error(
            "%s, partition %d: retention deleted offsets %d to %d unread: %d records are not counted",
            payload.topic, payload.partition, payload.after, payload.after + lost - 1, lost,
        )  # fmt: skip
    return max(0, lost)


def begun_anew(payload: Payload) -> None:
    """A chunk's topic begins below the offset that was reached."""
    log.warning(
        "%s, partition %d begins anew at offset %d, below %d: it was deleted and made again; counting from there",
        payload.topic, payload.partition, payload.first_offset, payload.after,
    )  # fmt: skip
