"""How a target spreads over time: the arithmetic of curves. Pure.

Comes in: a curve as a frozen value, and when a flight begins and ends in which zone.
Goes out: the part of the target that is expected by any millisecond.
The rule that lives here: local hours and days are those of the zone, so a day of 23 or 25 hours has them all, once.
"""
