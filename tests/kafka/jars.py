"""The jars of an Apache Kafka broker, fetched by Maven once and kept outside the repository.

``python -m tests.kafka.jars`` fetches them ahead of the tests.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_POM = Path(__file__).with_name("pom.xml")
_JAVA = 17


def missing() -> str | None:
    """What Apache Kafka needs and this machine lacks; None when it can run."""
    if _java_version() < _JAVA:
        return f"java {_JAVA} or newer is not installed"
    if _directory().exists():
        return None
    if shutil.which("mvn") is None:
        return "mvn is not installed"
    try:
        jars()
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as e:
        return f"mvn could not fetch its jars: {e}"
    return None


def jars() -> Path:
    """The directory with the jars; Maven fills it on first use.

    Raises:
        subprocess.CalledProcessError: Maven failed, for example without a network.
        subprocess.TimeoutExpired: Maven took too long.
    """
    target = _directory()
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        # Filled aside and renamed: a fetch that was cut short, or another at the same time, leaves no half directory.
        with tempfile.TemporaryDirectory(dir=target.parent) as aside:
            goal = ["dependency:copy-dependencies", f"-DoutputDirectory={aside}/jars"]
            subprocess.run(["mvn", "-q", "-B", "-f", str(_POM), *goal], check=True, timeout=900)
            if not target.exists():
                Path(aside, "jars").rename(target)
    return target


def _directory() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "pacewatch-tests")
    # Named by the pom's content, so that two versions never mix.
    return root / f"kafka-jars-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]}"


def _java_version() -> int:
    """The major version of the Java on PATH; 0 when there is none."""
    if shutil.which("java") is None:
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False, timeout=60).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    lacking = missing()
    print(f"Apache Kafka for the tests: {lacking or jars()}", file=sys.stderr)
