"""Which of the messages that wait go out now, together. Pure.

Messages of one goal keep their order: where one waits for its next try, those behind it wait too. A message waits a
moment for others, so that a campaign whose goals change together is one message, and an outage of many is one digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitors.alerts.notifiers.lane_memory import LaneMemory
from monitors.alerts.notifiers.protocol import Grouping, SentAs
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
class Now:
    """One moment on two clocks.

    Attributes:
        wall_ms: real time, epoch milliseconds, as that at which messages were queued; another machine's may differ.
        since_s: seconds that never go back, as those of :class:`LaneMemory`.
    """

    wall_ms: int
    since_s: float


def next_bundle(waiting: Sequence[Queued], memory: LaneMemory, grouping: Grouping, now: Now) -> Bundle:
    """What to send now.

    Args:
        waiting: all that can be read, oldest first.
        memory: what came of attempts before.
        grouping: how messages are put together.
        now: the clocks.
    """
    ready = [one for one in waiting if memory.until_s(order_key(one)) <= now.since_s]
    if not ready:
        first_s = min((memory.until_s(order_key(one)) for one in waiting), default=now.since_s)
        return Bundle(wait_ms=(first_s - now.since_s) * 1000)
    if memory.is_alone(order_key(ready[0])):
        return Bundle((ready[0],))
    ready = [one for one in ready if not memory.is_alone(order_key(one))]
    wait_ms = _gathering_ms(ready, grouping, now.wall_ms)
    if wait_ms > 0:
        return Bundle(wait_ms=wait_ms)
    most = grouping.most if memory.most is None else min(memory.most, grouping.most)
    if grouping.together is SentAs.CAMPAIGN:
        return _of_campaigns(ready, memory, grouping, now, most)
    return Bundle(tuple(ready[:most]))


def _of_campaigns(ready: Sequence[Queued], memory: LaneMemory, grouping: Grouping, now: Now, most: int) -> Bundle:
    """The messages of one campaign, or a digest of many."""
    campaigns = {campaign_of(one) for one in ready}
    calm_s = 0.0 if memory.digest_s is None else memory.digest_s + grouping.calm_s - now.since_s
    if calm_s > 0 and len(campaigns) > 1:
        return Bundle(wait_ms=calm_s * 1000)
    if len(campaigns) >= grouping.digest_from:
        chosen = tuple(ready[:most])
        return Bundle(chosen, is_digest=len({campaign_of(one) for one in chosen}) > 1)
    first = campaign_of(ready[0])
    return Bundle(tuple(one for one in ready if campaign_of(one) == first)[:most])


def order_key(message: Queued) -> str:
    """What keeps its order: a goal."""
    return "" if message.alert is None else message.alert.goal


def campaign_of(message: Queued) -> str:
    """Whose it is."""
    return "" if message.alert is None else message.alert.campaign


def _gathering_ms(ready: Sequence[Queued], grouping: Grouping, now_ms: float) -> float:
    """How much longer to wait for others.

    What another machine queued, whose clock is ahead of this one's, does not wait: nobody knows for how long it has.
    """
    gather_ms = grouping.gather_s * 1000
    since, late = now_ms - ready[0].queued_ms, max(now_ms - ready[-1].queued_ms, 0.0)
    if since < 0:
        return 0.0
    if since < gather_ms:
        return gather_ms - since
    # More of them came just now: there will be others.
    return max(min(gather_ms / 2 - late, LONGEST_GATHERING * gather_ms - since), 0.0)
