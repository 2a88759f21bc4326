"""The write side: Kafka events in, exact rolling measures in Redis out.

Comes in: record batches of the five topics.
Goes out: one fenced, atomic flush per partition; dead letters on ``ads.rejected``; the worker's own metrics.
The rule that lives here: state and offsets are written together, so what happens twice counts once.
"""
