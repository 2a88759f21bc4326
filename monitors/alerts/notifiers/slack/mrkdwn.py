"""Slack's text: what has a meaning in it is escaped, and nothing is longer than Slack takes. Pure.

Slack's rules (docs.slack.dev, "Formatting message text" and "Block Kit"): ``&``, ``<`` and ``>`` are escaped; a
section's text holds 3,000 characters, a field 2,000, of which there are ten. Characters are counted as JavaScript
does, in which an emoji is two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

TEXT_LIMIT = 3_000
FIELD_LIMIT = 2_000
FIELDS = 10
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "`": "ˋ"}
_MENTION = re.compile(r"<@[UW][A-Z0-9]{2,20}>|<!subteam\^S[A-Z0-9]{2,20}>", re.ASCII)


def escape(text: str) -> str:
    """Text in which nothing has a meaning to Slack: no mention, no link, no code."""
    return "".join(_ENTITIES.get(character, character) for character in text)


def fitted(text: str, limit: int) -> str:
    """Text escaped, of at most so many characters; one that was cut ends with an ellipsis, and never in an entity."""
    found = escape(text)
    if length(found) <= limit:
        return found
    kept, left = [], limit - 1
    for character in text:
        part = escape(character)
        left -= length(part)
        if left < 0:
            break
        kept.append(part)
    return "".join(kept) + "…"


def length(text: str) -> int:
    """Characters as Slack counts them."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def code(text: str) -> str:
    """A name as it is written, such as an id."""
    return f"`{escape(text)}`"


def link(url: str, words: str) -> str:
    """A link; nothing where there is no address."""
    return f"<{escape(url).replace('|', '%7C')}|{words}>" if url else ""


def person(owner: str) -> str:
    """Someone who looks after a campaign: mentioned if the goals file says so with an id of Slack, else named."""
    return owner if is_mention(owner) else escape(owner)


def is_mention(owner: str) -> bool:
    """Whether it is an id of Slack, written as Slack does: ``<@U0123>`` or ``<!subteam^S0123>``."""
    return _MENTION.fullmatch(owner) is not None


def listed(lines: Sequence[str], limit: int = TEXT_LIMIT, more: int = 0) -> str:
    """Lines, escaped already, as many as fit, and how many are left out.

    Args:
        lines: each of which is shorter than the limit.
        limit: characters in all.
        more: how many are not among them to begin with.
    """
    kept: list[str] = []
    left = limit - length(f"\nand {more + len(lines):,} more")
    for line in lines:
        left -= length(line) + 1
        if left < 0:
            break
        kept.append(line)
    out = more + len(lines) - len(kept)
    return "\n".join([*kept, *([f"and {out:,} more"] if out else [])])
