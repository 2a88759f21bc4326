"""Which columns of a table fit a terminal, and what a name that is none was meant to be. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from kpis.catalogue import HEADLINES
from kpis.runtime.printable import printable
from kpis.runtime.yaml_nodes import nearest

FIRST = ("impressions", "clicks", "conversions", "spend", *(kpi.name for kpi in HEADLINES))
"""Columns that are shown before others where not all fit: what campaigns are steered by."""
_AROUND = 3
"""Characters that a column takes besides what is in it."""
_MOST_NAMED = 6


def fitting(widths: Mapping[str, int], taken: int, width: int | None) -> list[str]:
    """The columns that fit, in their order: those of :data:`FIRST` before others, and one at least.

    Args:
        widths: how wide what is in each column is, in their order.
        taken: what is taken by others already.
        width: of the terminal; None where lines may be as long as they are.
    """
    if width is None:
        return list(widths)
    kept: set[str] = set()
    for name in sorted(widths, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)):
        need = widths[name] + _AROUND
        if taken + need <= width or not kept:
            kept.add(name)
            taken += need
    return [name for name in widths if name in kept]


def meant(name: str, known: Collection[str]) -> str:
    """What to say to somebody who named something that is not there: what is close to it, else some that are."""
    near = nearest(name, list(known))
    if near is not None:
        return f"did you mean {printable(near)!r}?"
    some = list(known)[:_MOST_NAMED]
    if not some:
        return "there is none yet"
    more = f" and {len(known) - len(some):,} more" if len(known) > len(some) else ""
    return f"there {'is' if len(known) == 1 else 'are'} {_listed(some)}{more}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(printable(name) for name in names)
