"""Scopes: what all campaigns, each account and each channel, creative, ... have together.

Comes in: a snapshot, and whose each campaign is.
Goes out: the rows of each scope, by the key of a parent; which breakdowns must be read for them.
The rule that lives here: measures are added, and each series counts once in a scope; KPIs are made of the sums.
"""
