"""Outages: when what is wrong with many campaigns is one thing. Pure.

Comes in: what each campaign's own watches say, and what all of them bring together by habit.
Goes out: which streams stand still for all, or for most; what of each campaign that explains.
The rule that lives here: a campaign alone tells of itself, and many at once are told of once.
"""
