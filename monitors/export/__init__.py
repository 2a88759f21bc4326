"""The exporter: metrics for Prometheus, made from a view when they are asked for.

Comes in: a view.
Goes out: families of samples as text, in both formats.
The rule that lives here: sums over campaigns are exact, however few of them have metrics of their own.
"""
