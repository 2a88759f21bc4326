"""A file while a process uses it: read again when it changes, and kept as it was while it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

from kpis.runtime.problems import InvalidFile

EVERY_S = 1.0
"""Real seconds between two looks at the file; one that changed is read at the next look if it stayed as it is."""
REREAD_S = 30.0
"""After so long it is read though it looks unchanged: some file systems tell times in whole seconds."""
_SHOWN = 3

FileLook = tuple[int, int, int, int]
T = TypeVar("T")


class WatchedFile(Generic[T]):
    """Holds what the last good version of a file says.

    A new version is used once two looks found it the same: a file that is half written, or away for a moment, changes
    nothing. A symlink that is turned to another file (as a mounted ConfigMap) is a new version. May be refreshed in
    a thread while others read its attributes; one refresh at a time.

    Args:
        what: what it is, for people: ``goals file``.
        path: the file; None for none at all.
        read: its text.
        parse: what a text of a file of a name says.
        empty: what no file says.

    Raises:
        InvalidFile: the first version cannot be used.

    Attributes:
        value: what the last good version says.
        problem: why the file as it is now is not used, its first errors by line; empty while it is.
        version: the SHA-256 of the last good version; empty without a file.
    """

    def __init__(
        self, what: str, path: Path | None, read: Callable[[Path], str], parse: Callable[[str, str], T], empty: T
    ) -> None:
        self._what, self._path = what, path
        self._read_text, self._parse = read, parse
        self._due_s = 0.0
        self._reread_s = 0.0
        self._bad = ""
        self.value, self.problem, self.version = empty, "", ""
        if path is not None:
            # Before it is read: what changes in between is a change.
            self._seen = self._read = _look(path)
            text = read(path)
            self.value, self.version = parse(text, path.name), _digest(text)

    @property
    def has_file(self) -> bool:
        """Whether there is one at all."""
        return self._path is not None

    def refresh(self, now_s: float) -> bool:
        """Look at the file, once a second at most.

        Args:
            now_s: see :func:`kpis.runtime.clock.monotonic`.

        Returns:
            Whether ``value`` is another one now.
        """
        if self._path is None or now_s < self._due_s:
            return False
        self._due_s = now_s + EVERY_S
        before, self._seen = self._seen, _look(self._path)
        if self._seen != before or (self._seen == self._read and now_s < self._reread_s):
            return False
        self._read, self._reread_s = self._seen, now_s + REREAD_S
        return self._load(self._path)

    def read_anew(self) -> None:
        """Read the file at the next :meth:`refresh` though it did not change: what it is read with did."""
        self._due_s, self._reread_s, self._bad, self.version = 0.0, 0.0, "", ""

    def _load(self, path: Path) -> bool:
        digest = ""
        try:
            text = self._read_text(path)
            digest = _digest(text)
            if digest in {self.version, self._bad}:
                if digest == self.version:
                    self._bad = self.problem = ""
                return False
            found = self._parse(text, path.name)
        except InvalidFile as e:
            self._bad, self.problem = digest, self._summary(path.name, e)
            return False
        changed = found != self.value
        self.value, self.version, self.problem, self._bad = found, digest, "", ""
        return changed

    def _summary(self, name: str, error: InvalidFile) -> str:
        shown = "; ".join(str(problem) for problem in error.problems[:_SHOWN])
        more = f"; and {error.count - _SHOWN:,} more" if error.count > _SHOWN else ""
        return f"{self._what} {name} is not used as it is now: {shown}{more}"


def _look(path: Path) -> FileLook | None:
    """What tells one version of a file from another without reading it; None when there is no file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
