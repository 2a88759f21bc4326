"""``python -m bench.trust`` prints every case; ``--write`` keeps it in docs/trust.md, ``--only TEXT`` runs some."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from bench.trust.cases import CASES, part_of

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
HEAD = """<!-- Made by make trust. -->

# Trust

How often alerts cry wolf, and how soon they tell a true miss: the monitor's own engine over simulated streams whose
truth is known, from fixed seeds. Ratios are looked at every 30 s or less, silence every minute, totals every 5 minutes;
each campaign has its watches beside its goal. Experiments are looked at whenever a quarter hour is over, for nothing
changes in between. Intervals in brackets are 95% (Wilson) for shares, and the middle 80% of runs for delays. `make
trust` writes this page, in twenty minutes; what is here is of {part:.0%} of its runs.

| case | found | must be | |
| --- | --- | --- | --- |
"""


def main() -> None:
    """Run the cases, print them as they are done, and keep the page if that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m bench.trust", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", default="", help="cases whose words contain this")
    parser.add_argument("--write", action="store_true", help=f"keep the table in docs/{PAGE.name}")
    parser.add_argument("--part", type=float, default=1.0, help="this part of each case's runs, for a look; 1 is all")
    args = parser.parse_args()
    chosen = [name for name in CASES if args.only in name]
    if not chosen:
        parser.error(f"no case contains {args.only!r}")
    if args.write and len(chosen) < len(CASES):
        parser.error("the page is of all cases: --write goes without --only")
    lines: list[str] = []
    with ProcessPoolExecutor() as pool:
        for name, found in zip(chosen, pool.map(partial(part_of, part=args.part), chosen), strict=True):
            lines.append(f"| {name} | {found} | {found.allowed} | {'met' if found.is_met else 'not met'} |")
            sys.stdout.write(lines[-1] + "\n")
            sys.stdout.flush()
    if args.write:
        PAGE.write_text(HEAD.format(part=args.part) + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
