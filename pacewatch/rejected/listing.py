"""``pacewatch rejected list``: what was refused, why, and what was done about it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from heapq import heappush, heapreplace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kpis.settings.shared import Settings
from kpis.units import how_many
from pacewatch.progress import Meter
from pacewatch.rejected.reading import Found, Wanted, read
from pacewatch.rejected.sent_before import replayed
from pacewatch.terminal import out, say

SHOWN = 200
"""Characters shown of a value or a key."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One letter for people: ``key`` and ``value`` without control characters, and cut."""

    reason: str
    topic: str
    partition: int
    offset: int
    at_ms: int
    key: str | None
    value: str | None
    truncated_from: int | None
    replayed: bool
    error: str | None = None


@dataclass(slots=True)
class Listing:
    """What was found.

    Attributes:
        letters: letters by (reason, source topic).
        again: those of them that were sent again.
        truncated: those of them of which only the start was kept.
        strange: records that are no letters.
        samples: the newest ones, oldest first.
    """

    limit: int
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    again: Counter[tuple[str, str]] = field(default_factory=Counter)
    truncated: Counter[tuple[str, str]] = field(default_factory=Counter)
    strange: int = 0
    _newest: list[tuple[tuple[int, int], Sample]] = field(default_factory=list)

    @property
    def samples(self) -> list[Sample]:
        """The newest by the time at which they were refused, oldest first: partitions are read one after another."""
        return [sample for _, sample in sorted(self._newest, key=lambda one: one[0])]

    def add(self, found: Found, sent_again: bool) -> None:
        """Count a letter."""
        letter = found.letter
        at = (letter.reason, letter.topic)
        self.letters[at] += 1
        self.again[at] += sent_again
        self.truncated[at] += letter.truncated_from is not None
        # Of two of one millisecond the one that was read later; so no two samples are ever compared.
        order = (found.at_ms, self.letters.total())
        if len(self._newest) >= self.limit and (not self._newest or order < self._newest[0][0]):
            return
        sample = Sample(
            *at, letter.partition, letter.offset, found.at_ms,
            printable(letter.key), printable(letter.value), letter.truncated_from, sent_again, letter.error,
        )  # fmt: skip
        keep = heappush if len(self._newest) < self.limit else heapreplace
        keep(self._newest, (order, sample))

    def as_json(self) -> str:
        """All of it as one line of JSON."""
        counts = [
            {"reason": at[0], "topic": at[1], "letters": n, "replayed": self.again[at], "truncated": self.truncated[at]}
            for at, n in self.letters.most_common()
        ]
        found = {"letters": self.letters.total(), "strange": self.strange, "counts": counts}
        return json.dumps(found | {"samples": [asdict(s) for s in self.samples]}, separators=(",", ":"))


def printable(raw: bytes | None) -> str | None:
    """Bytes as a bounded text that does nothing to a terminal."""
    if raw is None:
        return None
    text = raw[: 4 * SHOWN].decode(errors="backslashreplace")
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text[:SHOWN])
    return shown + ("..." if len(text) > SHOWN or len(raw) > 4 * SHOWN else "")


async def collect(settings: Settings, wanted: Wanted, limit: int) -> Listing:
    """Read all letters, and keep ``limit`` samples.

    Raises:
        Unreachable: Kafka or Redis does not answer.
    """
    listing = Listing(limit)
    meter: Meter | None = None
    with ExitStack() as shown:
        async with replayed(settings) as before:
            async for batch in read(settings):
                meter = meter or shown.enter_context(Meter("read", batch.total))
                listing.strange += batch.strange
                mine = [f for f in batch.found if wanted.takes(f)]
                for found, known in zip(mine, await before.known([f.identity for f in mine]), strict=True):
                    listing.add(found, known)
                meter.update(batch.done, listing.letters.total())
    return listing


async def show(settings: Settings, wanted: Wanted, limit: int, as_json: bool) -> int:
    """Print what was refused; gives the exit code.

    Raises:
        Unreachable: Kafka or Redis does not answer.
    """
    listing = await collect(settings, wanted, limit)
    if listing.strange:
        strange = how_many(listing.strange, "record is no letter", "records are no letters")
        say(f"{strange} of Pacewatch, in {settings.rejected_topic}")
    if as_json:
        out(listing.as_json())
    elif not listing.letters:
        out(f"{settings.rejected_topic} holds no such letters")
    else:
        _print(listing)
    return 0


def _print(listing: Listing) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    table = Table("reason", "topic")
    for name in ("letters", "replayed", "truncated"):
        table.add_column(name, justify="right")
    for at, count in listing.letters.most_common():
        numbers = (count, listing.again[at], listing.truncated[at])
        table.add_row(*map(_text, at), *(f"{n:,}" for n in numbers))
    console.print(table)
    for line in _lines(listing.samples):
        out(line)


def _lines(samples: Iterable[Sample]) -> Iterable[str]:
    for s in samples:
        notes = [str(printable(s.error.encode()))] if s.error else []
        notes += ["replayed"] * s.replayed + ([f"start of {s.truncated_from:,} bytes"] if s.truncated_from else [])
        place = f"{printable(s.topic.encode())}/{s.partition}/{s.offset}"
        yield " ".join(
            [
                _time(s.at_ms),
                str(_text(s.reason)),
                place,
                *(f"({n})" for n in notes),
                f"key={s.key}",
                s.value if s.value else "(no value)",
            ]
        )


def _time(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        # Whoever produces a record names its time.
        return f"{at_ms} ms"


def _text(of_header: str) -> Text:
    return Text(printable(of_header.encode()) or "")
