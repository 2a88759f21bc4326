"""Parents: goals of an account or of the portfolio, judged over the sum of their campaigns.

Comes in: what a file says of an account and of the portfolio, and its campaigns.
Goes out: each parent as a value like a campaign's, with the series of its members; what their targets add up to.
The rule that lives here: a member is a whole campaign, and counts once.
"""
