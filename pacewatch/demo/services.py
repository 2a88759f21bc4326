"""The worker and the monitor as supervised child processes of the demo."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Permanent
from kpis.runtime.retry import Backoff
from kpis.settings.environment import PREFIX
from monitors.alerts.notifiers.known import KNOWN
from pacewatch.embedded.children import Child, Nursery
from pacewatch.embedded.servers import HOST, free_port

_BACKOFF = Backoff(0.2, 5.0)
_STEADY_S = 10.0
_MOST_FAILURES = 8
_PERMANENT_CODE = 2
_EXCEPTION = re.compile(r"(pacewatch: |[\w.]*(Error|Exception|Exit)\b)")
"""How the line begins that says why a process ended; clients that are cleared away write more after it."""


class ServiceFailed(Permanent):
    """A service of the demo ends again and again."""


NOBODY_TOLD = {known.setting.removeprefix(PREFIX): "" for known in KNOWN} | {"ROUTES": ""}
"""People whom the user's own settings tell of campaigns are told of none of a demo's."""


def environment(own: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """The environment of the demo's children.

    Args:
        own: ``PACEWATCH_*`` variables, without the prefix, that the demo decides; an empty value takes one away.
        defaults: those that the user's own setting goes before.
    """
    taken = {PREFIX + name for name in own} | {f"{PREFIX}{name}_FILE" for name in own}
    env = {k: v for k, v in os.environ.items() if k not in taken}
    env.update({PREFIX + k: v for k, v in own.items() if v})
    for name, value in defaults.items():
        env.setdefault(PREFIX + name, value)
    return env


@contextmanager
def port_near(wanted: int) -> Iterator[int]:
    """The wanted loopback port when it is free, else another one; no other demo takes it meanwhile.

    Two demos that start together both find it free: whose it is, the UDP port of the same number says.
    """
    with socket.socket(type=socket.SOCK_DGRAM) as claim, socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            claim.bind((HOST, wanted))
            probe.bind((HOST, wanted))
        except OSError:
            wanted = free_port()
        probe.close()
        yield wanted


def why(tail: str) -> str:
    """What a process died of, by the end of its output: its last exception, else its last line."""
    lines = tail.splitlines()
    exceptions = [line for line in lines if _EXCEPTION.match(line)]
    return (exceptions or lines or ["it wrote nothing"])[-1]


class Service:
    """A ``pacewatch`` command that is started again when it ends.

    Args:
        nursery: starts it.
        command: ``worker`` or ``monitor``.
        env: its environment.
        tell: is told of each time that it ends.
    """

    def __init__(self, nursery: Nursery, command: str, env: Mapping[str, str], tell: Callable[[str], None]) -> None:
        self._nursery = nursery
        self._command = command
        self._env = env
        self._tell = tell
        self.child: Child | None = None
        """The process that runs now; None before the first."""

    async def keep(self) -> None:
        """Run it until cancelled.

        Raises:
            ServiceFailed: it ended with an error that only a person can mend, or too often.
        """
        failures = 0
        while True:
            started = monotonic()
            child = await self._nursery.start(
                self._command, [sys.executable, "-m", "pacewatch", self._command], self._env
            )
            self.child = child
            try:
                code = await child.wait()
            except asyncio.CancelledError:
                await child.stop()
                raise
            if monotonic() - started > _STEADY_S:
                failures = 0
            failures += 1
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            if code == _PERMANENT_CODE or failures >= _MOST_FAILURES:
                raise ServiceFailed(f"the {self._command} ended ({how}) and cannot go on: {why(child.tail())[:500]}")
            delay = _BACKOFF.before(failures)
            self._tell(f"the {self._command} (pid {child.pid}) ended ({how}); starting it again in {delay:.1f} s")
            await asyncio.sleep(delay)
