"""``make bench``: all measurements, as a table and as bench/results.json."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import place, recovery, stall, throughput


def main() -> None:
    """Measure everything on one broker."""
    results: dict[str, float | str] = {}
    with tempfile.TemporaryDirectory(prefix="pacewatch-bench-") as name:
        directory = Path(name)
        with place.broker(directory) as (kind, address):
            results["broker"] = kind
            results |= throughput.measure(address, directory / "throughput")
            results |= recovery.measure(address, directory / "recovery")
            results |= stall.measure(address, directory / "stall")
    Path(__file__).with_name("results.json").write_text(json.dumps(results, indent=2) + "\n")
    table = Table("figure", "value")
    for figure, value in results.items():
        table.add_row(figure, value if isinstance(value, str) else f"{value:,.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
