"""Decoding: every record is counted or refused, with the right reason, and nothing raises."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import Stream
from kpis.reasons import Reject
from streams.events.decode import DecodePolicy, Decoder
from streams.events.schema import MAX_BYTES
from tests.unit.streams.events import test_told

NOW = 1_700_000_000_000
DAY = 86_400_000
POLICY = DecodePolicy(
    rates={"USD": Decimal(1), "EUR": Decimal("1.08")},
    currency="USD",
    max_age_ms=40 * DAY,
    max_ahead_ms=300_000,
    dedupe=frozenset({Stream.CLICK}),
)
GOOD: dict[str, Any] = {"event_id": "e1", "ts": NOW, "campaign_id": "c1"}


def decode(stream: Stream, *values: bytes | None) -> Any:
    """Decode values of one stream as of NOW."""
    return Decoder(stream, POLICY).decode(values, NOW)


def event(**fields: Any) -> bytes:
    """A good event with some fields changed (None takes one away)."""
    return json.dumps({k: v for k, v in (GOOD | fields).items() if v is not None}).encode()


BAD = [
    (Stream.CLICK, None, Reject.EMPTY),
    (Stream.CLICK, b"", Reject.EMPTY),
    (Stream.CLICK, b'"' + b"x" * MAX_BYTES, Reject.TOO_LARGE),
    (Stream.CLICK, b"{", Reject.NOT_JSON),
    (Stream.CLICK, b"\xff\xfe", Reject.NOT_JSON),
    (Stream.CLICK, b"[" * 60_000, Reject.NOT_JSON),
    (Stream.CLICK, b'{"event_id": NaN}', Reject.NOT_JSON),
    (Stream.CLICK, b'{"event_id":"\\ud800","ts":1,"campaign_id":"c"}', Reject.NOT_JSON),
    (Stream.CLICK, b"[]", Reject.NOT_AN_OBJECT),
    (Stream.CLICK, b"null", Reject.NOT_AN_OBJECT),
    (Stream.CLICK, event(campaign_id=None), Reject.MISSING_FIELD),
    (Stream.CLICK, event(event_id=""), Reject.MISSING_FIELD),
    (Stream.SPEND, event(), Reject.MISSING_FIELD),
    (Stream.CLICK, event(campaign_id=42), Reject.BAD_FIELD),
    (Stream.CLICK, event(quantity=True), Reject.BAD_FIELD),
    (Stream.CLICK, event(quantity=1.5), Reject.BAD_FIELD),
    (Stream.CLICK, event(ts=1.5), Reject.BAD_TIME),
    (Stream.CLICK, event(ts="yesterday"), Reject.BAD_TIME),
    (Stream.CLICK, event(ts="2023-11-14T22:13:20"), Reject.BAD_TIME),
    (Stream.CLICK, event(quantity=-1), Reject.NEGATIVE),
    (Stream.CLICK, event(quantity=10**9 + 1), Reject.OUT_OF_RANGE),
    (Stream.IMPRESSION, event(cost="-0.01"), Reject.NEGATIVE),
    (Stream.CONVERSION, event(quantity=-1), Reject.NEGATIVE),
    (Stream.CONVERSION, event(revenue="-5"), Reject.NEGATIVE),
    (Stream.CONVERSION, event(kind="refund", revenue="5"), Reject.REFUND_SIGN),
    (Stream.CONVERSION, event(kind="refund", quantity=2), Reject.REFUND_SIGN),
    (Stream.SPEND, event(amount="NaN"), Reject.BAD_NUMBER),
    (Stream.SPEND, event(amount="a lot"), Reject.BAD_NUMBER),
    (Stream.SPEND, event(amount=" 9 "), Reject.BAD_NUMBER),
    (Stream.CLICK, event(cost="9_9"), Reject.BAD_NUMBER),
    (Stream.CONVERSION, event(revenue="٩"), Reject.BAD_NUMBER),
    (Stream.SPEND, event(amount=True), Reject.BAD_FIELD),
    (Stream.SPEND, event(amount=[1]), Reject.BAD_FIELD),
    (Stream.SPEND, b'{"event_id":"e","ts":1700000000000,"campaign_id":"c","amount":null}', Reject.MISSING_FIELD),
    (Stream.SPEND, event(amount=""), Reject.MISSING_FIELD),
    (Stream.SPEND, event(amount="1e400"), Reject.OUT_OF_RANGE),
    (Stream.SPEND, event(amount="1", currency="XXX"), Reject.UNKNOWN_CURRENCY),
    (Stream.CLICK, event(event_id="x" * 257), Reject.ID_TOO_LONG),
    (Stream.CLICK, event(campaign_id="x" * 129), Reject.ID_TOO_LONG),
    (Stream.CLICK, event(channel="x" * 129), Reject.ID_TOO_LONG),
    (Stream.CLICK, event(ts=NOW + 300_001), Reject.TOO_FAR_AHEAD),
    (Stream.CLICK, event(ts=NOW - 40 * DAY - 1), Reject.TOO_OLD),
    (Stream.CLICK, event(ts=10**30), Reject.TOO_FAR_AHEAD),
]


@pytest.mark.parametrize(("stream", "raw", "reason"), BAD)
def test_a_bad_event_is_refused_for_its_reason(stream: Stream, raw: bytes | None, reason: Reject) -> None:
    """One of every kind, between two good ones that are counted."""
    good = event(amount="1") if stream is Stream.SPEND else event()
    batch = decode(stream, good, raw, good)
    assert batch.rejected == [(1, reason)]
    assert batch.times == [NOW, NOW]


def test_every_reason_has_an_example() -> None:
    """A new reason comes with a test."""
    found = {reason for _, _, reason in BAD} | {reason for _, reason in test_told.BAD}
    assert found == set(Reject) - {Reject.INTERNAL_ERROR, Reject.OVERFLOW}


@pytest.mark.parametrize(
    ("stream", "fields", "quantity", "money"),
    [
        (Stream.IMPRESSION, {"quantity": 11320, "cost": 3.5}, 11320, 3_500_000),
        (Stream.CLICK, {}, 1, 0),
        (Stream.CLICK, {"cost": "0.10", "currency": "EUR"}, 1, 108_000),
        (Stream.CONVERSION, {"revenue": 19.99}, 1, 19_990_000),
        (Stream.CONVERSION, {"kind": "refund"}, -1, 0),
        (Stream.CONVERSION, {"kind": "refund", "quantity": -2, "revenue": "-39.98"}, -2, -39_980_000),
        (Stream.SPEND, {"amount": "11.195720"}, 0, 11_195_720),
        (Stream.SPEND, {"amount": -0.1}, 0, -100_000),
        (Stream.SPEND, {"amount": 0.1, "unknown": {"deep": [1]}}, 0, 100_000),
    ],
)
def test_a_good_event_counts_what_it_says(stream: Stream, fields: dict[str, Any], quantity: int, money: int) -> None:
    """Counts, and money as exact micros of the base currency."""
    batch = decode(stream, event(**fields))
    assert (batch.rejected, batch.quantities, batch.money) == ([], [quantity], [money])


def test_equal_ids_have_equal_digests_and_others_do_not() -> None:
    """Of the deduplicated streams only."""
    digests = decode(Stream.CLICK, event(), event(), event(event_id="e2")).digests
    assert digests[0] == digests[1] != digests[2]
    assert decode(Stream.IMPRESSION, event()).digests == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["event_id", "ts", "campaign_id", "channel", "quantity", "cost", "amount", "revenue", "kind", "currency"]
)
NEAR = st.dictionaries(FIELDS, JSON | st.decimals().map(str) | st.just(NOW), max_size=8).map(
    lambda d: json.dumps(GOOD | d).encode()
)


@given(
    st.sampled_from(Stream),
    st.lists(st.none() | st.binary(max_size=60) | NEAR | JSON.map(lambda j: json.dumps(j).encode()), max_size=6),
)
def test_every_record_is_either_counted_or_refused(stream: Stream, values: list[bytes | None]) -> None:
    """The decoder never raises and never loses a record, whatever the bytes are."""
    batch = decode(stream, *values)
    assert len(batch.times) + len(batch.rejected) == len(values)
    assert len({i for i, _ in batch.rejected}) == len(batch.rejected)
    assert len(batch.times) == len(batch.events) == len(batch.quantities) == len(batch.money)
    assert all(type(m) is int for m in batch.money)
    assert len(batch.digests) in (0, len(batch.times))


def test_a_setting_bounds_what_one_event_may_say() -> None:
    """In micros of the base currency, and in counts; either way."""
    policy = replace(POLICY, max_micros=5_000_000, max_quantity=7)
    amounts = [event(amount=a, currency=c) for a in ("5", "-5", "5.000001", "-5.000001") for c in ("USD", "EUR")]
    batch = Decoder(Stream.SPEND, policy).decode(amounts, NOW)
    assert batch.money == [5_000_000, -5_000_000]
    assert {reason for _, reason in batch.rejected} == {Reject.OUT_OF_RANGE}
    counts = [event(quantity=q) for q in (7, 8)]
    assert Decoder(Stream.IMPRESSION, policy).decode(counts, NOW).rejected == [(1, Reject.OUT_OF_RANGE)]
    refunds = [event(kind="refund", quantity=q) for q in (-7, -8)]
    assert Decoder(Stream.CONVERSION, policy).decode(refunds, NOW).rejected == [(1, Reject.OUT_OF_RANGE)]
