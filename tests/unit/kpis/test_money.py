"""Money: decimals become integer micros with one rounding."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.money import NUMBER, amount_of, micros, plain_micros
from kpis.reasons import Reject

AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=9)


@given(AMOUNTS, st.decimals(min_value=Decimal("0.0001"), max_value=1, places=8))
def test_micros_are_the_exact_product_rounded_half_even(amount: Decimal, rate: Decimal) -> None:
    """Python's round of a Fraction is exact and half even: the model."""
    assert micros(amount, rate) == round(Fraction(amount) * Fraction(rate) * 10**6)


def test_a_value_just_above_half_a_micro_is_not_rounded_twice() -> None:
    """Rounding to 28 digits first would make it exactly half, and then zero."""
    assert micros(Decimal("0.0000005" + "0" * 40 + "1")) == 1
    assert micros(Decimal("0.0000005")) == 0
    assert micros(Decimal("0.0000015")) == 2


@pytest.mark.parametrize("text", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_a_bad_number(text: str) -> None:
    """NaN and infinities are refused, not turned into an integer."""
    assert micros(Decimal(text)) is Reject.BAD_NUMBER


@pytest.mark.parametrize("text", ["1e10", "1e999999", "-1E+400", "0." + "1" * 61])
def test_what_cannot_be_true_is_out_of_range(text: str) -> None:
    """Neither a huge exponent nor endless digits cost more than a look."""
    assert micros(Decimal(text)) is Reject.OUT_OF_RANGE


@pytest.mark.parametrize("text", ["0", "0E+999999", "-0.0", "1e-999999"])
def test_nothing_is_zero_micros(text: str) -> None:
    """A zero with any exponent, and what is far below a micro, count as zero."""
    assert micros(Decimal(text)) == 0


@given(st.from_regex(NUMBER, fullmatch=True), st.booleans())
def test_an_amount_is_any_number_that_json_can_write(number: bytes, quoted: bool) -> None:
    """In quotes or not; the short way to micros gives what the long way gives."""
    raw = b'"' + number + b'"' if quoted else number
    amount = amount_of(raw)
    if amount is Reject.OUT_OF_RANGE:
        assert len(number.lower().partition(b"e")[2]) > 15
        return
    assert amount == Decimal(number.decode())
    short = plain_micros(raw)
    if short is not None:
        assert isinstance(amount, Decimal)
        assert short == micros(amount)


@pytest.mark.parametrize(
    "text", ["9_9", " 9 ", "+9", ".5", "5.", "007", "٩", "９", "Infinity", "NaN", "0x1", "", "1e", "--1"]
)
def test_what_only_python_takes_for_a_number_is_none(text: str) -> None:
    """In quotes it is a bad number, whatever else could be made of it."""
    raw = msgspec.json.encode(text)
    assert amount_of(raw) is Reject.BAD_NUMBER
    assert plain_micros(raw) is None


def test_a_number_may_be_written_with_escapes() -> None:
    """JSON's, which mean the same characters."""
    assert amount_of(b'"\\u0031\\u002e5"') == Decimal("1.5")
    assert amount_of(b"null") is None
    assert amount_of(b'"\\ud800"') is Reject.BAD_NUMBER


@given(st.binary(max_size=20))
def test_the_short_way_never_takes_more_than_the_long_way(raw: bytes) -> None:
    """Whatever the bytes are."""
    short = plain_micros(raw)
    assert short is None or short == micros(Decimal(raw.strip(b'"').decode()))
