"""Pacewatch: a streaming real-time KPI and pacing monitor for ad campaigns.

This package is the command: it wires the write side (:mod:`streams`) and the read side (:mod:`monitors`),
and owns the embedded broker and Redis.
"""

__version__ = "0.1.0"
