"""The outbox: what people were told, and what waits to be sent, in Redis.

Comes in: transitions, each with its message and the notifiers that send it.
Goes out: states (outbox), the messages of each notifier's lane (lanes), as values (queued); where Redis
has forgotten them, the last writes once more (journal), and all that stood before (last_seen).
The rule that lives here: only the leader writes, and a transition and its message are one write.
"""

from monitors.alerts.outbox.outbox import (
    EVIDENCE,
    FORMER,
    KEEP_TOLD,
    LEADER,
    STATE,
    TOLD,
    Outbox,
    Recorded,
    leader_token,
)

__all__ = ["EVIDENCE", "FORMER", "KEEP_TOLD", "LEADER", "STATE", "TOLD", "Outbox", "Recorded", "leader_token"]
