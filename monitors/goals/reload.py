"""The goals file while the monitor runs: read again when it changes, and kept as it was while it cannot be used."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from monitors.goals.all_goals import Goals
from monitors.goals.file import InvalidGoals, parse, read_text

EVERY_S = 1.0
"""Real seconds between two looks at the file; one that changed is read at the next look if it stayed as it is."""
REREAD_S = 30.0
"""After so long it is read though it looks unchanged: some file systems tell times in whole seconds."""
_SHOWN = 3

Look = tuple[int, int, int, int]


class GoalsSource:
    """Holds the goals of the last good version of a file.

    A new version is used once two looks found it the same: a file that is half written, or away for a moment, changes
    nothing. A symlink that is turned to another file (as a mounted ConfigMap) is a new version. May be refreshed in
    a thread while others read its attributes; one refresh at a time.

    Args:
        path: the file; None for no goals at all.

    Raises:
        InvalidGoals: the first version cannot be used.

    Attributes:
        goals: of the last good version.
        problem: why the file as it is now is not used, its first errors by line; empty while it is.
        version: the SHA-256 of the last good version; empty without a file.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._due_s = 0.0
        self._reread_s = 0.0
        self._bad = ""
        self.goals, self.problem, self.version = Goals(), "", ""
        if path is not None:
            # Before it is read: what changes in between is a change.
            self._seen = self._read = _look(path)
            text = read_text(path)
            self.goals, self.version = parse(text, path.name), _digest(text)

    def refresh(self, now_s: float) -> bool:
        """Look at the file, once a second at most.

        Args:
            now_s: see :func:`kpis.runtime.clock.monotonic`.

        Returns:
            Whether ``goals`` are other ones now.
        """
        if self._path is None or now_s < self._due_s:
            return False
        self._due_s = now_s + EVERY_S
        before, self._seen = self._seen, _look(self._path)
        if self._seen != before or (self._seen == self._read and now_s < self._reread_s):
            return False
        self._read, self._reread_s = self._seen, now_s + REREAD_S
        return self._load(self._path)

    def _load(self, path: Path) -> bool:
        digest = ""
        try:
            text = read_text(path)
            digest = _digest(text)
            if digest in {self.version, self._bad}:
                if digest == self.version:
                    self._bad = self.problem = ""
                return False
            found = parse(text, path.name)
        except InvalidGoals as e:
            self._bad, self.problem = digest, _summary(path.name, e)
            return False
        changed = found != self.goals
        self.goals, self.version, self.problem, self._bad = found, digest, "", ""
        return changed


def _look(path: Path) -> Look | None:
    """What tells one version of a file from another without reading it; None when there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _summary(name: str, error: InvalidGoals) -> str:
    shown = "; ".join(str(problem) for problem in error.problems[:_SHOWN])
    more = f"; and {error.count - _SHOWN:,} more" if error.count > _SHOWN else ""
    return f"goals file {name} is not used as it is now: {shown}{more}"
