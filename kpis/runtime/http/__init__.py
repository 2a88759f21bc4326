"""Serving pages: who may read them, and how many may connect for how long.

Comes in: an aiohttp application and a policy.
Goes out: the application served, within bounds; refusals counted by reason.
The rule that lives here: nobody who connects, or sends nothing, keeps others out.
"""
