"""The jars of an Apache Kafka broker, fetched by Maven once and kept outside the repository.

``python -m tests.kafka.jars`` fetches them ahead of the tests.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.kit.fetched import Fetched

_POM = Path(__file__).with_name("pom.xml")
_JAVA = 17


def _fill(directory: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={directory}"]
    subprocess.run(["mvn", "-q", "-B", "-f", str(_POM), *goal], check=True, timeout=900)


_FETCHED = Fetched(f"kafka-jars-{hashlib.sha256(_POM.read_bytes()).hexdigest()[:12]}", "mvn", "fetch its jars", _fill)
jars = _FETCHED.get
"""The directory with the jars; Maven fills it on first use."""


def missing() -> str | None:
    """What Apache Kafka needs and this machine lacks; None when it can run."""
    if _java_version() < _JAVA:
        return f"java {_JAVA} or newer is not installed"
    return _FETCHED.missing()


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
