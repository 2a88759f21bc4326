"""Which goals and catalogue files the monitors of one Redis use, so that those with different ones are known.

A leader whose goals file lacks a campaign ends its alerts. Where the one that led before it has another file, that may
be a mistake, or an update that goes from one to the next: then it waits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from kpis.contract.redis_client import calls
from kpis.runtime.clock import wall_ms
from kpis.times import MINUTE_MS

FILES = "pw:{alerts}:files"
"""A hash of what each monitor told, by its token; see ``files.lua``."""
KEPT_MS = 5 * MINUTE_MS
"""For how long what a monitor told is known, though it died or went."""
_LIVES_MS = 30_000
_SHOWN = 12
"""Of a SHA-256, so many characters tell versions apart."""
KINDS = ("goals", "catalogue")
"""The files that may differ."""


@dataclass(frozen=True, slots=True)
class Files:
    """What one monitor uses: the first characters of the SHA-256 of each file.

    Attributes:
        goals: of its goals file.
        catalogue: of its catalogue file; empty for the core alone.
        lives: whether it runs, as far as is known.
    """

    goals: str
    catalogue: str
    lives: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """The files of this monitor beside those of the others.

    Attributes:
        mine: what this one uses.
        others: what each other one does, or did within the last minutes.
    """

    mine: Files = field(default_factory=lambda: Files("", ""))
    others: tuple[Files, ...] = ()

    @property
    def has_other_goals(self) -> bool:
        """Whether one has, or had when it went, another goals file."""
        return any(other.goals != self.mine.goals for other in self.others)

    @property
    def differing(self) -> tuple[str, ...]:
        """Which files another monitor that runs has otherwise: ``goals``, ``catalogue``."""
        return differing((self.mine, *self.others))


def differing(found: Iterable[Files]) -> tuple[str, ...]:
    """Which files are not the same for all monitors that run."""
    living = [one for one in found if one.lives]
    versions = {one.goals for one in living}, {one.catalogue for one in living}
    return tuple(kind for kind, found_of in zip(KINDS, versions, strict=True) if len(found_of) > 1)


class FilesInUse:
    """Tells what this monitor uses, and knows what the others do.

    Args:
        redis: a client that returns bytes.
        address: where it is, without credentials, for errors.
        token: unique to this process.

    Every method raises :class:`~kpis.runtime.errors.Unreachable` when Redis does not answer.
    """

    def __init__(self, redis: Any, address: str, token: str) -> None:
        self._call = calls(address)
        self._token = token
        self._mine = Files("", "")
        self._tell = redis.register_script(files(__package__).joinpath("files.lua").read_text("utf-8"))

    async def tell(self, goals: str, catalogue: str) -> Compared:
        """Say which versions are used: the SHA-256 of each file; gives what the others say.

        While a file is read anew it has no version: then that of before holds.
        """
        self._mine = Files(goals[:_SHOWN] or self._mine.goals, catalogue[:_SHOWN])
        return await self._told(self._mine) if self._mine.goals else Compared()

    async def leave(self) -> None:
        """Say that this monitor ends."""
        if self._mine.goals:
            await self._told(Files(self._mine.goals, self._mine.catalogue, lives=False))

    async def _told(self, mine: Files) -> Compared:
        now_ms = wall_ms()
        stored = f"{mine.goals}|{mine.catalogue}|{int(mine.lives)}"
        found = await self._call(self._tell(keys=[FILES], args=[self._token, stored, now_ms, KEPT_MS]))
        return Compared(mine, files_of(found, now_ms))


def files_of(stored: Iterable[bytes], now_ms: int) -> tuple[Files, ...]:
    """What monitors told, by a clock; what nobody wrote that way is left out."""
    found = (raw.decode("utf-8", "replace").split("|") for raw in stored)
    return tuple(
        Files(each[1], each[2], each[3] == "1" and now_ms - int(each[0]) <= _LIVES_MS)
        for each in found
        if len(each) == 4 and each[0].isascii() and each[0].isdigit()
    )
