"""A release: its workflow is one that GitHub takes, runs what it is pinned to, and finds one version everywhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from pacewatch import __version__

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "release.yml"


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_the_workflow_is_one_that_github_takes(schema: str) -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(WORKFLOW)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


def test_every_action_and_tool_of_it_is_pinned() -> None:
    text = WORKFLOW.read_text()
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert len(used) > 5
    assert [name for name, said in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) or " # v" not in said] == []
    assert [line for line in re.findall(r"pip install ([a-z].*)", text) if "==" not in line] == []


def test_only_the_job_that_publishes_may_write_and_none_reads_a_secret() -> None:
    found = yaml.safe_load(WORKFLOW.read_text())
    writes = {job for job, of in found["jobs"].items() if "write" in of.get("permissions", {}).values()}
    assert (writes, found["permissions"]) == ({"publish"}, {})
    assert "secrets." not in WORKFLOW.read_text()
    assert found["jobs"]["publish"]["needs"] == "test"
    assert found["jobs"]["test"]["needs"] == "build"


def test_one_version_is_named_everywhere() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__
    for name, wanted in (
        ("docker-compose.yml", f"image: pacewatch:{__version__}"),
        ("deploy/Dockerfile", f"pacewatch=={__version__}"),
        ("Dockerfile", f"docker build -t pacewatch:{__version__}"),
    ):
        assert wanted in (ROOT / name).read_text(), name
