"""Times as RFC 3339 writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.times import parse_time, written_time

NOW = 1_700_000_000_000
MOMENTS = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29))  # noqa: DTZ001 - the zone is drawn apart
ZONES = st.integers(-23 * 60 - 59, 23 * 60 + 59)


@given(MOMENTS, ZONES, st.text("0123456789", max_size=12), st.sampled_from("Tt"))
def test_every_moment_in_every_zone_is_read_to_the_millisecond(
    moment: datetime, minutes: int, fraction: str, separator: str
) -> None:
    """What is finer is cut off."""
    zone = timezone(timedelta(minutes=minutes))
    written = (
        f"{moment:%Y-%m-%d}".rjust(10, "0") + f"{separator}{moment:%H:%M:%S}" + (f".{fraction}" if fraction else "")
    )
    written += f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    whole = moment.replace(microsecond=0, tzinfo=zone) - datetime(1970, 1, 1, tzinfo=UTC)
    assert parse_time(written) == whole // timedelta(milliseconds=1) + int(fraction[:3].ljust(3, "0"))


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2023-11-14T22:13:20Z", NOW),
        ("2023-11-14t22:13:20z", NOW),
        ("2023-11-14T22:13:20.1239999999999Z", NOW + 123),
        ("2023-11-14T22:13:20-00:00", NOW),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("1969-12-31T23:59:59.250Z", -750),
    ],
)
def test_what_the_standard_allows_is_read(text: str, ms: int) -> None:
    """Small letters, any fraction, the unknown zone, leap seconds, times before 1970."""
    assert parse_time(text) == ms


@pytest.mark.parametrize(
    "text",
    [
        "", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14 22:13:20Z", "20231114T221320Z", "2023-W46-2T22:13:20Z",
        "2023-11-14T22:13Z", "2023-11-14T22:13:20,5Z", "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20+0100",
        "2023-11-14T22:13:20+01", "2023-11-14T22:13:20+24:00", "2023-11-14T22:13:20+01:60", "2023-02-30T00:00:00Z",
        "2023-11-14T24:00:00Z", "2023-11-14T22:13:61Z", "٢٠٢٣-11-14T22:13:20Z", "2023-11-14T22:13:20Z\n",
        "0000-01-01T00:00:00Z", "2023-11-14T22:13:20." + "1" * 60 + "Z",
    ],
)  # fmt: skip
def test_what_only_others_allow_is_no_time(text: str) -> None:
    """ISO 8601 allows most of it."""
    assert parse_time(text) is None


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """Nothing raises."""
    assert parse_time(text) is None or text[4] == "-"


@given(st.integers(0, 4_000_000_000_000))
def test_what_is_written_reads_as_it_was(ms: int) -> None:
    assert parse_time(written_time(ms)) == ms
    assert written_time(ms).endswith("Z")
