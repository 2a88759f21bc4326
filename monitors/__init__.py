"""The read side: what Redis holds becomes metrics, verdicts on pace, and messages.

Nothing here imports Kafka or Faust; what is shared with the write side are the pure modules of :mod:`streams`.
"""
