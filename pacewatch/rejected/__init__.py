"""``pacewatch rejected``: refused events, looked at, and sent again after a fix.

Comes in: the topic ``ads.rejected``.
Goes out: a list by reason; records sent to where they came from, bytes unchanged.
The rule that lives here: however often a record is sent again, it counts once.
"""
