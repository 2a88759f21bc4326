"""What every notifier is, and what an attempt comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from monitors.alerts.alert import Alert, Outgoing


class Outcome(StrEnum):
    """What became of an attempt; also the label of its counter."""

    SENT = "sent"
    RATE_LIMITED = "rate_limited"
    """429: wait as long as the service says."""
    SERVER_ERROR = "server_error"
    """5xx, or another answer that asks for it: try again."""
    UNREACHABLE = "unreachable"
    """No answer, or none in time: try again."""
    REFUSED = "refused"
    """Another answer: the message or the address is wrong, and trying again would not help."""
    UNREADABLE = "unreadable"
    """What lies in the lane is no alert."""
    EXPIRED = "expired"
    """It could not be delivered for so long that it says nothing of now."""

    @property
    def is_final(self) -> bool:
        """Whether the message leaves the lane."""
        return self in {Outcome.SENT, Outcome.REFUSED, Outcome.UNREADABLE, Outcome.EXPIRED}


ANSWERED = (
    Outcome.SENT, Outcome.RATE_LIMITED, Outcome.SERVER_ERROR, Outcome.UNREACHABLE, Outcome.REFUSED,
)  # fmt: skip
"""What one request may come to."""
GIVEN_UP = tuple(outcome for outcome in Outcome if outcome.is_final and outcome is not Outcome.SENT)


@dataclass(frozen=True, slots=True)
class Answer:
    """What an attempt came to.

    Attributes:
        outcome: its kind.
        detail: status or error type, for logs; never holds the address.
        wait_s: how long the service asks to wait; None when it does not say.
    """

    outcome: Outcome
    detail: str
    wait_s: float | None = None


class SentAs(StrEnum):
    """Which messages are sent in one."""

    ALL = "all"
    """All that wait: the service takes many alerts in one request."""
    CAMPAIGN = "campaign"
    """Those of one campaign; those of many campaigns, when many change together, are a digest."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """How messages are put together.

    Attributes:
        together: which are.
        gather_s: for how many real seconds a message waits for others.
        digest_from: so many campaigns that change together are a digest.
        calm_s: for how many real seconds after a digest others wait for the next one.
        most: messages in one.
    """

    together: SentAs = SentAs.CAMPAIGN
    gather_s: float = 3.0
    digest_from: int = 5
    calm_s: float = 120.0
    most: int = 1_000


class Notifier(Protocol):
    """A way to tell people.

    Attributes:
        name: of its lane, of its label in metrics, and in routes.
        title: its name for people: in logs, and in what ``pacewatch doctor`` says.
        timeout_s: how long one attempt may take.
        grouping: how its messages are put together.
    """

    name: str
    title: str
    timeout_s: float
    grouping: Grouping

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Try once to send what belongs in one message, oldest first; never raises for what network or service do."""
        ...


@runtime_checkable
class Refreshes(Notifier, Protocol):
    """A notifier whose service forgets what nobody repeats: what stands is sent to it again and again.

    Attributes:
        refresh_s: how often, real seconds.
    """

    refresh_s: float

    async def refresh(self, standing: Sequence[Alert]) -> Answer:
        """Send again what stands, as people know it; never raises for what network or service do.

        Args:
            standing: some of it, as many as ``grouping`` allows in one message; fewer when nothing follows.
        """
        ...

    def forget(self) -> None:
        """Another monitor leads: what was sent from here says nothing of what the service knows from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """What a service said when it was asked whether it is there; it was sent nothing to tell.

    Attributes:
        who: which service, for people; never its address.
        is_well: whether it would take alerts, as far as can be seen without one.
        said: what was found, as what follows ``who``.
        cure: what to do where it is not well.
    """

    who: str
    is_well: bool
    said: str
    cure: str = ""


@runtime_checkable
class Askable(Protocol):
    """A notifier whose services can be asked whether they are there, without telling anybody anything."""

    async def ask(self, timeout_s: float) -> Sequence[Asked]:
        """Ask each of them once; never raises for what network or service do.

        Args:
            timeout_s: how long each may take, real seconds.
        """
        ...


@runtime_checkable
class Remembers(Protocol):
    """A notifier that keeps in Redis where its messages lie."""

    def remember_in(self, redis: Any, address: str) -> None:
        """Say where; before anything is sent.

        Args:
            redis: a client that returns bytes.
            address: where it is, without credentials, for errors.
        """
        ...
