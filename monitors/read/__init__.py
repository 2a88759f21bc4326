"""Reading Redis: all partitions of one moment become a snapshot of frozen values.

Comes in: hashes and streams of Redis that may hold anything.
Goes out: snapshots, sums over a flight, one campaign's breakdowns; what cannot be used, counted by problem.
The rule that lives here: what was read of a partition is all of one flush, and only what changed is read again.
"""
