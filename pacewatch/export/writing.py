"""Files into a user's directory: what somebody changed there is kept; what was written before is brought up to date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from kpis.runtime.errors import Misconfigured
from pacewatch import __version__

RECORD = ".pacewatch-export.json"
"""What was written, with its digests: so the next version knows what somebody changed since."""


class Became(StrEnum):
    """What became of a file."""

    WRITTEN = "written"
    UPDATED = "updated"
    """It was as an earlier export had written it."""
    SAME = "same"
    KEPT = "kept"
    """Somebody changed it, or it is not from an export: it stays as it is."""
    FORCED = "overwritten"


def write(files: Mapping[str, bytes], directory: Path, *, force: bool) -> dict[str, Became]:
    """Write files below a directory, which is made; says what became of each.

    Raises:
        Misconfigured: one cannot be read or written; what came before it is there.
    """
    digests = _recorded(directory)
    found: dict[str, Became] = {}
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            target = directory / name
            found[name] = _fate(target, data, digests.get(name), force=force)
            if found[name] not in {Became.SAME, Became.KEPT}:
                _put(target, data)
            if found[name] is not Became.KEPT:
                digests[name] = _digest(data)
        record = {"version": __version__, "files": dict(sorted(digests.items()))}
        _put(directory / RECORD, (json.dumps(record, indent=1) + "\n").encode())
    except OSError as e:
        raise Misconfigured(str(e.filename or directory), f"it cannot be written: {e.strerror}") from None
    return found


def _fate(target: Path, data: bytes, written: str | None, *, force: bool) -> Became:
    if not target.exists() and not target.is_symlink():
        return Became.WRITTEN
    if not target.is_file():
        raise Misconfigured(str(target), "it is there, and is no file", "move it away, or export elsewhere")
    there = target.read_bytes()
    if there == data:
        return Became.SAME
    if written == _digest(there):
        return Became.UPDATED
    return Became.FORCED if force else Became.KEPT


def _put(target: Path, data: bytes) -> None:
    """In one step: who reads it meanwhile, such as Grafana, finds the old file or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # A link is followed, not replaced: it is there for a reason.
    real = target.resolve()
    half = real.with_name(f".{real.name}.part")
    half.write_bytes(data)
    half.replace(real)


def _recorded(directory: Path) -> dict[str, str]:
    try:
        found = json.loads((directory / RECORD).read_text("utf-8"))
        return {str(name): str(digest) for name, digest in found["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Without it everything that differs counts as changed.
        return {}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
