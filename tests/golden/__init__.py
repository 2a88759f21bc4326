"""What the backtest says of the recorded week, kept: ``python -m tests.golden`` writes it anew."""
