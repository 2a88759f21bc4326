"""The Prometheus configuration: valid, tested with promtool, and only of metrics that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from monitors import metrics
from monitors.metric_kinds import Definition
from streams.metrics import worker_metrics
from tests.conftest import need

ROOT = Path(__file__).parents[3] / "prometheus"
RULES = sorted(ROOT.glob("*/*.rules.yml"))
"""What is loaded, and what is optional."""


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    """Run promtool to its end."""
    return subprocess.run([need("promtool"), *words], capture_output=True, text=True, check=False)


def exported() -> set[str]:
    """The names of all metrics and of all recording rules."""
    found = {d.name for d in vars(metrics).values() if isinstance(d, Definition)}
    found |= {d.name for d in metrics.PARENTS.values()}
    for group in (metrics.CAMPAIGN, metrics.BREAKDOWN):
        found |= {d.name for d in group.all}
    for family in worker_metrics().registry.collect():
        found |= {family.name, *(sample.name for sample in family.samples)}
    found |= {f"{name}_bucket" for name in ("pacewatch_worker_flush_seconds", "pacewatch_worker_load_seconds")}
    for rules in RULES:
        found |= set(re.findall(r"- record: (\S+)", rules.read_text()))
    return found


def named_in(text: str) -> set[str]:
    """The metrics and recorded series that a text of rules or dashboards names."""
    return set(re.findall(r"(?<![\w:-])(?:\w+:)?pacewatch[_:][\w:]+", text))


def test_the_configuration_and_its_rules_are_valid() -> None:
    """As promtool sees it."""
    done = promtool("check", "config", str(ROOT / "prometheus.yml"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout


def test_every_alert_fires_when_it_should_and_only_then() -> None:
    """The rules' own unit tests, in which every alert fires, and all but the watchdog do not at another time."""
    for rules in RULES:
        tests = rules.with_name(rules.name.replace(".rules.", ".test."))
        done = promtool("test", "rules", str(tests))
        assert done.returncode == 0, done.stdout + done.stderr
        alerts = set(re.findall(r"- alert: (\w+)", rules.read_text()))
        assert alerts == set(re.findall(r"alertname: (\w+)\n +exp_alerts:\n", tests.read_text()))
        assert alerts - {"PacewatchWatchdog"} == set(
            re.findall(r"alertname: (\w+), exp_alerts: \[\]", tests.read_text())
        )


def test_the_optional_rules_are_loaded_by_nobody_and_valid() -> None:
    """They would tell people what the monitor tells them."""
    config = promtool("check", "config", str(ROOT / "prometheus.yml"))
    for rules in (ROOT / "optional").glob("*.rules.yml"):
        assert rules.name not in config.stdout
        assert promtool("check", "rules", str(rules)).returncode == 0


def test_every_metric_that_a_rule_names_is_exported() -> None:
    """A renamed metric would silence its alert."""
    for rules in RULES:
        assert named_in(rules.read_text()) <= exported()


def test_the_alertmanager_configuration_is_valid() -> None:
    """As amtool sees it."""
    argv = [need("amtool"), "check-config", str(ROOT / "alertmanager.yml")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
