"""``make bench``: the measurements, as a table and as bench/results.json.

``python -m bench --only throughput,latency`` runs some of them, ``--quick`` a short form.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import board, catchup, flushes, growth, judging, latency, memory, recovery, scrape, stall, throughput
from bench.kit import place

Measure = Callable[[str, Path], Mapping[str, Any]]

USUAL: dict[str, Measure] = {
    "throughput": throughput.measure,
    "latency": latency.measure,
    "flushes": flushes.measure,
    "recovery": recovery.measure,
    "stall": stall.measure,
    "scrape": scrape.measure,
}
"""What ``make bench`` runs."""
QUICK: dict[str, Measure] = {"throughput": throughput.quick}
"""What ``--quick`` runs: a minute, to see that all works."""
LONG: dict[str, Measure] = {
    "catchup": catchup.measure,
    "memory": memory.measure,
    "growth": growth.measure,
    "board": board.measure,
    "judging": judging.measure,
}
"""What is asked for by name: it takes minutes by itself, and changes seldom or is near to what the usual ones tell."""


def main() -> None:
    """Measure on one broker, print, and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", metavar="NAMES", help=f"some of: {', '.join(USUAL | LONG)}")
    parser.add_argument("--quick", action="store_true", help=f"a short form of: {', '.join(QUICK)}")
    args = parser.parse_args()
    every, usual = (QUICK, QUICK) if args.quick else (USUAL | LONG, USUAL)
    chosen = args.only.split(",") if args.only else list(usual)
    if unknown := set(chosen) - every.keys():
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    # Whatever runs is ended on the way out, peers with all their children too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    console = Console() if sys.stdout.isatty() else Console(width=200)
    with tempfile.TemporaryDirectory(prefix="pacewatch-bench-") as name:
        directory = Path(name)
        with place.broker(directory) as (kind, address):
            results: dict[str, Any] = {"machine": machine(kind)}
            for measurement in chosen:
                started = time.perf_counter()
                results[measurement] = dict(every[measurement](address, directory / measurement))
                console.print(table(measurement, results[measurement], time.perf_counter() - started))
                file = Path(__file__).with_name("results.json")
                file.write_text(json.dumps(results, indent=2) + "\n")


def machine(broker: str) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        "broker": broker,
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "system": platform.system(),
    }


def table(name: str, figures: Mapping[str, Any], took_s: float) -> Table:
    """Figures by name; rows of several figures as they are, a line each."""
    columns = list(dict.fromkeys(c for row in figures.values() if isinstance(row, Mapping) for c in row)) or ["value"]
    found = Table(name, *columns, caption=f"{took_s:.0f} s")
    for figure, value in figures.items():
        cells = value if isinstance(value, Mapping) else {"value": value}
        found.add_row(figure, *(cell(cells.get(c)) for c in columns))
    return found


def cell(value: object) -> str:
    """A figure with thousands marked; nothing for nothing."""
    if isinstance(value, (int, float)):
        return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value or "")


if __name__ == "__main__":
    main()
