"""Trust: how often the engine cries wolf, and how soon it tells a true miss, on simulated streams whose truth is known.

``python -m bench.trust`` runs the monitor's own decision code (:func:`monitors.pacing.judge.judge` and
:func:`monitors.alerts.lifecycle.step`) over streams drawn from fixed seeds, and prints one row for each case.
"""
