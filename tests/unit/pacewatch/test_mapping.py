"""CSV mappings: units, zones, constants, and errors that name the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pacewatch.mapping import BadCell, Column, Mapping, load
from streams.errors import Misconfigured


@pytest.mark.parametrize(
    ("cell", "unit", "ms"),
    [
        ("1370448070312", None, 1370448070312),
        ("1370448070.312", "s", 1370448070312),
        ("1370448070312999", "us", 1370448070312),
        ("2013-06-06T00:01:10.312+08:00", None, 1370448070312),
        ("2013-06-06 00:01:10.312", None, 1370448070312),
    ],
)
def test_times_of_every_unit_become_epoch_milliseconds(cell: str, unit: str | None, ms: int) -> None:
    mapping = Mapping(columns={"ts": Column("t", unit=unit)}, timezone="Asia/Shanghai")  # type: ignore[arg-type]
    assert mapping.event({"t": cell}, "id")["ts"] == ms


def test_a_time_format_is_read_in_the_mapping_s_zone() -> None:
    mapping = Mapping(columns={"ts": Column("t", format="%d/%m/%Y %H:%M")}, timezone="Europe/Berlin")
    assert mapping.event({"t": "01/07/2026 02:00"}, "id")["ts"] == 1_782_864_000_000


def test_a_time_without_a_zone_is_refused_when_the_mapping_names_none() -> None:
    with pytest.raises(BadCell, match="names no zone"):
        Mapping(columns={"ts": "t"}).event({"t": "2026-01-01 00:00:00"}, "id")


@pytest.mark.parametrize(
    ("cell", "unit", "amount"),
    [
        ("11.195720", None, "11.195720"),
        ("1234", "cents", "12.34"),
        ("11195720", "micros", "11.195720"),
        ("-5", "cents", "-0.05"),
    ],
)
def test_money_of_every_unit_keeps_its_digits(cell: str, unit: str | None, amount: str) -> None:
    mapping = Mapping(columns={"amount": Column("m", unit=unit)})  # type: ignore[arg-type]
    assert mapping.event({"m": cell}, "id")["amount"] == amount


@pytest.mark.parametrize("cell", ["", "abc", "NaN", "1e999999999", "Infinity", "1" * 100])
def test_an_amount_that_is_no_number_is_refused_and_an_empty_one_is_absent(cell: str) -> None:
    mapping = Mapping(columns={"amount": "m"})
    if not cell:
        assert "amount" not in mapping.event({"m": cell}, "id")
    else:
        with pytest.raises(BadCell) as caught:
            mapping.event({"m": cell}, "id")
        assert caught.value.column == "m"


def test_constants_values_and_the_default_id_fill_the_event() -> None:
    mapping = Mapping(
        columns={"type": Column("k", values={"imp": "impression"}), "quantity": "n"}, constants={"currency": "CNY"}
    )
    event = mapping.event({"k": "imp", "n": "12"}, "file:7")
    assert event == {"event_id": "file:7", "currency": "CNY", "type": "impression", "quantity": 12}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("columns: {when: t}", "no event field"),
        ("columns: {amount: {column: m, unit: ms}}", "cannot be in ms"),
        ("columns: {ts: {column: t, unit: hours}}", "not a usable mapping"),
        ("timezone: Mars/Olympus", "unknown"),
        ("colums: {}", "colums"),
        ("a: [", "line 1"),
    ],
)
def test_a_mapping_file_that_means_nothing_is_refused_with_the_reason(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(Misconfigured, match=problem):
        load(path)
