"""The partitions of this worker: taken, counted, flushed, and parked when they cannot go on.

Comes in: assignments and chunks from the Faust app; time.
Goes out: seeks and holds for the consumer; flushes for the store.
The rule that lives here: whatever happens to one partition holds up no other.
"""
