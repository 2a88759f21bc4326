"""Why an event was refused."""

from __future__ import annotations

from enum import StrEnum


class Reject(StrEnum):
    """The reason header of a dead letter, and the ``reason`` label of its counter."""

    EMPTY = "empty"
    """No value (a tombstone)."""
    TOO_LARGE = "too_large"
    """Longer than an event may be."""
    NOT_JSON = "not_json"
    """Not one JSON text in UTF-8."""
    NOT_AN_OBJECT = "not_an_object"
    """JSON, but no object."""
    MISSING_FIELD = "missing_field"
    """A required field is absent, null or empty."""
    BAD_FIELD = "bad_field"
    """A field has the wrong type."""
    BAD_TIME = "bad_time"
    """``ts`` is neither epoch milliseconds nor RFC 3339 with a zone."""
    BAD_NUMBER = "bad_number"
    """An amount is not a finite decimal."""
    NEGATIVE = "negative"
    """A count or an amount below zero where only a refund or a correction may be."""
    REFUND_SIGN = "refund_sign"
    """A refund that would add instead of take away."""
    OUT_OF_RANGE = "out_of_range"
    """A count or an amount too large, or with too many digits, to be true."""
    OVERFLOW = "overflow"
    """With it a total would leave 64 bits: its campaign already has more than can be true."""
    UNKNOWN_CURRENCY = "unknown_currency"
    """Money in a currency that has no rate."""
    ID_TOO_LONG = "id_too_long"
    """An id, or a breakdown value, longer than allowed."""
    UNKNOWN_MEASURE = "unknown_measure"
    """An event of ``ads.measures`` whose name no measure of the catalogue takes."""
    NOT_WHOLE = "not_whole"
    """A value with a fraction, of a measure that counts."""
    TOO_FAR_AHEAD = "too_far_ahead"
    """``ts`` lies further ahead of now than ``PACEWATCH_MAX_AHEAD_S``."""
    INTERNAL_ERROR = "internal_error"
    """Counting it failed in a way that nobody foresaw."""
    TOO_OLD = "too_old"
    """``ts`` lies before the history that is kept."""


CURABLE = frozenset({Reject.UNKNOWN_CURRENCY, Reject.UNKNOWN_MEASURE, Reject.TOO_FAR_AHEAD, Reject.TOO_OLD})
"""Reasons that settings or time can do away with: the same bytes may be accepted later."""
