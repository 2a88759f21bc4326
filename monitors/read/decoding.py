"""Reading what the worker wrote: bytes from Redis into values. Pure; whatever the bytes are, nothing raises but
:class:`BadLayout`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from kpis.contract import layout
from kpis.measures import NAMES
from kpis.runtime.errors import Recoverable
from kpis.windows import parse_windows
from monitors.read.snapshot import Layout, PartitionHealth, ReadProblem
from monitors.read.window_rows import WindowRows

MAX_PARTITIONS = 10_000

_Measures = msgspec.defstruct("_Measures", [(name, int, 0) for name in NAMES], gc=False)
# Only the measures are taken: KPIs are computed after partitions are added, never read.
_Document = msgspec.defstruct("_Document", [("windows", dict[str, _Measures])], gc=False)  # type: ignore[valid-type]
_decode = msgspec.json.Decoder(_Document).decode

Problems = Counter[ReadProblem]


class BadLayout(Recoverable):
    """Redis answers, but holds no layout of Pacewatch that can be used: no worker ran yet, or it is not ours."""


def read_layout(raw: Mapping[bytes, bytes]) -> Layout:
    """The layout hash.

    Raises:
        BadLayout: it is missing, or a field is missing or out of range.
    """
    if not raw:
        raise BadLayout("Redis holds no Pacewatch layout yet: no worker has started on it")
    try:
        fields = {k.decode(): v.decode() for k, v in raw.items()}
        found = Layout(
            partitions=int(fields["partitions"]),
            currency=fields["currency"],
            windows=tuple(w.name for w in parse_windows(fields["windows"])),
            history_days=int(fields["history_days"]),
        )
    except KeyError as e:
        raise BadLayout(f"{layout.LAYOUT} in Redis lacks the field {e.args[0]}") from None
    except ValueError:
        raise BadLayout(f"{layout.LAYOUT} in Redis holds a value that is not what a worker writes") from None
    if not 1 <= found.partitions <= MAX_PARTITIONS or len(found.currency) != 3 or found.history_days < 1:
        raise BadLayout(f"{layout.LAYOUT} in Redis holds a value that is out of range")
    return found


def read_document(raw: bytes, problems: Problems) -> WindowRows | None:
    """The rows of a KPI document by window; None, and counted, when it cannot be used."""
    try:
        document: Any = _decode(raw)
        return WindowRows.of(document.windows, map(msgspec.structs.astuple, document.windows.values()))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
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
        counters={k: v for k, v in plain.items() if k.startswith(layout.COUNTERS)},
    )
