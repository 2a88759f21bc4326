"""Notifiers: one module for each way in which people are told.

Comes in: an alert.
Goes out: one attempt to send it, and what the answer means.
The rule that lives here: an address is a secret and is in no log, error or metric.
"""
