"""``pacewatch demo``: everything embedded in one command, with something to watch.

Comes in: a recording, or the simulated launch day.
Goes out: live KPIs, pace and what Slack is told; with ``--json`` exact values.
The rule that lives here: worker and monitor are the real ones, in processes of their own.
"""
