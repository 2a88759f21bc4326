"""What a campaign's page and its API show: pace lines, members, KPIs over time, evidence, what happened when.

Comes in: the board's view, and what the caller read of history for one campaign.
Goes out: values for the page and the API, each of them explained by its type.
The rule that lives here: nothing is drawn that no number stands for; what is not known is a gap, and says why.
"""
