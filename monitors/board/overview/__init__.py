"""What the board says above its rows: whether the numbers are those of now, tiles, what to do next, what was told.

Comes in: a view, its rows, what history and the outbox keep.
Goes out: values of the API.
The rule that lives here: what is not known is said not to be known; nothing old is shown as if it were new.
"""
