"""Routes: which notifier is told of what. Pure.

One alert is sent by one notifier, so that nobody reads it twice: by Alertmanager where there is one, for it knows whom
to wake, else by Slack, else by the webhook. Whoever wants it otherwise says so in ``PACEWATCH_ROUTES``. Who was told of
an alert is told of its end, whatever the routes say by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from monitors.pacing.verdict import Status


class Matter(StrEnum):
    """What a message is about."""

    CRITICAL = "critical"
    WARNING = "warning"
    CHECK_IN = "check_in"


MATTER_OF = {Status.CRITICAL: Matter.CRITICAL, Status.WARNING: Matter.WARNING}


class BadRoutes(ValueError):
    """Routes that cannot be read; the text says why."""


@dataclass(frozen=True, slots=True)
class Routes:
    """Which notifiers are told of a matter.

    Attributes:
        by: their names; none where nobody is told.
        configured: all that are set up: one that is told of nothing by now hears the end of what it was told before.
    """

    by: Mapping[Matter, tuple[str, ...]] = field(default_factory=dict)
    configured: tuple[str, ...] = ()

    def of(self, status: Status) -> tuple[str, ...]:
        """Who is told of a miss; nobody of what is none."""
        matter = MATTER_OF.get(status)
        return () if matter is None else self.by.get(matter, ())

    @property
    def of_check_ins(self) -> tuple[str, ...]:
        """Who is told of milestones."""
        return self.by.get(Matter.CHECK_IN, ())

    @property
    def names(self) -> frozenset[str]:
        """All who can be told of something."""
        return frozenset(self.configured).union(*self.by.values())


def routes_of(configured: Sequence[str], prefers: Mapping[Matter, Sequence[str]], spec: str = "") -> Routes:
    """The routes.

    Args:
        configured: the notifiers there are.
        prefers: for each matter those that may tell of it, the one to tell first.
        spec: ``matter=notifier+notifier, ...`` for those that are otherwise, e.g. ``critical=slack+alertmanager``;
            ``none`` for nobody.

    Raises:
        BadRoutes: the text names what there is not, or who cannot tell of a matter, or somebody twice.
    """
    by = {m: tuple(name for name in names if name in configured)[:1] for m, names in prefers.items()}
    said: set[Matter] = set()
    for part in filter(None, (p.strip() for p in spec.split(","))):
        matter, equals, names = (p.strip() for p in part.partition("="))
        if not equals or matter not in set(Matter):
            raise BadRoutes(f"{part[:80]!r} is not MATTER=NOTIFIER; matters are {', '.join(Matter)}")
        if Matter(matter) in said:
            raise BadRoutes(f"{matter} is there twice; several notifiers are NOTIFIER+NOTIFIER")
        said.add(Matter(matter))
        wanted = () if names == "none" else tuple(name.strip() for name in names.split("+"))
        unknown = [name for name in wanted if name not in configured]
        if unknown:
            there = ", ".join(configured) or "none"
            raise BadRoutes(f"{unknown[0][:80]!r} in {part[:80]!r} is not set up; there is: {there}")
        unable = [name for name in wanted if name not in prefers[Matter(matter)]]
        if unable:
            raise BadRoutes(
                f"{unable[0]!r} cannot tell of {matter}; those that can: {', '.join(prefers[Matter(matter)])}"
            )
        twice = next((name for name in wanted if wanted.count(name) > 1), None)
        if twice is not None:
            raise BadRoutes(f"{twice!r} is named twice in {part[:80]!r}, and would tell once")
        by[Matter(matter)] = wanted
    return Routes(by, tuple(configured))
