"""``pacewatch backtest``: the alerts that would have been told, over recorded events or over history in Redis.

Comes in: a recording or quarter hours, a goals file, incidents that are known (labels), values to try (sweep).
Goes out: what people would have been told and when, and how much of it was right.
The rule that lives here: nothing is judged here. Events are counted by the write side's code and judged by the
monitor's engine; only the clock is another: it goes by event time.
"""
