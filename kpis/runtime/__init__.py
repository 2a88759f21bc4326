"""How a process runs, whatever it does: errors, clock, retry, logs, HTTP, text files that people write.

Comes in: nothing of the business of advertising; no module here imports another room of the house.
Goes out: the error tree (recoverable or permanent), ``now``, delays, one way to log and one to serve.
The rule that lives here: only :mod:`~kpis.runtime.clock` reads a clock.
"""
