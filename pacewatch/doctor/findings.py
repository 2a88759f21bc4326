"""Findings: what a check looked at, how it came out, and the cure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from textwrap import wrap

from kpis.runtime.printable import printable
from kpis.times import MINUTE_MS, span_text
from kpis.units import how_many


class Level(StrEnum):
    """How a check came out."""

    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


EXIT_CODES = {Level.OK: 0, Level.WARN: 1, Level.FAIL: 2}
"""What the command ends with, by the worst that it found."""


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
        """One line, whatever names are in it."""
        return printable(f"{self.level:<4}  {self.what}" + (f": {self.remedy}" if self.remedy else ""))


def worst(found: Iterable[Finding]) -> Level:
    """The worst of all levels."""
    return max((finding.level for finding in found), key=EXIT_CODES.__getitem__, default=Level.OK)


def lines(found: Sequence[Finding], width: int | None) -> Iterator[str]:
    """A line each, and how many are not well; in a terminal folded between words, with the cure below.

    Args:
        found: what was found.
        width: of the terminal; None for a pipe.
    """
    for finding in found:
        if width is None:
            yield str(finding)
        else:
            yield from _folded(printable(f"{finding.level:<4}  {finding.what}"), " " * 6, width)
            if finding.remedy:
                yield from _folded(printable(f"      -> {finding.remedy}"), " " * 9, width)
    counts = Counter(finding.level for finding in found)
    if counts[Level.WARN] or counts[Level.FAIL]:
        yield f"{how_many(counts[Level.FAIL], 'error')}, {how_many(counts[Level.WARN], 'warning')}"
    else:
        yield "all is well"


def as_json(found: Sequence[Finding]) -> str:
    """All of it as one line of JSON: the worst level, and each finding with its cure."""
    each = [{"level": finding.level.value, "what": finding.what, "cure": finding.remedy} for finding in found]
    return json.dumps({"level": worst(found).value, "findings": each}, ensure_ascii=False)


def span(ms: int) -> str:
    """How long something is, for people: seconds below a minute."""
    return span_text(ms) if ms >= MINUTE_MS else f"{max(ms, 0) / 1000:,.0f} s"


def _folded(text: str, indent: str, width: int) -> list[str]:
    # A long name or address stays whole, to be copied.
    return wrap(
        text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
