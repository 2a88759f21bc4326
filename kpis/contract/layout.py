"""Where everything lies in Redis: the contract between the write side and its readers.

Keys of a partition carry its number as hash tag, so that they share a slot on Redis Cluster::

    pw:layout                        hash   partitions, currency, windows, history_days, breakdowns
    pw:columns                       hash   stored name and fingerprint of an added measure -> its column in rows
    pw:{3}:meta                      hash   epoch, seq, offset:<topic>, clock, clock:<topic>, counters (see COUNTERS)
    pw:{3}:kpi                       hash   series -> JSON {as_of, windows: {"5m": {...}, ..., "total": {...}}, beyond}
    pw:{3}:pane:<window>:<start>     hash   series -> packed int64 measures            (expires)
    pw:{3}:history:<series>:<day>    hash   quarter hour 0..95 -> packed measures      (expires)
    pw:{3}:seen:<stream>:<hour>      set    8-byte digests of event ids                (expires)
    pw:{3}:ahead                     hash   block number -> packed entries not yet due
    pw:{3}:letters                   stream dead letters that Kafka does not have yet (field: LETTER)
    pw:{3}:staged                    hash   piece number -> piece of a large flush that is being written
    pw:{3}:parked                    hash   why, error, since, tries: the partition cannot go on (expires)
    pw:{3}:changes                   stream series whose documents a flush wrote, id <epoch>-<seq> (field: CHANGED)
    pw:{3}:sketch:<measure>:<series>:<quarter>  string  HyperLogLog of ids: of a quarter hour (expires), or "total"
    pw:goal_campaigns                set    campaign ids that have a goal, and so always a series of their own
    pw:replayed_at                   zset   topic/partition/offset of refused records that were sent again, and when
    pw:replayed                      set    the same, as it was before (expires)
    pw:replay_key                    string what the headers of records that are sent again are signed with

``start`` is a pane's first epoch millisecond, ``day`` a UTC date (2026-11-22), ``hour`` epoch hours (ms // 3,600,000).
"""

from __future__ import annotations

LAYOUT = "pw:layout"
COLUMNS = "pw:columns"
MOST_COLUMNS = 1024
"""The most columns that rows may ever have, those of measures that are counted no more included."""
REPLAYED = "pw:replayed_at"
REPLAYED_BEFORE = "pw:replayed"
REPLAY_KEY = "pw:replay_key"
GOAL_CAMPAIGNS = "pw:goal_campaigns"

