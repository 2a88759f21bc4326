"""Series keys: a campaign, or a campaign with breakdown values.

``c42`` is a campaign, ``c42|channel=search`` its share from one channel, ``c42|channel=search|country=DE`` of two
dimensions at once. The three characters that have a meaning in a key (``%``, ``|``, ``=``) and control characters are
percent-escaped in its parts, so any campaign id makes one key and comes back from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

OTHER = "__other__"
"""The breakdown value that new values fold into once a partition holds ``max_series``."""

DIMENSIONS = ("account", "channel", "ad_group", "creative", "variant", "country", "device")
"""The event fields that a breakdown may use."""

_SPECIAL = re.compile(r"[%|=\x00-\x1f\x7f]")


def escape(part: str) -> str:
    """One part of a key, with its special characters percent-escaped."""
    return _SPECIAL.sub(lambda m: f"%{ord(m[0]):02X}", part)


def key(campaign: str, breakdown: Sequence[tuple[str, str]] = ()) -> str:
    """The series key of a campaign with breakdown ``(dimension, value)`` pairs."""
    if not breakdown:
        return escape(campaign)
    return "|".join([escape(campaign), *(f"{d}={escape(v)}" for d, v in breakdown)])


def split(series: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The campaign and the breakdown pairs of a key: the inverse of :func:`key`."""
    campaign, *parts = series.split("|")
    pairs = (part.partition("=") for part in parts)
    return unquote(campaign), tuple((d, unquote(v)) for d, _, v in pairs)


def is_campaign(series: str) -> bool:
    """Whether the key is a whole campaign, not a breakdown of one."""
    return "|" not in series
