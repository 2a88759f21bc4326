"""Reading what the worker wrote: bytes from Redis into values, or into problems that are counted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from kpis.arrays import Int64s
from kpis.contract import layout
from kpis.contract.documents import UNREADABLE
from kpis.contract.row_format import CORE_FORMAT, RowFormat
from kpis.measures import WIDTH, Stream, unpack
from monitors.read.snapshot import PartitionHealth, ReadProblem, StreamHealth
from monitors.read.window_rows import WindowRows

Problems = Counter[ReadProblem]

PER_DAY = 96
"""Quarter hours."""
_PACKED = 8 * WIDTH
_AGES = layout.AGES.encode()
_OF_STREAM = (layout.STREAM_CLOCK, layout.REACHED, layout.LATE)
"""The fields of a stream's health, in the order of its attributes."""


@lru_cache(maxsize=16)
def no_quarters(width: int) -> Int64s:
    """A day in which nothing came; not to be written to, and the same at each call."""
    found = np.zeros((PER_DAY, width), np.int64)
    found.flags.writeable = False
    return found


def read_document(raw: bytes, problems: Problems, of: RowFormat = CORE_FORMAT) -> WindowRows | None:
    """The rows of a KPI document by window; None, and counted, when it cannot be used."""
    try:
        return WindowRows.of(*of.windows_of(raw), of.width)
    except (*UNREADABLE, OverflowError):
        problems[ReadProblem.BAD_DOCUMENT] += 1
        return None


def read_series(raw: bytes, problems: Problems) -> str | None:
    """A series key; None, and counted, when it is not text."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        problems[ReadProblem.BAD_SERIES] += 1
        return None


def read_meta(number: int, raw: Mapping[bytes, bytes], problems: Problems) -> PartitionHealth:
    """The health of a partition from its meta hash; unreadable fields are left out and counted."""
    plain: dict[str, int] = {}
    for name, value in raw.items():
        if name.startswith(_AGES):
            # The worker's own, and no number.
            continue
        try:
            plain[name.decode()] = int(value)
        except ValueError:
            problems[ReadProblem.BAD_META] += 1
    caught_up = plain.get(layout.CAUGHT_UP)
    return PartitionHealth(
        number=number,
        watermark_ms=plain.get(layout.CLOCK),
        caught_up=None if caught_up is None else caught_up == 1,
        flushed_at_ms=plain.get(layout.FLUSHED_AT),
        lag={k.removeprefix(layout.LAG): v for k, v in plain.items() if k.startswith(layout.LAG)},
        letters=plain.get(layout.LETTERS, 0),
        held=plain.get(layout.HELD) == 1,
        canary_ms=plain.get(layout.CANARY) or None,
        counters={k: v for k, v in plain.items() if k.startswith(layout.COUNTERS)},
        streams=_streams(plain),
        measures=plain.get(layout.MEASURES),
    )


def read_day(raw: Mapping[bytes, bytes] | None, problems: Problems, of: RowFormat = CORE_FORMAT) -> Int64s:
    """A day's quarter hours, [96, measure], not to be written to; what cannot be used is left out and counted."""
    if raw is None:
        problems[ReadProblem.BAD_KEY] += 1
    if not raw:
        return no_quarters(of.width)
    found = np.zeros((PER_DAY, of.width), np.int64)
    if of.is_core and (places := _places(raw)) is not None:
        found[places] = np.frombuffer(b"".join(raw.values()), "<i8").reshape(-1, WIDTH)
        return found
    if not of.is_core:
        return _wide_day(raw, problems, of)
    for number, packed in raw.items():
        try:
            found[_number(number)] = unpack(packed)
        except ValueError:
            problems[ReadProblem.BAD_HISTORY] += 1
    return found


def _wide_day(raw: Mapping[bytes, bytes], problems: Problems, of: RowFormat) -> Int64s:
    """The same of rows that have more columns than the core's, or fewer than there are now."""
    found, good = np.zeros((PER_DAY, of.width), np.int64), dict[int, bytes]()
    for number, packed in raw.items():
        try:
            place = _number(number)
        except ValueError:
            place = PER_DAY
        if place == PER_DAY or len(packed) % 8:
            problems[ReadProblem.BAD_HISTORY] += 1
        else:
            good[place] = packed
    if good:
        found[list(good)] = of.unpacked(list(good.values()))
    return found


def _places(raw: Mapping[bytes, bytes]) -> list[int] | None:
    """The numbers of a day's quarter hours, where all of them are as the worker writes them now."""
    if any(len(packed) != _PACKED for packed in raw.values()):
        return None
    try:
        return [_number(field) for field in raw]
    except ValueError:
        return None


def _number(field: bytes) -> int:
    number = int(field)
    if not 0 <= number < PER_DAY:
        raise ValueError("a day has 96 quarter hours")
    return number


def _streams(plain: Mapping[str, int]) -> dict[Stream, StreamHealth]:
    """The streams that a meta hash tells of; of several topics of one, as a new prefix leaves them, the latest."""
    found: dict[Stream, StreamHealth] = {}
    topics = {name.removeprefix(prefix) for prefix in _OF_STREAM for name in plain if name.startswith(prefix)}
    for topic in sorted(topics):
        stream = Stream.of_topic(topic)
        if stream is not None:
            health = StreamHealth(*(plain.get(f"{prefix}{topic}") for prefix in _OF_STREAM))
            found[stream] = max(found.get(stream, health), health, key=lambda one: one.reached_ms or 0)
    return found
