"""Alerts: from verdicts to messages that arrive.

Comes in: verdicts, and the alert states that Redis keeps.
Goes out: transitions (lifecycle), messages in an outbox in Redis (outbox), one attempt after another (delivery).
The rule that lives here: a change is in the outbox exactly once, and leaves it only when it was delivered or given up.
"""
