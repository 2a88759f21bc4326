"""Notifiers: one module or folder for each way in which people are told, and what delivers to them.

Comes in: alerts that wait in a lane, and what stands for a service that forgets.
Goes out: one attempt after another, and what the answers mean (http_answers, the same for all).
The rule that lives here: an address is a secret and is in no log, error or metric.
"""
