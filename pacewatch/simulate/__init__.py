"""``pacewatch simulate``: synthetic load whose exact totals are known.

Comes in: a scenario, a seed, a clock.
Goes out: events into Kafka, and their true totals.
The rule that lives here: the same seed gives the same events.
"""
