"""Findings: what a check looked at, how it came out, and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a check came out."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        level: how it came out.
        what: what was looked at and found, without secrets.
        remedy: what to do about it; empty when all is well.
    """

    level: Level
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.level:<4}  {self.what}" + (f": {self.remedy}" if self.remedy else "")
