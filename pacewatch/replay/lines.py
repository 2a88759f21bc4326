"""Lines of a file, plain or gzip, in bounded memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from kpis.runtime.errors import Permanent

LINE_LIMIT = 1_000_000
"""The longest line that is read, in bytes: what a Kafka message may hold by default, less its overhead."""
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class BrokenFile(Permanent):
    """A file cannot be read to its end.

    Attributes:
        path: the file.
        line: the number of the first line that could not be read, from 1; 0 when none can.
    """

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}: " + (f"line {line}: " if line else "") + problem)
        self.path = path
        self.line = line


class Lines:
    """An open file, read line by line; a context manager.

    Gzip is recognised by its first bytes, not by the file's name.

    Attributes:
        path: the file.
        size: its length on disk, in bytes.

    Raises:
        BrokenFile: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._raw = path.open("rb")
            self.size = path.stat().st_size
            magic = self._raw.read(len(_GZIP_MAGIC))
            self._raw.seek(0)
        except OSError as e:
            raise BrokenFile(path, 0, f"it cannot be opened: {e.strerror}") from None
        packed = magic == _GZIP_MAGIC
        self._file: IO[bytes] = cast("IO[bytes]", gzip.GzipFile(fileobj=self._raw)) if packed else self._raw

    @property
    def position(self) -> int:
        """How many bytes of the file on disk have been read."""
        return self._raw.tell()

    def __iter__(self) -> Iterator[tuple[int, bytes | None]]:
        """Every line's number (from 1) and its bytes without the line end; None for one longer than the limit.

        Raises:
            BrokenFile: the gzip data is damaged or cut off, or the disk fails.
        """
        number = 0
        try:
            while line := self._file.readline(LINE_LIMIT + 1):
                number += 1
                if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
                    self._skip()
                    yield number, None
                    continue
                yield number, (line.removeprefix(_BOM) if number == 1 else line).rstrip(b"\r\n")
        except EOFError:
            raise BrokenFile(self.path, number + 1, "the gzip data ends too early: the file was cut off") from None
        except (OSError, zlib.error) as e:
            raise BrokenFile(self.path, number + 1, f"it cannot be read: {e}") from None

    def _skip(self) -> None:
        """Read on to the end of the line."""
        while (part := self._file.readline(LINE_LIMIT)) and not part.endswith(b"\n"):
            pass

    def __enter__(self) -> Lines:
        """This file."""
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        """Close the file."""
        self._file.close()
        self._raw.close()
