"""Units: how amounts and counts read."""

from __future__ import annotations

import pytest

from kpis.units import how_many


@pytest.mark.parametrize(("count", "said"), [(0, "0 alerts"), (1, "1 alert"), (2, "2 alerts"), (1_000, "1,000 alerts")])
def test_one_thing_is_one_and_any_other_number_of_them_are_several(count: int, said: str) -> None:
    assert how_many(count, "alert") == said


def test_what_is_said_of_things_agrees_with_how_many_there_are() -> None:
    assert [how_many(n, "message waits", "messages wait") for n in (1, 2)] == ["1 message waits", "2 messages wait"]
