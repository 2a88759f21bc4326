"""Records that were sent again: how they are told apart from new ones. Pure.

``pacewatch rejected replay`` gives each record a header that names the refused record it repeats. That identity counts
once within the dedupe hours, whatever the stream, so that sending again twice doubles nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

from streams.letters import Header, Letter

HEADER = "pacewatch-replay"


def identity(letter: Letter) -> str:
    """The place of the refused record: ``topic/partition/offset``."""
    return f"{letter.topic}/{letter.partition}/{letter.offset}"


def headers(letter: Letter) -> list[Header]:
    """The headers to send a letter's record again with.

    A record that was sent again and refused again keeps the identity it had: its first letter may be sent again too.
    """
    own = [h for h in letter.headers if h[0] != HEADER]
    root = _named(letter.headers)
    return [*own, (HEADER, identity(letter).encode() if root is None else root)]


def of_chunk(records: Sequence[Any], rejected: Iterable[tuple[int, object]]) -> dict[int, bytes]:
    """The digests of the accepted records that were sent again, by their place among the accepted."""
    if not [r for r in records if r.headers]:
        return {}
    marked = [i for i, r in enumerate(records) if r.headers]
    refused = sorted(i for i, _ in rejected)
    gone = set(refused)
    found: dict[int, bytes] = {}
    before = 0
    for i in marked:
        while before < len(refused) and refused[before] < i:
            before += 1
        if i not in gone and (name := _named(records[i].headers)) is not None:
            found[i - before] = digest(name)
    return found


def digest(name: bytes) -> bytes:
    """The 8 bytes an identity is remembered by; no event id can be made to have the same ones."""
    return blake2b(name, digest_size=8, person=b"replay").digest()


def _named(own: Iterable[Header]) -> bytes | None:
    return next((value for name, value in own if name == HEADER and value), None)
