"""Records that were sent again: how they are told apart from new ones. Pure.

``pacewatch rejected replay`` gives each record a header that names the refused record it repeats. That identity counts
once within the dedupe hours, whatever the stream, so that sending again twice doubles nothing.

The header is signed with a key that only Redis holds, over the identity and the record's value: whoever may produce
events could otherwise name identities at will, and have the events of others taken for repeats. A header that is not
signed, or wrongly, is one like any other.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from hashlib import blake2b, sha256
from typing import Any

from streams.dead_letters.letters import DeadLetter, Header

HEADER = "pacewatch-replay"
_SIGNATURE = 32


def identity(letter: DeadLetter) -> str:
    """The place of the refused record: ``topic/partition/offset``."""
    return f"{letter.topic}/{letter.partition}/{letter.offset}"


def headers(letter: DeadLetter, key: bytes) -> list[Header]:
    """The headers to send a letter's record again with, signed with a key.

    A record that was sent again and refused again keeps the identity it had: its first letter may be sent again too.
    """
    own = [h for h in letter.headers if h[0] != HEADER]
    root = _named(letter.headers, letter.value, key)
    return [*own, (HEADER, signed(identity(letter).encode() if root is None else root, letter.value, key))]


def signed(name: bytes, value: bytes | None, key: bytes) -> bytes:
    """What the header says: an identity, and its signature for a record's value."""
    return name + b" " + _signature(name, value, key)


def of_chunk(records: Sequence[Any], rejected: Iterable[tuple[int, object]], key: bytes) -> dict[int, bytes]:
    """The digests of the accepted records that were sent again, by their place among the accepted.

    Args:
        records: of the chunk.
        rejected: the places of those that were refused.
        key: what their headers are signed with.
    """
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
        if i not in gone and (name := _named(records[i].headers, records[i].value, key)) is not None:
            found[i - before] = digest(name)
    return found


def digest(name: bytes) -> bytes:
    """The 8 bytes an identity is remembered by; no event id can be made to have the same ones."""
    return blake2b(name, digest_size=8, person=b"replay").digest()


def _named(own: Iterable[Header], value: bytes | None, key: bytes) -> bytes | None:
    """The identity that the headers of a record name; None when none does, or it is not signed."""
    for header, said in own:
        if header == HEADER and said:
            name, _, signature = said.rpartition(b" ")
            if hmac.compare_digest(signature, _signature(name, value, key)):
                return name
    return None


def _signature(name: bytes, value: bytes | None, key: bytes) -> bytes:
    # Kafka's client sends no record without key and value; its value is empty then.
    return hmac.new(key, name + b"\0" + (value or b""), sha256).hexdigest()[:_SIGNATURE].encode()
