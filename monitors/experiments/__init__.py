"""Experiments: variants compared, looked at as often as one likes.

Comes in: what was counted of each variant in each quarter hour, an experiment, and the clock.
Goes out: a ruling with its reason: a winner, losers or nothing proven, with intervals; verdicts that people are told.
The rule that lives here: the chance that anything false is ever said of an experiment is at most its alpha.
"""
