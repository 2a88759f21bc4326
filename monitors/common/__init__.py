"""All campaigns together: what is wrong with all of them at once is told once.

Comes in: what is seen of each campaign at a look, and what it was judged to be.
Goes out: what they are watched for together, and each one's verdicts with what a common cause explains held.
The rule that lives here: live and in the backtest it is the same, and what is kept survives a restart.
"""
