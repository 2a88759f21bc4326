"""CSV mappings: units, zones, constants, and errors that name the place."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kpis.runtime.problems import MOST, InvalidFile
from kpis.runtime.yaml_nodes import Problems
from pacewatch.replay.mapping import FIELDS, BadCell, MappedColumn, Mapping
from pacewatch.replay.mapping_file import _KEYS as KEYS
from pacewatch.replay.mapping_file import load, parse


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
    mapping = Mapping(columns={"ts": MappedColumn("t", unit=unit)}, timezone="Asia/Shanghai")  # type: ignore[arg-type]
    assert mapping.event({"t": cell}, "id")["ts"] == ms


def test_a_time_format_is_read_in_the_mapping_s_zone() -> None:
    mapping = Mapping(columns={"ts": MappedColumn("t", format="%d/%m/%Y %H:%M")}, timezone="Europe/Berlin")
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
    mapping = Mapping(columns={"amount": MappedColumn("m", unit=unit)})  # type: ignore[arg-type]
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
        columns={"type": MappedColumn("k", values={"imp": "impression"}), "quantity": "n"},
        constants={"currency": "CNY"},
    )
    event = mapping.event({"k": "imp", "n": "12"}, "file:7")
    assert event == {"event_id": "file:7", "currency": "CNY", "type": "impression", "quantity": 12}


WRONG = [
    ("columns: {when: t}", "line 1, column 11: columns: unknown key 'when'"),
    ("columns: {amount: {column: m, unit: ms}}", "amount cannot be in 'ms'"),
    ("columns: {ts: {column: t, unit: hours}}", "ts cannot be in 'hours'"),
    ("columns: {channel: {column: t, unit: ms}}", "channel has no unit"),
    ("timezone: Mars/Olympus", "unknown timezone 'Mars/Olympus'"),
    ("timezone: Europe/Berlim", "did you mean Europe/Berlin?"),
    ("colums: {}", "unknown key 'colums'; did you mean columns?"),
    ("a: [", "not valid YAML"),
    ("columns: {ts: {column: t, format: '%Y%Y'}}", "is no format of a time"),
    ("columns: {ts: {column: t, format: '%Q'}}", "is no format of a time"),
    ("columns: {channel: {column: t, format: '%Y'}}", "only ts has a format"),
    ('delimiter: "\\n"', "must be one character"),
    ("delimiter: '\"'", "must be one character"),
    ("delimiter: ab", "must be one character"),
    ("header: [a, b, a]", "column 'a' is given twice"),
    ("header: [a, b]\ncolumns: {ts: c}", "line 2, column 15: columns.ts: there is no column 'c' in the header"),
    ("columns: {ts: a, ts: b}", "ts is given twice"),
    ("constants: {type: banana}", "unknown type 'banana'"),
    ("constants: {currency: euro}", "is no currency code"),
    ("constants: {amount: 9_9}", "must be an amount"),
    ("constants: {ts: yesterday}", "is no time"),
    ("constants: {quantity: many}", "must be a whole number"),
    ("constants: {type: click}\ncolumns: {type: t}", "type has a column already"),
    ("a: &x [1]\nb: *x", "anchors"),
    ("<<: {columns: {ts: t}}", "a key must be plain text"),
    ("!!python/object:os.system {}", "tags"),
    ("- " * 40, "nested deeper"),
    ("[]", "must be a mapping"),
]


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_a_mapping_file_that_means_nothing_is_refused_with_the_reason(tmp_path: Path, text: str, problem: str) -> None:
    """And with its line; nothing waits for the first row to show it."""
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(InvalidFile, match=re.escape(problem)):
        load(path)


def test_a_file_that_cannot_be_had_whole_is_refused(tmp_path: Path) -> None:
    """One that is too large, a pipe, a directory, none, and one that is no text."""
    (tmp_path / "large").write_text("#" * (1 << 20) + "\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "bytes").write_bytes(b"columns: \xff")
    for name, problem in (
        ("large", "larger than"), ("pipe", "no regular file"), (".", "no regular file"), ("none", "cannot be read"),
        ("bytes", "not UTF-8"),
    ):  # fmt: skip
        with pytest.raises(InvalidFile, match=problem):
            load(tmp_path / name)


def test_a_list_of_errors_is_cut(tmp_path: Path) -> None:
    """A thousand of them help nobody."""
    path = tmp_path / "map.yaml"
    path.write_text("columns:\n" + "".join(f"  wrong{i}: x\n" for i in range(1000)))
    with pytest.raises(InvalidFile) as caught:
        load(path)
    assert (len(caught.value.problems), caught.value.count) == (MOST, 1000)


def test_a_bomb_of_merge_keys_is_refused_unread(tmp_path: Path) -> None:
    """It took half a minute, and would have taken all memory."""
    lines = ["a0: &a0 {x: 1}"] + [f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, 60)]
    (tmp_path / "bomb").write_text("\n".join(lines))
    with pytest.raises(InvalidFile, match="anchors"):
        load(tmp_path / "bomb")


TEXT = st.text() | st.recursive(
    st.sampled_from([*FIELDS, "column", "unit", "format", "values", "ms", "t", "%d/%m", "1", "", "Europe/Berlin"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, *KEYS, "column"]), inner),
    max_leaves=10,
).map(lambda value: yaml.safe_dump(value, allow_unicode=True))


@given(TEXT)
def test_any_text_is_a_mapping_or_a_list_of_problems(text: str) -> None:
    """Nothing else is raised."""
    problems = Problems()
    found = parse(text, problems)
    assert (found is None) is bool(problems.found)


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=30), min_size=1), st.sampled_from(["ms", "s", "text"]))
def test_any_cells_are_an_event_or_a_bad_cell(cells: dict[str, str], unit: Any) -> None:
    """Whatever they hold."""
    columns = {f: MappedColumn(f, unit) if f == "ts" else f for f in cells}
    with suppress(BadCell):
        Mapping(columns=columns, timezone="Asia/Shanghai").event(cells, "id")
