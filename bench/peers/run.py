"""Runs a peer in a process of its own, and checks its counts."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import redis

from bench.kit.place import MIX
from tests.kit.system import System

HERE = Path(__file__).parent
Counts = Mapping[str, int]
"""``<campaign>:<stream>`` to events."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One of them.

    Attributes:
        name: what the table calls it.
        script: its file.
        slow: it is given this many events only, so that it takes no longer than the others; None for all.
        counts: whether it counts at all.
        remark: what its row must say.
    """

    name: str
    script: str
    slow: int | None = None
    counts: bool = True
    remark: str = ""

    @property
    def python(self) -> Path:
        """The interpreter it runs on: one with its own packages where it names some, else this one.

        Raises:
            PeerFailed: its packages could not be installed.
        """
        wanted = HERE / f"{self.script}.txt"
        if not wanted.exists():
            return Path(sys.executable)
        home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pacewatch" / "peers" / self.script
        stamp, python = home / "installed.txt", home / "bin" / "python"
        if not stamp.exists() or stamp.read_text() != wanted.read_text():
            venv.create(home, with_pip=True, clear=True)
            pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(wanted)]
            try:
                subprocess.run(pip, check=True, timeout=900, capture_output=True, text=True)
            except subprocess.SubprocessError as e:
                said = str(getattr(e, "stderr", None) or e).strip().splitlines()
                raise PeerFailed(self.name, f"its packages could not be installed: {said[-1][:200]}") from e
            stamp.write_text(wanted.read_text())
        return python


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a peer did.

    Attributes:
        events_per_s: from its first record to its last write.
        us_per_event: its own CPU, per event.
        wrong: how its counts differ from the truth; empty when they do not.
    """

    events_per_s: float
    us_per_event: float
    wrong: str


def run(peer: Peer, place: System, truth: Counts, timeout_s: float = 180) -> Outcome:
    """Run a peer over the topics of a system on an empty Redis.

    Raises:
        PeerFailed: it did not come to its end.
    """
    events = sum(truth.values())
    with redis.Redis.from_url(place.redis_url) as client:
        client.flushall()
        env = os.environ | {
            "PEER_KAFKA": place.broker,
            "PEER_TOPICS": ",".join(place.topic(s.value) for s in MIX),
            "PEER_REDIS": place.redis_url,
            "PEER_EVENTS": str(events),
            "PEER_GROUP": f"peer-{uuid4().hex[:8]}",
            "TMPDIR": str(place.directory),  # A peer's state on disk goes when the benchmark does.
        }
        code, out, err = run_to_end([peer.python, HERE / f"{peer.script}.py"], env, timeout_s)
        lines = [line for line in out.splitlines() if line.startswith("{")]
        if code or not lines:
            reason = f"not done after {timeout_s:.0f} s" if code is None else " ".join((err or out).split())[-300:]
            raise PeerFailed(peer.name, reason)
        said = json.loads(lines[-1])
        counts = {k.decode(): int(v) for k, v in client.hgetall("peer:counts").items()}
    return Outcome(
        said["events"] / said["seconds"],
        said["cpu_s"] / said["events"] * 1e6,
        difference(counts, truth) if peer.counts else "",
    )


def run_to_end(argv: list[Path], env: Mapping[str, str], timeout_s: float) -> tuple[int | None, str, str]:
    """Run a program to its end or a deadline: its exit code (None at the deadline) and output. Its children end too."""
    with subprocess.Popen(
        argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as child:
        try:
            out, err = child.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return None, "", ""
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        return child.returncode, out, err


def difference(counts: Counts, truth: Counts) -> str:
    """How counts differ from the truth, in words; empty when they do not."""
    wrong = {k for k in truth.keys() | counts.keys() if counts.get(k, 0) != truth.get(k, 0)}
    if not wrong:
        return ""
    return (
        f"{len(wrong)} of {len(truth)} counts are wrong: {sum(counts.values())} events instead of {sum(truth.values())}"
    )


class PeerFailed(Exception):
    """A peer did not come to its end.

    Attributes:
        name: which.
        reason: what it said last.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.reason = name, reason
