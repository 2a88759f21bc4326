"""Reading a partition while it is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.exceptions import ConnectionError as AwayError
from redis.exceptions import ResponseError, WatchError

from monitors.read.consistent import ConsistentReads

ONE, TWO = [b"7", b"1"], [b"7", b"2"]


class Scripted:
    """A Redis whose pipelines answer what they are told to, the last answer over and over."""

    def __init__(self, *answers: list[Any]) -> None:
        self.answers, self.asked = list(answers), 0

    def pipeline(self, transaction: bool) -> Scripted:
        """Itself."""
        assert not transaction
        return self

    def hmget(self, *_: Any) -> None:
        """Nothing is sent."""

    hgetall = hmget

    async def execute(self, raise_on_error: bool) -> list[Any]:
        """The next answer."""
        assert not raise_on_error
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def read(redis: Scripted) -> Any:
    """One key of partition 0."""
    return asyncio.run(ConsistentReads(redis).hashes(0, ["key"]))


def test_what_a_flush_came_between_is_read_again() -> None:
    """Old documents must not be shown with a new clock."""
    redis = Scripted([ONE, {b"c": b"old"}, TWO], [TWO, {b"c": b"new"}, TWO])
    assert read(redis) == [{b"c": b"new"}]
    assert redis.asked == 2


def test_a_partition_that_never_rests_is_an_error_not_a_hang() -> None:
    """The monitor reads again later."""
    with pytest.raises(WatchError, match="partition 0 changed"):
        read(Scripted([ONE, {}, TWO]))


def test_a_strange_key_is_told_from_a_server_that_is_away() -> None:
    """Both come as results, not raised."""
    wrong = ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
    assert read(Scripted([wrong, wrong, wrong])) == [None]
    with pytest.raises(AwayError):
        read(Scripted([ONE, AwayError("Connection refused"), ONE]))
