"""Events: from bytes to columns, or to a reason why not. Pure.

Comes in: the values of a chunk, and ``now``.
Goes out: a batch of columns; for every other record a reason for refusing it.
The rule that lives here: each record is counted or refused, and nothing that it holds raises an error.
"""
