"""The error tree: everything Pacewatch raises on purpose.

A :class:`Recoverable` error goes away by itself or by waiting (a broker that restarts); the caller retries with
backoff. A :class:`Permanent` error needs a person; the caller says so and ends. Messages never carry secrets.
"""

from __future__ import annotations


class PacewatchError(Exception):
    """Base of all errors that Pacewatch raises on purpose."""


class Recoverable(PacewatchError):
    """Waiting may help: retry with backoff."""


class Permanent(PacewatchError):
    """Waiting does not help: a person has to change something; the message says what."""


class Unreachable(Recoverable):
    """A service does not answer.

    Attributes:
        service: what is away, for people ("Kafka", "Redis").
        address: where it was looked for, without credentials.
        cause: the client's error in one line.
    """

    def __init__(self, service: str, address: str, cause: str) -> None:
        super().__init__(f"{service} at {address} does not answer: {cause}")
        self.service = service
        self.address = address
        self.cause = cause


class Misconfigured(Permanent):
    """A setting cannot be used.

    Attributes:
        setting: the environment variable, or the topic or file that is wrong.
        remedy: what to do about it.
    """

    def __init__(self, setting: str, problem: str, remedy: str = "") -> None:
        super().__init__(f"{setting}: {problem}" + (f" ({remedy})" if remedy else ""))
        self.setting = setting
        self.remedy = remedy


class MissingProgram(Permanent):
    """A program needed by the embedded mode is not installed.

    Attributes:
        program: its name.
        remedy: the command that brings it.
    """

    def __init__(self, program: str, remedy: str) -> None:
        super().__init__(f"{program} was not found: {remedy}")
        self.program = program
        self.remedy = remedy


class Unusable(Recoverable):
    """Redis holds something that cannot be worked with, such as a key of another type.

    Attributes:
        address: where, without credentials.
        cause: the client's error in one line.
    """

    def __init__(self, address: str, cause: str) -> None:
        super().__init__(f"Redis at {address} holds what cannot be used: {cause}")
        self.address = address
        self.cause = cause


class Fenced(Recoverable):
    """Another worker took the partition: this owner must let go without writing.

    Attributes:
        partition: the partition number.
        mine: the epoch this owner holds.
        theirs: the epoch found in Redis.
    """

    def __init__(self, partition: int, mine: int, theirs: int) -> None:
        super().__init__(f"partition {partition}: epoch {mine} was fenced by epoch {theirs}")
        self.partition = partition
        self.mine = mine
        self.theirs = theirs


class LostWrites(Recoverable):
    """Redis went back in time (restart from an old AOF, failover, flush): reload from it and seek back.

    Attributes:
        partition: the partition number.
        expected: the sequence number this owner last wrote.
        found: the one in Redis, None when the partition's meta is gone.
    """

    def __init__(self, partition: int, expected: int, found: int | None) -> None:
        super().__init__(f"partition {partition}: Redis holds seq {found}, this owner wrote {expected}")
        self.partition = partition
        self.expected = expected
        self.found = found


class VoidState(Recoverable):
    """An error left a partition's state half changed: it must be loaded again, and is never written.

    Attributes:
        partition: the partition number.
    """

    def __init__(self, partition: int) -> None:
        super().__init__(f"partition {partition}: the state is void")
        self.partition = partition


class Outdated(Recoverable):
    """A partition is counted by a catalogue that is not in use any more: it must be loaded again.

    Attributes:
        partition: the partition number.
    """

    def __init__(self, partition: int) -> None:
        super().__init__(f"partition {partition}: another catalogue is in use")
        self.partition = partition


class Uncountable(Recoverable):
    """Counting a chunk failed in a way that nobody foresaw: the partition's state is void, and is loaded again.

    Attributes:
        partition: the partition number.
        topic: the chunk's topic.
        first: its first offset.
        end: the offset after its last.
        kind: the error's type.
    """

    def __init__(self, partition: int, topic: str, first: int, end: int, error: BaseException) -> None:
        super().__init__(
            f"{topic}, partition {partition}: counting offsets {first} to {end - 1} failed: {one_line(error)}"
        )
        self.partition = partition
        self.topic = topic
        self.first = first
        self.end = end
        self.kind = type(error).__name__


def one_line(error: BaseException, limit: int = 160) -> str:
    """A client's error as one bounded line: its kind, and its text where that says more."""
    kind, text = type(error).__name__, " ".join(str(error).split())
    return (text if text.startswith(kind) else f"{kind}: {text}" if text else kind)[:limit]
