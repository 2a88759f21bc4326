"""The ``alerts`` commands: what people are told now, and what they do about it.

Comes in: what Redis holds of alerts, mutes and lanes.
Goes out: lines for a terminal or JSON; an acknowledgement, a mute, a sample to each notifier.
The rule that lives here: nothing is changed but what people may do; states belong to the monitor that leads.
"""
