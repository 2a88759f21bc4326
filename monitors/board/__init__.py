"""The launch board: web pages, events and a JSON API on the monitor's address.

Comes in: each new view.
Goes out: rows, the worst first; what changed since a client last heard; pages that need nothing from outside.
The rule that lives here: a text that comes from elsewhere never becomes markup.
"""
