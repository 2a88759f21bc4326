"""``python -m bench.trust`` prints every case; ``--write`` keeps it in docs/trust.md, ``--only TEXT`` runs some."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.trust.cases import CASES
from bench.trust.figures import Figure

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
HEAD = """<!-- Made by make trust. -->

# Trust

How often alerts cry wolf, and how soon they tell a true miss: the monitor's own decision code over simulated streams
whose truth is known, from fixed seeds. Ratios are looked at every 15 s (broken tracking every 5 s), silence every
minute, totals every 5 minutes; each campaign has its watches beside its goal. Intervals in brackets are
95% (Wilson) for shares, and the middle 80% of runs for delays. `make trust` writes this page.

| case | found | must be | |
| --- | --- | --- | --- |
"""


def main() -> None:
    """Run the cases, print them as they are done, and keep the page if that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m bench.trust", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", default="", help="cases whose words contain this")
    parser.add_argument("--write", action="store_true", help=f"keep the table in docs/{PAGE.name}")
    args = parser.parse_args()
    chosen = [name for name in CASES if args.only in name]
    if not chosen:
        parser.error(f"no case contains {args.only!r}")
    if args.write and len(chosen) < len(CASES):
        parser.error("the page is of all cases: --write goes without --only")
    lines: list[str] = []
    with ProcessPoolExecutor() as pool:
        for name, found in zip(chosen, pool.map(_figure, chosen), strict=True):
            lines.append(f"| {name} | {found} | {found.allowed} | {'met' if found.is_met else 'not met'} |")
            sys.stdout.write(lines[-1] + "\n")
            sys.stdout.flush()
    if args.write:
        PAGE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def _figure(name: str) -> Figure:
    return CASES[name]()


if __name__ == "__main__":
    main()
