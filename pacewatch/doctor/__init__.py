"""The ``doctor`` command: what is reachable, what is misconfigured, and what to do about it.

Comes in: settings, and what Kafka, Redis and the services of notifiers answer.
Goes out: findings, each with its cure.
The rule that lives here: it looks, and changes and sends nothing; no secret is in what it says.
"""
