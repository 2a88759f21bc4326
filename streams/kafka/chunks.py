"""Chunks: the records of one fetch of one partition, handed through Faust as one message.

Faust costs two tasks per message; a chunk pays that once for a whole piece of a fetch, of up to 10,000 records. A
scheduler yields chunks where Faust expects records, and a schema hands their content through undecoded.

Each chunk says where reading stood before it (``after``) and in which ``generation`` it was read. A seek opens a new
generation; chunks of an older one, still under way, are recognised and left out. A chunk whose ``after`` lies beyond
what was counted shows a gap: records between were dropped on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import faust
from faust.types import TP
from faust.types.transports import SchedulingStrategyT

from streams.kafka.fetch import Fetched, Piece


class Position(NamedTuple):
    """Where reading a topic partition stands: the next offset, and its generation (None before the first seek)."""

    offset: int
    generation: int


class ReadPositions:
    """The reading position of each topic partition, kept by the consumer that seeks and the scheduler that reads."""

    def __init__(self) -> None:
        self._at: dict[TP, Position] = {}

    def open(self, tp: TP, position: Position) -> None:
        """Note a seek that was carried out."""
        self._at[tp] = position

    def close(self, tps: Sequence[TP]) -> None:
        """Forget partitions that are read no longer."""
        for tp in tps:
            self._at.pop(tp, None)

    def at(self, tp: TP) -> Position | None:
        """Where reading stands; None when the generation was not opened."""
        return self._at.get(tp)

    def pass_to(self, tp: TP, next_offset: int) -> Position | None:
        """Note that reading goes on to ``next_offset``; returns where it stood, None when it was not opened."""
        before = self._at.get(tp)
        if before is not None:
            self._at[tp] = Position(next_offset, before.generation)
        return before


@dataclass(frozen=True, slots=True)
class Payload:
    """What the agent gets: some records of one topic partition.

    Attributes:
        topic: their topic.
        partition: their partition.
        records: see :class:`streams.kafka.fetch.Fetched`; none where only offsets without an event were passed.
        after: the offset reading stood at before them.
        next_offset: the offset reading stands at after them.
        generation: which reading they belong to.
        skipped: how many of the offsets could not be read, and are passed over.
    """

    topic: str
    partition: int
    records: Sequence[Any]
    after: int
    next_offset: int
    generation: int
    skipped: int = 0

    @property
    def first_offset(self) -> int:
        """The offset of the first record; that after them all when there is none."""
        return int(self.records[0].offset) if self.records else self.next_offset


class Chunk:
    """A payload dressed as a ConsumerRecord, for Faust."""

    __slots__ = ("offset", "partition", "timestamp", "timestamp_type", "topic", "value")
    key = None
    headers = ()
    checksum = None
    serialized_key_size = 0
    serialized_value_size = 0

    def __init__(self, payload: Payload) -> None:
        self.topic = payload.topic
        self.partition = payload.partition
        self.offset = payload.next_offset - 1
        self.timestamp = payload.records[-1].timestamp if payload.records else None
        self.timestamp_type = payload.records[-1].timestamp_type if payload.records else None
        self.value = payload


class ChunkScheduler(SchedulingStrategyT):  # type: ignore[misc]
    """Yields the records of a fetch as chunks, one of each topic partition in turn."""

    def __init__(self, positions: ReadPositions) -> None:
        self._positions = positions

    def iterate(self, fetched: Mapping[TP, Fetched]) -> Iterator[tuple[TP, Chunk]]:
        """Chunks of all topic partitions, round robin; records of a generation that was never opened are left out.

        Offsets without an event after the last record (control records, aborted ones) belong to the last chunk; where
        there is no record at all, they make a chunk without one.
        """
        waiting = {tp: found for tp, found in fetched.items() if found.pieces or self._moved(tp, found)}
        at = 0
        while waiting:
            for tp, (pieces, position) in list(waiting.items()):
                piece = pieces[at] if pieces else Piece([], position)
                next_offset = piece.next_offset
                if at + 1 >= len(pieces):
                    del waiting[tp]
                    next_offset = position
                before = self._positions.pass_to(tp, next_offset)
                if before is not None:
                    reading = (before.offset, next_offset, before.generation)
                    yield tp, Chunk(Payload(tp.topic, tp.partition, piece.records, *reading, piece.skipped))
            at += 1

    def _moved(self, tp: TP, found: Fetched) -> bool:
        before = self._positions.at(tp)
        return before is not None and found.position > before.offset


class PassThrough(faust.Schema):  # type: ignore[misc]
    """Hands a chunk's payload through where Faust would decode one value."""

    def loads_key(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> None:
        """Chunks have no key: every record has its own."""

    def loads_value(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Payload:
        """The payload as it is."""
        payload: Payload = message.value
        return payload
