"""axe-core, fetched by npm once and kept outside the repository.

``python -m tests.browser.axe`` fetches it ahead of the tests.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from tests.kit.fetched import Fetched

_PACKAGE = Path(__file__).with_name("package.json")
_SCRIPT = Path("node_modules", "axe-core", "axe.min.js")


def _fill(directory: Path) -> None:
    directory.mkdir()
    shutil.copy(_PACKAGE, directory)
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(["npm", "install", *quiet], cwd=directory, check=True, timeout=300, stdout=subprocess.DEVNULL)


_FETCHED = Fetched(f"axe-{hashlib.sha256(_PACKAGE.read_bytes()).hexdigest()[:12]}", "npm", "fetch axe-core", _fill)
missing = _FETCHED.missing


def script() -> Path:
    """The script; npm brings it on first use. Raises as :meth:`~tests.kit.fetched.Fetched.get`."""
    return _FETCHED.get() / _SCRIPT


if __name__ == "__main__":
    lacking = missing()
    print(f"axe-core for the tests: {lacking or script()}", file=sys.stderr)
