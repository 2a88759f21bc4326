"""Moving recorded events in time: the same span for every ``ts``, nothing else changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from pacewatch.replay.recording import Record

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def shift(record: Record, by_ms: int) -> Record:
    """The record with its ``ts`` moved by ``by_ms`` milliseconds; a record without a usable time stays as it is.

    Every other field keeps its text, so amounts keep their digits. RFC 3339 stays RFC 3339, in its own zone.
    """
    if by_ms == 0 or record.ts_ms is None:
        return record
    fields = _FIELDS.decode(record.value)
    moved = _moved(msgspec.json.decode(fields["ts"]), by_ms)
    if moved is None:
        return record
    fields["ts"] = msgspec.Raw(msgspec.json.encode(moved))
    return replace(record, ts_ms=record.ts_ms + by_ms, value=msgspec.json.encode(fields))


def _moved(ts: object, by_ms: int) -> int | str | None:
    if isinstance(ts, int):
        return ts + by_ms
    try:
        return (datetime.fromisoformat(str(ts)) + timedelta(milliseconds=by_ms)).isoformat()
    except (ValueError, OverflowError):
        return None
