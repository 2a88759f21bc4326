"""What both sides share: the numbers, where they lie in Redis, and how a process runs.

Comes in: nothing; no module here imports streams, monitors or pacewatch.
Goes out: measures and KPI formulas, series, windows, money; the Redis contract; settings; errors, clock, HTTP.
The rule that lives here: integers are added before any formula is applied, and money is integer micros.
"""
