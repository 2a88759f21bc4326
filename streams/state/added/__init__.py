"""What is counted beside the core: levels, ids for sketches, and what added measures take of a batch. Pure.

Comes in: decoded batches, and the plan of what measures take.
Goes out: entries, rows of levels, and digests by sketch.
The rule that lives here: with the core alone none of it is asked.
"""
