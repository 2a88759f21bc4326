"""A program in a terminal of its own: what it draws, the keys it gets, and the state it leaves the terminal in."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from typing import Any

_HOME = "\x1b[H"
_STYLE = re.compile(r"\x1b\[[\d;]*m")
_OBEYED = re.compile(r"\x1b\[(?:[\d;]*m|H|2J|\?25[lh]|\?1049[lh])")
"""What a program may tell this terminal: styles, home, clear, the cursor, the other screen."""


class Terminal:
    """A pseudo-terminal, and a program in it.

    Args:
        argv: the program; ended with the block.
        env: its environment.
        rows: of the terminal.
        columns: of the terminal.
    """

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], rows: int = 24, columns: int = 200) -> None:
        self._mine, self._its = pty.openpty()
        fcntl.ioctl(self._its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = self.modes()
        self._drawn = bytearray()
        ends: Any = self._its
        # They would go before what the terminal says of itself, and pytest sets them for its workers.
        env = {k: v for k, v in env.items() if k not in {"COLUMNS", "LINES"}}
        known = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PYTHONUTF8": "1"}
        self.process = subprocess.Popen(
            argv, stdin=ends, stdout=ends, stderr=ends, env={**env, **known}, start_new_session=True
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._its)
        self._reader.join()
        os.close(self._mine)

    def modes(self) -> list[Any]:
        """How the terminal treats keys: echo, lines, signals."""
        return termios.tcgetattr(self._its)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._mine, keys.encode())

    def drawn(self) -> str:
        """All that was written to it."""
        return bytes(self._drawn).decode(errors="replace")

    def screen(self) -> str:
        """What it shows: the last full drawing, without styles."""
        frames = self.drawn().split(_HOME)
        return _STYLE.sub("", frames[-1])

    def commands(self) -> set[str]:
        """Control characters and sequences in what was written that a board has no business with."""
        rest = _OBEYED.sub("", self.drawn())
        return {c for c in rest if not c.isprintable()} - {"\r", "\n"}

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self._mine], [], [], 0.1)
            if ready:
                try:
                    part = os.read(self._mine, 1 << 16)
                except OSError:
                    # All other ends are closed.
                    return
                self._drawn += part
