"""The loader of compose files that Docker Compose itself uses: built by Go once, kept outside the repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

_VERSION = "v2.16.2"
_PACKAGE = f"github.com/compose-spec/compose-go/v2/cmd@{_VERSION}"


def missing() -> str | None:
    """What the loader needs and this machine lacks; None when it can run."""
    if _program().exists():
        return None
    if shutil.which("go") is None:
        return "go is not installed"
    try:
        _build()
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as e:
        return f"go could not build it: {e}"
    return None


def loaded(file: Path) -> dict[str, Any]:
    """A compose file as the loader resolves it; fails with its message when the file is not right."""
    argv = [str(_program()), "-format", "json", str(file)]
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("PACEWATCH_", "COMPOSE_"))}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=bare, cwd=file.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    model: dict[str, Any] = json.loads(done.stdout)
    return model


def _program() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "pacewatch-tests")
    return root / f"compose-go-{_VERSION}" / "cmd"


def _build() -> None:
    target = _program().parent
    aside = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        env = {**os.environ, "GOBIN": str(aside)}
        subprocess.run(["go", "install", _PACKAGE], check=True, timeout=600, env=env, capture_output=True)
        # Renamed whole: another test process finds all of it or nothing.
        if not target.exists():
            aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
