"""Redis, seen from the worker: take a partition, load it, flush it.

Comes in: flushes; answers of Redis.
Goes out: scripts that check ``(epoch, seq)`` before they write; a loaded state.
The rule that lives here: an owner that was replaced, or whose last write Redis lost, writes nothing.
"""
