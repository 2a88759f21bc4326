"""Events: the decoder.

The first byte chooses the stream and whether the
rest is taken as it is or as numbers of JSON fragments, which reach further than bytes do; records are separated by
newlines. Whatever comes out, every record must be counted or refused, exactly once.
"""

from __future__ import annotations

from decimal import Decimal

from kpis.measures import Stream
from streams.events.decode import DecodePolicy, Decoder
from streams.events.takings import CORE_PLAN
from tests.kit import added

NOW = 1_700_000_000_000
POLICY = DecodePolicy(
    rates={"USD": Decimal(1), "EUR": Decimal("1.08")},
    currency="USD",
    max_age_ms=40 * 86_400_000,
    max_ahead_ms=300_000,
    dedupe=frozenset(Stream),
)
PLAN = added.plan_of(added.catalogue())
DECODERS = [Decoder(stream, POLICY, plan) for stream in Stream for plan in (CORE_PLAN, PLAN)]
FRAGMENTS = [
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"\n", b"\\", b"-", b"null", b"true", b"NaN", b"1e9", b"0.1", b"\xff"),
    *(f'"{n}":'.encode() for n in ("event_id", "ts", "campaign_id", "channel", "country", "quantity", "cost")),
    *(f'"{n}":'.encode() for n in ("name", "value", "account", "user_id", "position")),
    *(f'"{n}":'.encode() for n in ("amount", "revenue", "kind", "currency", "other")),
    *(b'"a"', b'""', b'"EUR"', b'"XTS"', b'"refund"', b'"1.5"', b'"-7"', b'"NaN"', b'"1e400"', b'"\\ud800"'),
    *(b"1700000000000", b"1.5", b"-1", b"1000000001", b'"2023-11-14T22:13:20Z"', b'"9999-12-31T23:59:59+14:00"'),
    *(b'"' + b"x" * 300 + b'"', b"9" * 80, b"[" * 2000),
    b'{"event_id":"e","ts":1700000000000,"campaign_id":"c","amount":"1","quantity":2,',
    b'{"event_id":"e","ts":1700000000000,"campaign_id":"c","kind":"refund","revenue":',
]


def one_input(data: bytes) -> None:
    """One fuzz input."""
    if not data:
        return
    rest = data[1:] if data[0] < 128 else b"".join(FRAGMENTS[b % len(FRAGMENTS)] for b in data[1:])
    values = rest.split(b"\n")
    batch = DECODERS[data[0] % len(DECODERS)].decode(values, NOW)
    assert len(batch.times) + len(batch.rejected) == len(values)
    assert len({i for i, _ in batch.rejected}) == len(batch.rejected)
    assert len(batch.times) == len(batch.events) == len(batch.quantities) == len(batch.money) == len(batch.digests)
    assert all(type(m) is int and abs(m) < 10**17 for m in batch.money)
