"""``python -m tests.golden`` writes what the backtest says of the recorded week now; read the difference it makes."""

from __future__ import annotations

import sys

from tests.golden.week import ALERTS, as_text, told

if __name__ == "__main__":
    ALERTS.write_text(as_text(told()), encoding="utf-8")
    sys.stderr.write(f"{ALERTS}: written; git diff says what changed\n")
