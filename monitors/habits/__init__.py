"""Habits: what is usual for a campaign, learned from its own past. Pure.

Comes in: a past, a goal's plan.
Goes out: level, shape and scatter of its hours, its pauses, where its totals will end, whether its last hours changed.
The rule that lives here: what is learned is a function of the past alone, so a restart changes nothing.
"""
