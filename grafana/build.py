"""``python -m grafana.build`` writes the dashboards; with ``--check`` it says whether those committed are fresh."""

from __future__ import annotations

import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from grafana import compare, experiments, launch, pipeline, portfolio, scopes

DIRECTORY = Path(__file__).parent / "dashboards"
BUILDERS = {
    "launch": launch.build,
    "portfolio": portfolio.build,
    "scopes": scopes.build,
    "compare": compare.build,
    "pipeline": pipeline.build,
    "experiments": experiments.build,
}


def rendered() -> dict[Path, str]:
    """Each dashboard's file and what it holds."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    return {DIRECTORY / f"{name}.json": encoder.encode(build().build()) + "\n" for name, build in BUILDERS.items()}


def main(words: list[str]) -> int:
    """Write or check; 1 when a committed dashboard is not what the code makes."""
    found = rendered()
    stale = [p.name for p, text in found.items() if not p.exists() or p.read_text() != text]
    if "--check" in words:
        for name in stale:
            sys.stderr.write(f"grafana/dashboards/{name} is stale: run python -m grafana.build\n")
        return int(bool(stale))
    for path, text in found.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
