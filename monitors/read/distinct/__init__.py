"""Distinct counts: what sketches in Redis say of how many different ids there were.

Comes in: the series that changed, and sketches of them.
Goes out: the same series with counts; unknown where no sketch says one.
The rule that lives here: one read looks at a bounded number of sketches, whatever changed.
"""
