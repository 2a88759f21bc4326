"""Experiments in a goals file: variants that are compared.

Comes in: the mapping of an experiment.
Goes out: it as a frozen value.
The rule that lives here: what no test can compare at any time is refused, with its line.
"""
