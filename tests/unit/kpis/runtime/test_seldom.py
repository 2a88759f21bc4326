"""What is shown of texts that others chose, and how often the same is said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.runtime.printable import printable, printable_lines
from kpis.runtime.seldom import Seldom


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Frühling 春 ربيع", "Frühling 春 ربيع"),
        ("invoice\u202egnp.exe", "invoice\\u202egnp.exe"),
        ("\x1b[2Jc\r\n", "\\u001b[2Jc\\u000d\\u000a"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("\U000e0041tag", "\\udb40\\udc41tag"),
    ],
)
def test_what_a_terminal_would_obey_or_hide_is_written_out(text: str, shown: str) -> None:
    """Letters of all scripts, and joined emoji, stay as they are."""
    assert printable(text) == shown


@given(st.text())
def test_json_stays_the_same_json(text: str) -> None:
    """What is written out is an escape of JSON's own."""
    assert json.loads(printable_lines(json.dumps(text, ensure_ascii=False))) == text


def test_the_same_is_said_at_once_and_then_once_a_minute_with_its_count() -> None:
    """Nothing of the count is lost."""
    seldom = Seldom(60.0)
    said = [(at, n) for at in range(1000, 1200) if (n := seldom.due(float(at), 25))]
    assert said == [(1000, 25), (1060, 25 * 60), (1120, 25 * 60), (1180, 25 * 60)]
