"""Child processes that never outlive this one.

A child dies with its parent in two ways: on Linux the kernel kills it when the thread that started it ends, and
everywhere a small guard process (:mod:`pacewatch.embedded.reaper`) notices that the parent is gone, kills what is left
and removes the temporary directory. Children have a session of their own, so Ctrl-C reaches only the parent, which
then stops them in order.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from pacewatch.embedded import reaper

_PR_SET_PDEATHSIG = 1
_TAIL_BYTES = 4096


class Child:
    """A running child process.

    Attributes:
        name: what it is, for people.
        log: the file its output goes to.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path, forget: Callable[[int], None]):
        self.name = name
        self.log = log
        self._process = process
        self._forget = forget

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it ends; gives its exit code."""
        code = await self._process.wait()
        self._forget(self.pid)
        return code

    async def stop(self, deadline_s: float = 5.0) -> int:
        """End it: SIGTERM, and SIGKILL when it still runs after ``deadline_s`` seconds. Gives its exit code."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), deadline_s)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
        return await self.wait()

    def tail(self) -> str:
        """The end of what it wrote, for an error message."""
        with self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return file.read().decode("utf-8", "replace").strip()


class Nursery:
    """Starts children, owns their temporary directory, and stops them newest first. An async context manager.

    Start it and its children from a thread that lives as long as the process (the main thread): see the module.
    """

    def __init__(self) -> None:
        self._children: list[Child] = []
        self._guard: subprocess.Popen[bytes] | None = None
        self.directory = Path()

    async def __aenter__(self) -> Nursery:
        """Make the directory and start the guard."""
        self.directory = Path(tempfile.mkdtemp(prefix="pacewatch-"))
        self._guard = subprocess.Popen(  # noqa: S603, ASYNC220 - our own program; it returns at once
            [sys.executable, "-I", "-S", str(Path(reaper.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        self._tell(f"dir {self.directory}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Stop all children, newest first, then the guard; remove the directory."""
        try:
            for child in reversed(self._children):
                await child.stop()
        finally:
            # Closing the pipe makes the guard kill what is left, should stopping have been cut short.
            if self._guard is not None and self._guard.stdin is not None:
                self._guard.stdin.close()
                self._guard.wait()
            shutil.rmtree(self.directory, ignore_errors=True)

    async def start(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Child:
        """Start a child whose output goes to ``<name>.log`` in the directory.

        Args:
            name: what it is, for people and for the log's name.
            argv: the program and its arguments.
            env: its whole environment; this process's own when not given.
        """
        log = self.directory / f"{name}.log"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_tether(os.getpid()),
            )
        self._tell(f"pid {process.pid}")
        child = Child(name, process, log, self._forget)
        self._children.append(child)
        return child

    def _forget(self, pid: int) -> None:
        self._children = [c for c in self._children if c.pid != pid]
        self._tell(f"forget {pid}")

    def _tell(self, order: str) -> None:
        if self._guard is not None and self._guard.stdin is not None and not self._guard.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._guard.stdin.write(order.encode() + b"\n")
                self._guard.stdin.flush()


def _tether(parent: int) -> Callable[[], None] | None:
    """What a new child runs before its program: ask the kernel to kill it when the parent is gone."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            # The parent ended between fork and prctl: nobody would ever send the signal.
            os._exit(1)

    return ask
