"""Pacewatch: a streaming real-time KPI and pacing monitor for ad campaigns. This package is the command.

Comes in: words on a command line, and ``PACEWATCH_*`` variables.
Goes out: services that run, files that are sent, tables and JSON on stdout, the rest on stderr, an exit code.
The rule that lives here: a command wires :mod:`streams` and :mod:`monitors`; it counts and judges nothing itself.
"""

__version__ = "0.1.0"
