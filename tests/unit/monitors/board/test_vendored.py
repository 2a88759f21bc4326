"""What others wrote and the board serves is what they published, with its licence beside it, and in the package."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[4]
VENDOR = ROOT / "monitors/board/static/vendor"
NOTE = (VENDOR / "VENDORED.md").read_text("utf-8")


def test_each_file_is_in_the_note_with_its_digest_version_and_licence() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| npm `uplot`.* \| ([\d.]+) \| MIT, `([^`]+)` \| `([0-9a-f]{64})` \|$", NOTE, re.M
    )
    files = {path.name for path in VENDOR.iterdir()}
    licences = {licence for _, _, licence, _ in rows}
    assert files == {name for name, *_ in rows} | licences | {"VENDORED.md"}
    for name, version, licence, digest in rows:
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
        assert "Permission is hereby granted" in (VENDOR / licence).read_text("utf-8")
        assert name.endswith(".css") or f"(v{version})" in (VENDOR / name).read_text("utf-8")[:100]


def test_the_package_has_all_that_the_board_serves() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    patterns = settings["package-data"]["*"]
    served = [path for path in (ROOT / "monitors/board/static").rglob("*") if path.is_file()]
    assert [path.name for path in served if not any(fnmatch(path.name, pattern) for pattern in patterns)] == []
