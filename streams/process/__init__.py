"""The worker as a process: how it uses memory, shows that it is alive, and ends.

Comes in: signals, errors, a look at the event loop every second.
Goes out: an exit code with a line that says why; ``/healthz`` and ``/metrics``.
The rule that lives here: a worker that cannot move ends itself, so that another one goes on.
"""
