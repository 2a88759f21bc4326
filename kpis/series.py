"""Series keys: a campaign, or a campaign with breakdown values.

``c42`` is a campaign, ``c42|channel=search`` its share from one channel, ``c42|channel=search|country=DE`` of two
dimensions at once. The three characters that have a meaning in a key (``%``, ``|``, ``=``) and control characters are
percent-escaped in its parts, so any campaign id makes one key and comes back from it.

``account=Acme``, ``channel=search`` and ``portfolio=`` stand for several series together: a parent.
``account+channel=Acme%7Csearch`` is what one account has by one channel. No campaign has such a key, for in its own
``=`` is escaped. Only the read side knows them; but for what is of an account itself no worker counts anything under
one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote

OTHER = "__other__"
"""The breakdown value that stands for new values once a partition holds ``max_series``."""

DIMENSIONS = ("account", "channel", "ad_group", "creative", "variant", "country", "device")
"""The event fields that a breakdown may use."""

SCOPES = ("portfolio", *DIMENSIONS)
"""What several series may be together: all campaigns, or all that have one value of a dimension."""
WITHIN = "account+"
"""Begins the level of a parent that is of one account only."""
PARENTS = (*SCOPES, *(f"{WITHIN}{dimension}" for dimension in DIMENSIONS if dimension != "account"), "experiment")
"""The levels of the keys of parents; variants of an experiment are told of as one too."""

SEPARATOR = "|"
"""Between the parts of a key; in a part it is escaped."""

_SPECIAL = re.compile(r"[%|=\x00-\x1f\x7f]")


@lru_cache(maxsize=16_384)
def escape(part: str) -> str:
    """One part of a key, with its special characters percent-escaped."""
    return _SPECIAL.sub(lambda m: f"%{ord(m[0]):02X}", part)


def key(campaign: str, breakdown: Sequence[tuple[str, str]] = ()) -> str:
    """The series key of a campaign with breakdown ``(dimension, value)`` pairs."""
    if not breakdown:
        return escape(campaign)
    return SEPARATOR.join([escape(campaign), *(f"{d}={escape(v)}" for d, v in breakdown)])


def split(series: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The campaign and the breakdown pairs of a key: the inverse of :func:`key`."""
    campaign, *parts = series.split(SEPARATOR)
    pairs = (part.partition("=") for part in parts)
    return unquote(campaign), tuple((d, unquote(v)) for d, _, v in pairs)


def is_campaign(series: str) -> bool:
    """Whether the key is a whole campaign, not a breakdown of one."""
    return SEPARATOR not in series


def parent_key(level: str, name: str = "", account: str = "") -> str:
    """The key of several series together: of an ``account`` or a ``channel`` by its name, or of the ``portfolio``.

    With an ``account`` it is only what this one has.
    """
    if account:
        return f"{WITHIN}{level}={escape(f'{escape(account)}{SEPARATOR}{escape(name)}')}"
    return f"{level}={escape(name)}"


def of_parent(series: str) -> tuple[str, str, str]:
    """The level, the name and the account of the key of a parent: the inverse of :func:`parent_key`."""
    level, _, name = unquote(campaign_part(series)).partition("=")
    if not level.startswith(WITHIN):
        return level, name, ""
    account, _, name = name.partition(SEPARATOR)
    return level.removeprefix(WITHIN), unquote(name), unquote(account)


def is_parent(series: str) -> bool:
    """Whether a key stands for several campaigns together."""
    return "=" in campaign_part(series)


def shown_id(series: str) -> str:
    """What people and links call a campaign or a parent: ``c42``, ``account=Acme``.

    A campaign whose own id reads like that of a parent, or so with ``%`` before it, gets one more ``%``.
    """
    name = split(series)[0]
    return f"%{name}" if not is_parent(series) and _like_parent(name.lstrip("%")) else name


def of_shown(shown: str) -> str:
    """The series key that :func:`shown_id` was given."""
    if _like_parent(shown):
        level, _, name = shown.partition("=")
        return parent_key(level, name)
    return key(shown[1:] if shown.startswith("%") and _like_parent(shown.lstrip("%")) else shown)


def _like_parent(text: str) -> bool:
    return text.startswith(tuple(f"{level}=" for level in PARENTS))


def parts(series: str) -> list[str]:
    """The parts of a key, escaped: in this order breakdowns follow their campaign."""
    return series.split(SEPARATOR)


def campaign_part(series: str) -> str:
    """The key of the campaign that a series belongs to."""
    return series.partition(SEPARATOR)[0]


def breakdown_part(series: str) -> str:
    """The breakdown of a series (``channel=search``); empty for a whole campaign."""
    return series.partition(SEPARATOR)[2]


def breakdown_prefix(campaign: str) -> str:
    """What the keys of all breakdowns of a campaign begin with."""
    return f"{key(campaign)}{SEPARATOR}"
