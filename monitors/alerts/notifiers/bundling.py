"""Which of the messages that wait go out now, together. Pure.

Messages of one goal keep their order: where one waits for its next try, those behind it wait too. A message waits a
moment for others, so that a campaign whose goals change together is one message, and an outage of many is one digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from monitors.alerts.notifiers.protocol import Grouping, Together
from monitors.alerts.outbox.queued import Queued

LONGEST_GATHERING = 3.0
"""While more keep coming, a message waits for them at most so many times as long."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes out together; or, without messages, how many real milliseconds to wait before the next look.

    Attributes:
        messages: oldest first.
        is_digest: whether they are of many campaigns.
        wait_ms: when there are none.
    """

    messages: tuple[Queued, ...] = ()
    is_digest: bool = False
    wait_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class LaneMemory:
    """What a lane remembers of its attempts.

    Attributes:
        until_ms: real time up to which messages of a goal wait for their next try.
        alone: goals whose messages are sent one by one, for together they were refused.
        digest_ms: when the last digest went out; 0 when none did.
    """

    until_ms: Mapping[str, float]
    alone: AbstractSet[str]
    digest_ms: float = 0.0


def next_bundle(waiting: Sequence[Queued], memory: LaneMemory, grouping: Grouping, now_ms: float) -> Bundle:
    """What to send now.

    Args:
        waiting: all that can be read, oldest first.
        memory: what came of attempts before.
        grouping: how messages are put together.
        now_ms: real time, epoch milliseconds.
    """
    ready = [one for one in waiting if memory.until_ms.get(order_key(one), 0.0) <= now_ms]
    if not ready:
        return Bundle(wait_ms=min((memory.until_ms[order_key(one)] - now_ms for one in waiting), default=0.0))
    if order_key(ready[0]) in memory.alone:
        return Bundle((ready[0],))
    ready = [one for one in ready if order_key(one) not in memory.alone]
    wait_ms = _gathering_ms(ready, grouping, now_ms)
    if wait_ms > 0:
        return Bundle(wait_ms=wait_ms)
    if grouping.together is Together.CAMPAIGN:
        return _of_campaigns(ready, memory, grouping, now_ms)
    return Bundle(tuple(ready[: grouping.most]))


def _of_campaigns(ready: Sequence[Queued], memory: LaneMemory, grouping: Grouping, now_ms: float) -> Bundle:
    """The messages of one campaign, or a digest of many."""
    campaigns = {campaign_of(one) for one in ready}
    is_calm = memory.digest_ms and now_ms < memory.digest_ms + grouping.calm_s * 1000
    if is_calm and len(campaigns) > 1:
        return Bundle(wait_ms=memory.digest_ms + grouping.calm_s * 1000 - now_ms)
    if len(campaigns) >= grouping.digest_from:
        return Bundle(tuple(ready[: grouping.most]), is_digest=True)
    chosen = campaign_of(ready[0])
    return Bundle(tuple(one for one in ready if campaign_of(one) == chosen)[: grouping.most])


def order_key(message: Queued) -> str:
    """What keeps its order: a goal."""
    return "" if message.alert is None else message.alert.goal


def campaign_of(message: Queued) -> str:
    """Whose it is."""
    return "" if message.alert is None else message.alert.campaign


def _gathering_ms(ready: Sequence[Queued], grouping: Grouping, now_ms: float) -> float:
    """How much longer to wait for others; the clocks of two machines may differ, so never longer than all of it."""
    gather_ms = grouping.gather_s * 1000
    oldest, newest = (one.queued_ms for one in (ready[0], ready[-1]))
    since, late = max(now_ms - oldest, 0.0), max(now_ms - newest, 0.0)
    if since < gather_ms:
        return gather_ms - since
    # More of them came just now: there will be others.
    return max(min(gather_ms / 2 - late, LONGEST_GATHERING * gather_ms - since), 0.0)
