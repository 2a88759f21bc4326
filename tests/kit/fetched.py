"""What a package manager brings for the tests: once, and kept outside the repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Fetched:
    """A directory that is filled on first use.

    Attributes:
        name: the directory's; it holds the version, so that two of them never mix.
        program: what fills it, on PATH.
        fails: what that could not do, for people.
        fill: makes the directory it is given, which is not there yet.
    """

    name: str
    program: str
    fails: str
    fill: Callable[[Path], None]

    @property
    def directory(self) -> Path:
        """Where it is, or will be."""
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "pacewatch-tests", self.name)

    def missing(self) -> str | None:
        """Why it cannot be had; None when it is there."""
        if self.directory.exists():
            return None
        if shutil.which(self.program) is None:
            return f"{self.program} is not installed"
        try:
            self.get()
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as e:
            return f"{self.program} could not {self.fails}: {e}"
        return None

    def get(self) -> Path:
        """The directory; filled on first use.

        Raises:
            subprocess.CalledProcessError: the program failed, for example without a network.
            subprocess.TimeoutExpired: it took too long.
        """
        target = self.directory
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            # Filled aside and renamed: a fetch that was cut short, or another at the same time, leaves no half of it.
            with tempfile.TemporaryDirectory(dir=target.parent) as aside:
                made = Path(aside, "made")
                self.fill(made)
                if not target.exists():
                    made.rename(target)
        return target
