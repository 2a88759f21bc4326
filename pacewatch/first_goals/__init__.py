"""The ``init`` command: a first goals file, from what Redis knows of each campaign.

Comes in: totals and the quarter hours of history.
Goes out: a goals file that passes ``goals check``, with a comment on each guess; a template where there is nothing yet.
The rule that lives here: what is guessed is said to be guessed, and no file that is there is overwritten.
"""
