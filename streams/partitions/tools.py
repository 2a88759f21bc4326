"""What all partitions of a worker share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from kpis.measures import Stream
from kpis.runtime.clock import Clock
from streams.dead_letters.producer import DeadLetterProducer
from streams.events.decode import Decoder
from streams.metrics import WorkerMetrics
from streams.partitions.canary import CanarySender
from streams.state.policy import PartitionPolicy
from streams.store.catalogue_in_use import CatalogueInUse
from streams.store.store import Store


class KnownEnd(NamedTuple):
    """Where a topic's partition ends.

    Attributes:
        offset: the offset after its last record.
        said_ms_ago: real milliseconds since Kafka said so; None when it did not.
    """

    offset: int
    said_ms_ago: int | None


EndOf = Callable[[str, int], KnownEnd | None]
"""Where a topic's partition ends; None while unknown."""
EarliestOf = Callable[[str, int], Awaitable[int]]
"""The earliest offset that a topic's partition still holds."""


class Acknowledge(Protocol):
    """What marks a chunk as done, once it is flushed."""

    def __call__(self) -> object: ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What all partition workers of a process share.

    ``max_unflushed`` is how many records the worker counts without writing them before reading waits: it bounds memory
    while Redis is away. Without a ``catalogue`` nothing but what ``policy`` and ``decoders`` say is ever counted.
    """

    store: Store
    policy: PartitionPolicy
    decoders: Mapping[Stream, Decoder]
    topics: Mapping[str, Stream]
    partitions: int
    letters: DeadLetterProducer
    clock: Clock
    metrics: WorkerMetrics
    max_unflushed: int
    canaries: CanarySender | None = None
    catalogue: CatalogueInUse | None = None

    @property
    def is_outdated(self) -> bool:
        """Whether another catalogue is in use than these count by."""
        return self.catalogue is not None and self.catalogue.catalogue is not self.policy.plan.catalogue

    async def as_of_now(self) -> Tools:
        """These, with what is counted now: for a partition that is being taken.

        Raises:
            Unreachable: Redis does not answer.
        """
        if self.catalogue is None:
            return self
        plan = await self.catalogue.plan()
        return replace(self, policy=replace(self.policy, plan=plan), decoders=self.catalogue.decoders(plan))
