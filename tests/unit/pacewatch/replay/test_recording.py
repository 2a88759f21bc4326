"""Reading recordings: no line is ever lost."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import Stream
from kpis.runtime.errors import Misconfigured
from pacewatch.replay.lines import LINE_LIMIT, BrokenFile, Lines
from pacewatch.replay.recording import BadLine, Record, Recording, parse

EVENT = {"type": "click", "event_id": "e1", "ts": 1_700_000_000_000, "campaign_id": "c1"}
_bytes_lines = st.lists(st.binary(max_size=60).map(lambda b: b.replace(b"\n", b"").replace(b"\r", b"")))
_json_lines = st.dictionaries(st.sampled_from(["type", "ts", "campaign_id", "amount", "x"]), st.text() | st.integers())


def items(data: bytes, name: str = "events.ndjson") -> list[Record | BadLine]:
    with TemporaryDirectory() as directory:
        path = Path(directory, name)
        path.write_bytes(data)
        with Recording(path) as recording:
            return list(recording)


@given(lines=_bytes_lines, packed=st.booleans(), last_newline=st.booleans())
def test_every_line_that_is_not_blank_becomes_one_item_with_its_number(
    lines: list[bytes], packed: bool, last_newline: bool
) -> None:
    data = b"\n".join(lines) + (b"\n" if last_newline else b"")
    # A byte order mark belongs to the file, not to its first line.
    text = [line.removeprefix(b"\xef\xbb\xbf") if i == 0 else line for i, line in enumerate(lines)]
    # Unless packed, a file must not look like gzip.
    if not packed and data.startswith(b"\x1f\x8b"):
        return
    found = items(gzip.compress(data) if packed else data)
    assert [i.line for i in found] == [n for n, line in enumerate(text, 1) if line.strip()]


@given(st.binary(max_size=200) | _json_lines.map(lambda d: json.dumps(d).encode()))
def test_parsing_a_line_never_raises(text: bytes) -> None:
    assert isinstance(parse(1, text), Record | BadLine)


def test_a_usable_event_passes_byte_for_byte() -> None:
    text = b'{ "type":"spend", "amount" : 1.10, "ts":"2026-01-01T00:00:00Z","campaign_id":"c","other":[1, 2] }'
    found = parse(7, text)
    assert isinstance(found, Record)
    assert found.value == text
    assert (found.line, found.stream, found.key, found.ts_ms) == (7, Stream.SPEND, b"c", 1_767_225_600_000)


@pytest.mark.parametrize("line", [b"[]", b"3", b"{}", b'{"type":"view"}', b'{"type":1}', b'{"type":"click"', b"\xff"])
def test_a_line_without_a_known_type_is_reported_and_not_dropped(line: bytes) -> None:
    good = json.dumps(EVENT).encode()
    bad = [i for i in items(b"\n".join([good, line, good])) if isinstance(i, BadLine)]
    assert [b.line for b in bad] == [2]


def test_a_line_longer_than_the_limit_is_one_bad_line_and_the_next_is_read() -> None:
    found = items(b"x" * (3 * LINE_LIMIT) + b"\n" + json.dumps(EVENT).encode())
    assert [(type(i), i.line) for i in found] == [(BadLine, 1), (Record, 2)]


def test_gzip_is_known_by_its_bytes_and_may_have_several_members() -> None:
    line = json.dumps(EVENT).encode() + b"\n"
    assert len(items(gzip.compress(line) + gzip.compress(line), "no-such-suffix")) == 2


def test_a_cut_off_gzip_file_is_a_clear_error_that_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    lines = b"".join(json.dumps({**EVENT, "event_id": str(i)}).encode() + b"\n" for i in range(2000))
    path.write_bytes(gzip.compress(lines)[:-2000])
    read: list[int] = []
    with Lines(path) as opened, pytest.raises(BrokenFile, match="cut off") as caught:
        read.extend(n for n, _ in opened)
    assert caught.value.line == len(read) + 1 > 1


def test_a_missing_file_is_a_clear_error() -> None:
    with pytest.raises(BrokenFile, match="No such file"):
        Recording(Path("does-not-exist"))


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=20))
def test_every_csv_row_comes_back_whatever_is_in_its_cells(rows: list[tuple[str, str]]) -> None:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["type", "campaign_id", "kind"])
    writer.writerows([("click", a, b) for a, b in rows])
    try:
        data = file.getvalue().encode()
    except UnicodeEncodeError:
        return
    found = items(data, "events.csv")
    assert all(isinstance(i, Record) for i in found)
    back = [json.loads(i.value) for i in found if isinstance(i, Record)]
    # Line ends inside a cell are read as they are written; what surrounds a cell's text is trimmed.
    assert [b.get("campaign_id", "") for b in back] == [a.replace("\r\n", "\n").strip() for a, _ in rows]


def test_bad_csv_rows_are_named_with_line_and_column_and_the_rest_is_read() -> None:
    data = (
        b"type,ts,campaign_id,amount\nspend,1,c,1.5\nspend,soon,c,1\nspend,1,c\n\n"
        b"spend,2,c,abc\nspend,3,\xff,1\nspend,4,c,2"
    )
    found = items(data, "x.csv")
    bad = {i.line: i.reason for i in found if isinstance(i, BadLine)}
    assert set(bad) == {3, 4, 6, 7}
    assert bad[3].startswith("column 'ts'")
    assert "3 cells under a header of 4" in bad[4]
    assert bad[6].startswith("column 'amount'")
    assert "UTF-8" in bad[7]
    assert [i.line for i in found if isinstance(i, Record)] == [2, 8]


def test_an_unclosed_quote_is_reported_with_the_lines_it_swallowed() -> None:
    found = items(b'type,campaign_id\nclick,a\nclick,"b\nclick,c\n', "x.csv")
    bad = [i for i in found if isinstance(i, BadLine)]
    assert [(b.line, b.lines) for b in bad] == [(3, 2)]


def test_a_mapped_column_that_the_header_lacks_is_refused_at_once(tmp_path: Path) -> None:
    from pacewatch.replay.mapping import Mapping

    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with Recording(path, Mapping(columns={"ts": "when"})) as recording, pytest.raises(Misconfigured, match="when"):
        list(recording)


def test_a_csv_line_longer_than_the_limit_is_one_bad_line_and_the_next_rows_are_read() -> None:
    data = b"type,campaign_id\nclick,a\nclick," + b"x" * (2 * LINE_LIMIT) + b"\nclick,b\n"
    assert [(type(i), i.line) for i in items(data, "x.csv")] == [(Record, 2), (BadLine, 3), (Record, 4)]


def measure(**fields: object) -> Record:
    """The record of a measure's event."""
    found = parse(1, json.dumps({"type": "measure", "event_id": "e", "ts": 5, "name": "sessions", **fields}).encode())
    assert isinstance(found, Record)
    return found


def test_a_measure_is_sent_with_its_campaign_as_key_or_else_its_account() -> None:
    """What is added up for one of them is in one partition."""
    assert measure(campaign_id="c", account="A").key == b"c"
    assert measure(account="A").key == b"A"
    assert measure().key is None
    assert measure().stream is Stream.MEASURE


def test_the_value_of_a_measure_is_money_only_where_it_names_a_currency() -> None:
    assert measure(value=7).currency is None
    assert measure(value=7, currency="EUR").currency == "EUR"


def test_a_row_may_be_a_measure() -> None:
    """Columns named like the fields need no mapping."""
    found = items(b"type,event_id,ts,campaign_id,name,value\nmeasure,e1,5,c1,hours,1.50\n", "events.csv")
    assert [json.loads(r.value) for r in found if isinstance(r, Record)] == [
        {"event_id": "e1", "type": "measure", "ts": 5, "campaign_id": "c1", "name": "hours", "value": "1.50"}
    ]
