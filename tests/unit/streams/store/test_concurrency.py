"""Several calls on their way at a time."""

from __future__ import annotations

import asyncio

import pytest

from streams.store.concurrency import in_turns


class Calls:
    """Calls that note how many are on their way; one of them may fail."""

    def __init__(self, failing: int | None = None) -> None:
        self.failing = failing
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.on_their_way: dict[int, int] = {}

    async def __call__(self, number: int) -> int:
        self.begun.append(number)
        self.on_their_way[number] = len(self.begun) - len(self.ended)
        await asyncio.sleep(0)
        self.ended.append(number)
        if number == self.failing:
            raise ValueError(str(number))
        return number * 10


@pytest.mark.parametrize("calls", [1, 2, 3, 4, 20])
def test_every_call_is_made_once_and_answers_stand_in_order(calls: int) -> None:
    made = Calls()
    assert asyncio.run(in_turns(made, calls, 4)) == [n * 10 for n in range(calls)]
    assert sorted(made.begun) == list(range(calls))


def test_the_first_and_the_last_call_are_alone_and_no_more_than_allowed_are_on_their_way() -> None:
    made = Calls()
    asyncio.run(in_turns(made, 20, 4))
    assert made.on_their_way[0] == made.on_their_way[19] == 1
    assert (made.begun[0], made.begun[-1]) == (0, 19)
    assert max(made.on_their_way.values()) == 4


@pytest.mark.parametrize("failing", [0, 5, 19])
def test_after_a_call_that_fails_none_is_made_and_those_on_their_way_are_waited_for(failing: int) -> None:
    made = Calls(failing)
    with pytest.raises(ValueError, match=f"^{failing}$"):
        asyncio.run(in_turns(made, 20, 4))
    assert sorted(made.begun) == sorted(made.ended)
    assert 19 not in made.begun or failing == 19
    assert len(made.begun) <= failing + 4
