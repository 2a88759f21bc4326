"""Experiments: comparisons, rulings and words."""
