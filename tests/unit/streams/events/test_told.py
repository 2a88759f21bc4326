"""Decoding of ``ads.measures``, and of fields of ad events that measures ask for."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import Stream
from kpis.reasons import Reject
from streams.events.decode import Batch, Decoder, digest
from streams.events.schema import STRUCTS, OfAccount, struct_of
from streams.events.takings import CORE_PLAN, Field, Form
from streams.state.added.added_amounts import added_amounts
from tests.kit import added

NOW = 1_700_000_000_000
PLAN = added.plan_of(added.catalogue())
PLACES, USER = Field("position", Form.PLAIN), Field("user_id", Form.ID)


def decode(stream: Stream, *values: bytes | None) -> Batch:
    """Decode values of one stream as of NOW."""
    return Decoder(stream, added.ACCEPTS, PLAN).decode(values, NOW)


def told(**fields: Any) -> bytes:
    """A good event with some fields changed (None takes one away)."""
    good = {"event_id": "e1", "ts": NOW, "campaign_id": "c1", "name": "sessions"}
    return json.dumps({k: v for k, v in (good | fields).items() if v is not None}).encode()


BAD = [
    (told(name="visits"), Reject.UNKNOWN_MEASURE),
    (told(name=""), Reject.MISSING_FIELD),
    (told(name=None), Reject.MISSING_FIELD),
    (told(name=5), Reject.BAD_FIELD),
    (told(name="x" * 129), Reject.ID_TOO_LONG),
    (told(campaign_id=None), Reject.MISSING_FIELD),
    (told(campaign_id=None, account=""), Reject.BAD_FIELD),
    (told(account="x" * 129), Reject.ID_TOO_LONG),
    (told(value=1.5), Reject.NOT_WHOLE),
    (told(value="1.00000001"), Reject.NOT_WHOLE),
    (told(value="0.5", country="DE"), Reject.NOT_WHOLE),
    (told(value="a lot"), Reject.BAD_NUMBER),
    (told(value=[1]), Reject.BAD_FIELD),
    (told(value={"a": "b" * 10_000}), Reject.BAD_FIELD),
    (told(value=True), Reject.BAD_FIELD),
    (told(value=10**9 + 1), Reject.OUT_OF_RANGE),
    (told(value="1e400"), Reject.OUT_OF_RANGE),
    (told(value="9" * 60_000), Reject.OUT_OF_RANGE),
    (told(name="hours"), Reject.MISSING_FIELD),
    (told(name="followers"), Reject.MISSING_FIELD),
    (told(name="followers", value=7.5), Reject.NOT_WHOLE),
    (told(name="tickets", value=5, currency="XXX"), Reject.UNKNOWN_CURRENCY),
    (told(name="tickets", value="99999999999"), Reject.OUT_OF_RANGE),
    (told(name="opened", user_id=[1]), Reject.BAD_FIELD),
    (told(name="opened", user_id=1.5), Reject.BAD_FIELD),
    (told(name="opened", user_id="x" * 257), Reject.ID_TOO_LONG),
    (told(ts="yesterday"), Reject.BAD_TIME),
]


@pytest.mark.parametrize(("raw", "reason"), BAD)
def test_a_bad_event_is_refused_for_its_reason(raw: bytes, reason: Reject) -> None:
    """Between two good ones that are counted."""
    batch = decode(Stream.MEASURE, told(), raw, told())
    assert batch.rejected == [(1, reason)]
    assert batch.times == [NOW, NOW]


@pytest.mark.parametrize(
    ("fields", "quantity", "money"),
    [
        ({}, 1_000_000, 0),
        ({"value": 3}, 3_000_000, 0),
        ({"value": "-3.0"}, -3_000_000, 0),
        ({"value": 3e2, "currency": "XXX"}, 300_000_000, 0),
        ({"name": "hours", "value": "0.0000005"}, 0, 0),
        ({"name": "hours", "value": 1.25, "currency": "XXX"}, 1_250_000, 0),
        ({"name": "tickets", "value": "1.25"}, 0, 1_250_000),
        ({"name": "tickets", "value": "1.25", "currency": "EUR"}, 0, 2_500_000),
        ({"name": "opened", "value": "garbage that nobody asks for"}, 0, 0),
    ],
)
def test_a_value_is_what_its_measure_takes_it_for(fields: dict[str, Any], quantity: int, money: int) -> None:
    batch = decode(Stream.MEASURE, told(**fields))
    assert (batch.quantities, batch.money) == ([quantity], [money])


def test_what_has_no_campaign_is_of_its_account_which_no_campaign_is_equal_to() -> None:
    batch = decode(Stream.MEASURE, told(campaign_id=None, account="Acme"), told(campaign_id="Acme", account="Acme"))
    assert [event.campaign_id for event in batch.events] == [OfAccount("Acme"), "Acme"]
    assert len({event.campaign_id for event in batch.events}) == 2


def test_with_the_core_alone_every_measure_is_unknown() -> None:
    batch = Decoder(Stream.MEASURE, added.ACCEPTS).decode([told()], NOW)
    assert batch.rejected == [(0, Reject.UNKNOWN_MEASURE)]


def test_fields_are_decoded_only_where_a_measure_asks_for_them() -> None:
    """What nobody asks for costs nothing: it is the very struct of before."""
    for stream in Stream:
        assert struct_of(stream, CORE_PLAN.decoded(stream)) is STRUCTS[stream]
    assert struct_of(Stream.CLICK, PLAN.decoded(Stream.CLICK)).__struct_fields__[-1] == "user_id"
    assert struct_of(Stream.SPEND, PLAN.decoded(Stream.SPEND)) is STRUCTS[Stream.SPEND]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("u1", digest("u1")),
        ("\u00fc", digest("\u00fc")),
        (17, digest("17")),
        ("17", digest("17")),
        ("", None),
        (None, None),
    ],
)
def test_an_id_is_text_or_a_whole_number_however_it_is_written(value: Any, found: bytes | None) -> None:
    """Escaped or not, it is the same."""
    plain = {"event_id": "e1", "ts": NOW, "campaign_id": "c1", "user_id": value}
    for ascii_only in (True, False):
        batch = decode(Stream.CLICK, json.dumps(plain, ensure_ascii=ascii_only).encode())
        assert batch.fields[USER] == [found]


@pytest.mark.parametrize(
    ("position", "found"),
    [(3, 3_000_000), ("2.5", 2_500_000), (None, None), ("x", Reject.BAD_NUMBER), ([], Reject.BAD_FIELD)],
)
def test_a_number_of_a_field_is_read_and_what_is_none_refuses_its_event(position: Any, found: Any) -> None:
    raw = {"event_id": "e1", "ts": NOW, "campaign_id": "c1", "position": position}
    batch = decode(Stream.IMPRESSION, json.dumps(raw).encode())
    if isinstance(found, Reject):
        assert batch.rejected == [(0, found)]
        assert batch.fields[PLACES] == []
    else:
        assert batch.fields[PLACES] == [found]


def test_a_setting_bounds_what_one_value_may_be() -> None:
    policy = replace(added.ACCEPTS, max_micros=5_000_000, max_quantity=7)
    values = [told(value=7), told(value=-8), told(name="tickets", value="-5"), told(name="tickets", value="5.01")]
    batch = Decoder(Stream.MEASURE, policy, PLAN).decode(values, NOW)
    assert batch.rejected == [(1, Reject.OUT_OF_RANGE), (3, Reject.OUT_OF_RANGE)]


def test_events_that_are_taken_out_take_what_their_fields_say_with_them() -> None:
    clicks = [
        json.dumps({"event_id": str(i), "ts": NOW, "campaign_id": "c", "user_id": f"u{i}"}).encode() for i in range(3)
    ]
    batch = decode(Stream.CLICK, *clicks).without([1], Reject.OVERFLOW)
    assert batch.fields[USER] == [digest("u0"), digest("u2")]


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from(["sessions", "hours", "tickets", "followers", "mood_reading", "opened"])
_HOSTILE = st.fixed_dictionaries(
    {"event_id": st.just("e"), "ts": st.just(NOW)},
    optional={
        "campaign_id": st.just("c") | _JSON, "account": st.just("a") | _JSON, "name": _NAMES | _JSON, "value": _JSON,
        "user_id": _JSON, "position": _JSON, "kind": _JSON, "currency": _JSON, "country": _JSON, "cost": _JSON,
    },
)  # fmt: skip


@given(st.sampled_from(Stream), st.lists(_HOSTILE, max_size=5), st.binary(max_size=40))
def test_every_record_is_either_counted_or_refused(stream: Stream, events: list[Any], noise: bytes) -> None:
    """And whatever was counted can be added."""
    values = [*(json.dumps(e).encode("utf-8", "surrogatepass") for e in events), noise]
    batch = decode(stream, *values)
    assert len(batch.times) + len({i for i, _ in batch.rejected}) == len(values)
    assert all(len(read) == len(batch.times) for read in batch.fields.values())
    assert all(type(m) is int for m in batch.money)
    given_amounts = added_amounts(batch, PLAN)
    assert all(len(values) == len(batch.times) for _, values in given_amounts.sums)
