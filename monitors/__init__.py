"""The read side: what Redis holds becomes metrics, verdicts on pace, and messages.

Comes in: Redis, over and over; a goals file.
Goes out: a view, from which ``/metrics``, the board and the messages to Slack are made.
The rule that lives here: nothing imports Kafka or Faust, and verdicts are judged by the data's own clock.
"""