EPOCH = "epoch"
SEQ = "seq"
CLOCK = "clock"
"""Meta field: the watermark, epoch milliseconds."""
CAUGHT_UP = "caught_up"
"""Meta field: 1 when the partition had read all that Kafka held at its last flush."""
HELD = "held"
"""Meta field: 1 while reading the partition waits, because too many of its dead letters wait for Kafka."""
FLUSHED_AT = "flushed_at"
"""Meta field: the worker's clock at its last flush, epoch milliseconds."""
CANARY = "canary"
"""Meta field: when the last canary that was read had been sent, real time, epoch milliseconds; 0 when none is sent."""
MEASURES = "measures"
"""Meta field: what tells the measures that its owner counts from others (kpis.contract.claimed); 0 for the core's."""
STAGED = "staged"
"""Meta field: the seq of a large flush that is committed and not carried out yet."""
OFFSET = "offset:"
"""Prefix of meta fields: the next offset to read, by topic."""
LAG = "lag:"
"""Prefix of meta fields: records not yet read at the last flush, by topic."""
STREAM_CLOCK = "clock:"
"""Prefix of meta fields: up to when what the topic brings is complete, epoch milliseconds, by topic."""
REACHED = "reached:"
"""Prefix of meta fields: the latest event time ever counted, now at most, epoch milliseconds, by topic."""
LATE = "late:"
"""Prefix of meta fields: how late the topic's feed is by habit, milliseconds, by topic."""
AGES = "ages:"
"""Prefix of meta fields: what that was made of, for the next owner (see streams.state.lateness), by topic."""
ACCEPTED = "accepted:"
"""Prefix of meta counters: events counted, by stream."""
REJECTED = "rejected:"
"""Prefix of meta counters: events refused, by ``<stream>:<reason>``."""
DUPLICATE = "duplicate:"
"""Prefix of meta counters: repeated event ids, by stream."""
FOLDED = "folded:"
"""Prefix of meta counters: events whose breakdown went to ``__other__``, by stream."""
FOLDED_CAMPAIGNS = "folded_campaigns:"
"""Prefix of meta counters: events whose campaign went to ``__other__``, by stream."""
MISROUTED = "misrouted:"
"""Prefix of meta counters: events, counted all the same, whose campaign belongs to another partition, by stream."""
LOST = "lost:"
"""Prefix of meta counters: records Kafka had deleted before they were read, by topic."""
SKIPPED = "skipped:"
"""Prefix of meta counters: offsets passed over because their batch cannot be read, by topic."""
REWOUND = "rewound:"
"""Prefix of meta counters: times a topic began anew below the offset that was reached, by topic."""
HISTORY_FULL = "history_full"
"""Meta field: times that a quarter hour of history could not take what came late, because 64 bits do not hold it."""
LETTERS = "letters"
"""Meta field: dead letters that wait in Redis for Kafka."""
LETTERS_BYTES = "letters_bytes"
"""Meta field: how many bytes they are."""
LETTER = "l"
"""Field of an entry of the stream of dead letters: the letter (see streams.dead_letters.letter)."""
CHANGED = "s"
"""Field of an entry of the stream of changes: the series, one a line (a series key holds no line feed)."""
TOO_MANY = "many"
"""Field in place of it: more changed than an entry may name."""
CHANGES_KEPT = 32
"""Flushes that the stream of changes reaches back: eight seconds at the default flush interval."""
CHANGES_LIMIT = 1 << 20
"""Characters that the names in one entry may have, so that a partition's stream stays below some 32 MiB."""
COUNTERS = (ACCEPTED, REJECTED, DUPLICATE, FOLDED, FOLDED_CAMPAIGNS, MISROUTED, LOST, SKIPPED, REWOUND)


def meta(partition: int) -> str:
    """Key of the partition's meta hash."""
    return f"pw:{{{partition}}}:meta"


def kpi(partition: int) -> str:
    """Key of the hash of KPI documents."""
    return f"pw:{{{partition}}}:kpi"


def pane(partition: int, window: str, start_ms: int) -> str:
    """Key of one pane of a rolling window."""
    return f"pw:{{{partition}}}:pane:{window}:{start_ms}"


def history(partition: int, series: str, day: str) -> str:
    """Key of one series' quarter hours of one UTC day."""
    return f"pw:{{{partition}}}:history:{series}:{day}"


def seen(partition: int, stream: str, hour: int) -> str:
    """Key of the ids accepted in one hour of one stream."""
    return f"pw:{{{partition}}}:seen:{stream}:{hour}"


def sketch(partition: int, measure: str, series: str, quarter: int | None) -> str:
    """Key of the ids of a distinct measure (by its field of ``pw:columns``) in a quarter hour; of all when None.

    A quarter hour is told by its number since the epoch: its first millisecond // 900,000.
    """
    return f"pw:{{{partition}}}:sketch:{measure}:{series}:{'total' if quarter is None else quarter}"


def early(partition: int) -> str:
    """Key of the entries whose time the watermark has not reached."""
    return f"pw:{{{partition}}}:ahead"


def letters(partition: int) -> str:
    """Key of the dead letters that Kafka does not have yet."""
    return f"pw:{{{partition}}}:letters"


def changes(partition: int) -> str:
    """Key of the stream that says which documents each of the last flushes wrote."""
    return f"pw:{{{partition}}}:changes"


def staged(partition: int) -> str:
    """Key of the pieces of a flush that is too large for one script."""
    return f"pw:{{{partition}}}:staged"


def parked(partition: int) -> str:
    """Key of why a partition cannot go on."""
    return f"pw:{{{partition}}}:parked"
