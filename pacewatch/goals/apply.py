"""Puts a checked goals file in the place of another, in one step."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from kpis.catalogue import Catalogue
from kpis.runtime.errors import Misconfigured
from monitors.goals import Goals, InvalidGoals
from monitors.goals.file import load, parse, read_text
from pacewatch.catalogue_named import catalogue
from pacewatch.goals.difference import difference
from pacewatch.goals.overview import counted

_MODE = 0o644
"""Of a file that was not there: others, such as the monitor's user, can read it."""


def apply(source: Path, target: Path) -> list[str]:
    """Check a goals file and replace another with it, so that a reader sees the old or the new one and no part of it.

    What is written is what was checked, even if the source changes meanwhile. A symlink stays; what it leads to is
    replaced. The permissions of a file that was there stay.

    Returns:
        What it changes, a line each.

    Raises:
        InvalidGoals: the source holds errors; nothing is done.
        Misconfigured: the target is the source, or cannot be written.
    """
    text = read_text(source)
    known = catalogue()
    after = parse(text, str(source), known)
    place = Path(os.path.realpath(target))
    if place.exists() and place.samefile(source):
        raise Misconfigured("--to", "it is the goals file itself", "name the file that the monitor reads")
    said, before = _before(place, known)
    try:
        _replace(place, text.encode())
    except OSError as e:
        raise Misconfigured("--to", f"{target} cannot be written: {e.strerror}") from None
    found = difference(before, after)
    return [*said, *found.lines, f"{target}: {counted(after)}; {found.summary}"]


def _before(place: Path, known: Catalogue) -> tuple[list[str], Goals]:
    """The goals that are in place; none, and why, when there are no usable ones."""
    if not place.exists():
        return [], Goals()
    try:
        return [], load(place, known)
    except InvalidGoals as e:
        return [f"{e}: what was there cannot be compared"], Goals()


def _replace(place: Path, data: bytes) -> None:
    mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else _MODE
    with NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.", delete=False) as written:
        try:
            written.write(data)
            written.flush()
            os.fsync(written.fileno())
            Path(written.name).chmod(mode)
            Path(written.name).replace(place)
        except BaseException:
            with suppress(OSError):
                Path(written.name).unlink()
            raise
    # The new name too is to survive a power cut.
    directory = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
