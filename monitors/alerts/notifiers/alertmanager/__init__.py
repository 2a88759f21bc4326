"""Alertmanager: it groups, silences, inhibits and tells whom it should; it must be told again and again what stands.

Comes in: alerts, and all that stands.
Goes out: alerts by its API v2, to each peer of a cluster.
The rule that lives here: what is known of a goal is one set of labels at a time; the former ends in the same request.
"""
