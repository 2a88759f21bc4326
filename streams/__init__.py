"""The write side: Kafka events in, exact rolling measures in Redis out.

The pure modules (:mod:`~streams.measures`, :mod:`~streams.kpis`, :mod:`~streams.layout`, ...) are shared with the
read side; nothing here imports :mod:`monitors`.
"""
