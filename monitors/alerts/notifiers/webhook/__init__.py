"""A webhook of your own: alerts and check-ins as documented JSON, signed.

Comes in: alerts and check-ins.
Goes out: one POST with all that wait, and a signature over its very bytes.
The rule that lives here: the form only grows; what is in it today is in it tomorrow, or ``version`` is another.
"""
