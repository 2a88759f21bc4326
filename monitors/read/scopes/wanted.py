"""Which breakdown series are read: they are most of all there are, and few are asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from kpis.contract.published import Layout
from kpis.series import SEPARATOR

_SEPARATOR = SEPARATOR.encode()


@dataclass(frozen=True)
class WantedParts:
    """What is read beside whole campaigns.

    Attributes:
        every: all breakdowns.
        dimensions: those by one of these alone.
        series: these.
    """

    every: bool = False
    dimensions: frozenset[str] = frozenset()
    series: frozenset[str] = field(default=frozenset(), repr=False)

    def has(self, raw: bytes) -> bool:
        """Whether a series is read, by its key as Redis has it."""
        _, is_breakdown, rest = raw.partition(_SEPARATOR)
        if not is_breakdown or self.every:
            return True
        if _SEPARATOR not in rest and rest.partition(b"=")[0] in self._dimensions:
            return True
        return raw in self._series

    @cached_property
    def _dimensions(self) -> frozenset[bytes]:
        return frozenset(one.encode() for one in self.dimensions)

    @cached_property
    def _series(self) -> frozenset[bytes]:
        return frozenset(one.encode() for one in self.series)


def uncounted(dimensions: Iterable[str], found: Layout) -> tuple[str, ...]:
    """Those of some dimensions that the worker does not break down by; none where it does not say."""
    if found.breakdowns is None:
        return ()
    return tuple(sorted(set(dimensions).difference(found.breakdowns)))


EVERYTHING = WantedParts(every=True)
