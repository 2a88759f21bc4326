"""The loader of compose files that Docker Compose itself uses: built by Go once, kept outside the repository."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests.kit.fetched import Fetched

_VERSION = "v2.16.2"
_PACKAGE = f"github.com/compose-spec/compose-go/v2/cmd@{_VERSION}"


def _fill(directory: Path) -> None:
    env = {**os.environ, "GOBIN": str(directory)}
    subprocess.run(["go", "install", _PACKAGE], check=True, timeout=600, env=env, capture_output=True)


_FETCHED = Fetched(f"compose-go-{_VERSION}", "go", "build it", _fill)
missing = _FETCHED.missing


def loaded(file: Path) -> dict[str, Any]:
    """A compose file as the loader resolves it; fails with its message when the file is not right."""
    argv = [str(_FETCHED.get() / "cmd"), "-format", "json", str(file)]
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("PACEWATCH_", "COMPOSE_"))}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=bare, cwd=file.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    model: dict[str, Any] = json.loads(done.stdout)
    return model
