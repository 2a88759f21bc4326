"""What counting needs of the consumer that reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from faust.types import TP

from streams.kafka.chunks import Position


class SeekingConsumer(Protocol):
    """What is needed of the consumer."""

    def assignment(self) -> set[TP]:
        """The topic partitions assigned to this worker now."""

    def highwater(self, tp: TP) -> int | None:
        """The high watermark of the last fetch; None before the first."""

    def silent_ms(self, tp: TP) -> int | None:
        """Real milliseconds since a broker last said what the high watermark is; None before."""

    def request_seek(self, positions: Mapping[TP, Position]) -> None:
        """Seek before the next fetch, and read on from there."""

    def request_hold(self, tps: set[TP]) -> None:
        """Read nothing of these until a seek is requested."""

    async def earliest_offsets(self, *tps: TP) -> Mapping[TP, int]:
        """The first offset that each topic partition still holds."""
