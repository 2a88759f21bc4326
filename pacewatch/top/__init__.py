"""``pacewatch top``: the launch board in a terminal.

Comes in: the monitor's API, and keys.
Goes out: a table that fits the terminal.
The rule that lives here: a name that someone else chose moves no cursor.
"""
