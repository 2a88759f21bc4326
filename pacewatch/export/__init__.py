"""The ``export`` command: dashboards, rules, examples and all else that users need, into a directory.

Comes in: the files that lie beside an installed Pacewatch, or in its checkout.
Goes out: the same files in a directory of the user's.
The rule that lives here: what somebody changed is never overwritten unasked; what is written is the same from a
wheel as from a checkout. Which files these are is said once, in ``pyproject.toml``.
"""
