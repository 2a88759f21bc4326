"""The state of one partition: everything counted, and what of it Redis does not hold yet. Pure.

Comes in: decoded batches, and the watermark.
Goes out: flushes, as plain values.
The rule that lives here: all sums are int64 that are added and taken off exactly, and none ever overflows.
"""
