"""The end of a demo: what was counted against what was sent, how fast, and that in words.

Comes in: what was sent, what Redis holds, what happened.
Goes out: whether all is exact, and the lines of the summary.
The rule that lives here: nothing is called exact that was not compared.
"""
