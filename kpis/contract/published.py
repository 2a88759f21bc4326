"""What a worker publishes for all who read: how many partitions there are, in which currency, which windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kpis.contract import layout
from kpis.contract.redis_client import answers, wrong_type
from kpis.runtime.errors import Recoverable, Unusable
from kpis.windows import parse_windows

MAX_PARTITIONS = 10_000


class BadLayout(Recoverable):
    """Redis answers, but holds no layout of Pacewatch that can be used: no worker ran yet, or it is not ours."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The hash ``pw:layout``.

    Attributes:
        partitions: how many.
        currency: the base currency.
        windows: names of the rolling windows, shortest first.
        history_days: days of quarter hours that are kept.
        breakdowns: what the worker breaks down by, ``channel+country`` of two dimensions; None where it does not say.
    """

    partitions: int
    currency: str
    windows: tuple[str, ...]
    history_days: int
    breakdowns: tuple[str, ...] | None = None

    @property
    def fields(self) -> dict[str, str]:
        """As it is stored."""
        return {
            "partitions": str(self.partitions),
            "currency": self.currency,
            "windows": ",".join(self.windows),
            "history_days": str(self.history_days),
            **({} if self.breakdowns is None else {"breakdowns": ",".join(self.breakdowns)}),
        }


def read_layout(raw: Mapping[bytes, bytes]) -> Layout:
    """The layout hash.

    Raises:
        BadLayout: it is missing, or a field is missing or out of range.
    """
    if not raw:
        raise BadLayout("Redis holds no Pacewatch layout yet: no worker has started on it")
    try:
        fields = {k.decode(): v.decode() for k, v in raw.items()}
        found = Layout(
            partitions=int(fields["partitions"]),
            currency=fields["currency"],
            windows=tuple(w.name for w in parse_windows(fields["windows"])),
            history_days=int(fields["history_days"]),
            breakdowns=tuple(filter(None, fields["breakdowns"].split(","))) if "breakdowns" in fields else None,
        )
    except KeyError as e:
        raise BadLayout(f"{layout.LAYOUT} in Redis lacks the field {e.args[0]}") from None
    except ValueError:
        raise BadLayout(f"{layout.LAYOUT} in Redis holds a value that is not what a worker writes") from None
    if not 1 <= found.partitions <= MAX_PARTITIONS or len(found.currency) != 3 or found.history_days < 1:
        raise BadLayout(f"{layout.LAYOUT} in Redis holds a value that is out of range")
    return found


async def fetch_layout(redis: Any, address: str) -> Layout:
    """What the worker published.

    Args:
        redis: a client that returns bytes, see :func:`kpis.contract.redis_client.connect`.
        address: where it is, without credentials, for errors.

    Raises:
        Unreachable: Redis does not answer.
        BadLayout: no worker has written to it yet, or what it holds cannot be used.
    """
    try:
        with answers(address):
            raw = await redis.hgetall(layout.LAYOUT)
    except Unusable as e:
        cause = e.__cause__
        if isinstance(cause, Exception) and wrong_type(cause):
            raise BadLayout(f"{layout.LAYOUT} in Redis cannot be read: {cause}") from cause
        raise
    return read_layout(raw)
