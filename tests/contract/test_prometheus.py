"""The Prometheus configuration: valid, tested with promtool, and only of metrics that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from monitors import metrics
from streams.metrics import worker_metrics
from tests.conftest import need

ROOT = Path(__file__).parents[2] / "prometheus"


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    """Run promtool to its end."""
    return subprocess.run([need("promtool"), *words], capture_output=True, text=True, check=False)


def test_the_configuration_and_its_rules_are_valid() -> None:
    """As promtool sees it."""
    done = promtool("check", "config", str(ROOT / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout


def test_every_alert_fires_when_it_should_and_only_then() -> None:
    """The rules' own unit tests, which name every alert."""
    done = promtool("test", "rules", str(ROOT / "rules" / "pipeline.test.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    alerts = set(re.findall(r"- alert: (\w+)", (ROOT / "rules" / "pipeline.rules.yml").read_text()))
    assert alerts == set(re.findall(r"alertname: (\w+)", (ROOT / "rules" / "pipeline.test.yml").read_text()))


def test_every_metric_that_a_rule_names_is_exported() -> None:
    """A renamed metric would silence its alert."""
    exported = {d.name for d in vars(metrics).values() if isinstance(d, metrics.Definition)}
    exported |= {sample.name for family in worker_metrics().registry.collect() for sample in family.samples}
    named = set(re.findall(r"\bpacewatch_\w+", (ROOT / "rules" / "pipeline.rules.yml").read_text()))
    assert named <= exported
