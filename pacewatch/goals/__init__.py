"""``pacewatch goals``: goals files before anything runs on them.

Comes in: a goals file.
Goes out: its errors by line, its goals as a table, their JSON Schema; or a checked file in the place of another.
The rule that lives here: a file is put in place whole, and only when it has no error.
"""
