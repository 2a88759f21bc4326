"""``pacewatch replay``: recorded events into Kafka.

Comes in: NDJSON or CSV, plain or gzip, with a mapping for columns that are named otherwise.
Goes out: events, batched, each acknowledged; the lines that hold none, with reasons.
The rule that lives here: no line is lost on the way, and a file may be larger than memory.
"""
