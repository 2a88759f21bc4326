"""What every notifier is, and what an attempt comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from monitors.alerts.alert import Outgoing


class Outcome(StrEnum):
    """What became of an attempt; also the label of its counter."""

    SENT = "sent"
    RATE_LIMITED = "rate_limited"
    """429: wait as long as the service says."""
    SERVER_ERROR = "server_error"
    """5xx: try again."""
    UNREACHABLE = "unreachable"
    """No answer, or none in time: try again."""
    REFUSED = "refused"
    """Another answer: the message or the address is wrong, and trying again would not help."""
    UNREADABLE = "unreadable"
    """What lies in the outbox is no alert."""

    @property
    def is_final(self) -> bool:
        """Whether the message leaves the outbox."""
        return self in {Outcome.SENT, Outcome.REFUSED, Outcome.UNREADABLE}


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


class Notifier(Protocol):
    """A way to tell people.

    Attributes:
        title: its name for people: in logs, and in what ``pacewatch doctor`` says.
        timeout_s: how long one attempt may take.
    """

    title: str
    timeout_s: float

    async def send(self, alert: Outgoing) -> Answer:
        """Try once; never raises for what the network or the service does."""
        ...
