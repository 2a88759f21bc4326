"""axe-core, fetched by npm once and kept outside the repository.

``python -m tests.browser.axe`` fetches it ahead of the tests.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_PACKAGE = Path(__file__).with_name("package.json")
_SCRIPT = Path("node_modules", "axe-core", "axe.min.js")


def missing() -> str | None:
    """Why axe cannot be had; None when it is there."""
    if (_directory() / _SCRIPT).exists():
        return None
    if shutil.which("npm") is None:
        return "npm is not installed"
    try:
        script()
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as e:
        return f"npm could not fetch axe-core: {e}"
    return None


def script() -> Path:
    """The script; npm brings it on first use.

    Raises:
        subprocess.CalledProcessError: npm failed, for example without a network.
        subprocess.TimeoutExpired: npm took too long.
    """
    target = _directory()
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # Filled aside and renamed: a fetch that was cut short, or another at the same time, leaves no half directory.
        with tempfile.TemporaryDirectory(dir=target.parent) as aside:
            made = Path(aside, "axe")
            made.mkdir()
            shutil.copy(_PACKAGE, made)
            quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
            subprocess.run(["npm", "install", *quiet], cwd=made, check=True, timeout=300, stdout=subprocess.DEVNULL)
            if not target.exists():
                made.rename(target)
    return target / _SCRIPT


def _directory() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "pacewatch-tests")
    return root / f"axe-{hashlib.sha256(_PACKAGE.read_bytes()).hexdigest()[:12]}"


if __name__ == "__main__":
    lacking = missing()
    print(f"axe-core for the tests: {lacking or script()}", file=sys.stderr)
