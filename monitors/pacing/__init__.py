"""Pacing: what a goal's numbers mean now. Pure.

Comes in: a goal, what is observed of its campaign, a curve, a policy, ``now``.
Goes out: a verdict with its reason and its evidence.
The rule that lives here: a verdict is a function of its arguments; nothing is judged that is too old, early or few.
"""
