"""The page on notifiers: its settings, routes, labels and examples are those of the code and of Alertmanager."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from kpis.runtime.clock import Clock
from monitors.alerts.notifiers.alertmanager.labelled import Dress, cause_of, labelled, labels_of
from monitors.alerts.notifiers.known import configured, routes_to
from monitors.alerts.notifiers.webhook.form import PostedAlert, PostedBody, PostedCheckIn
from monitors.goals.subject import Watched
from monitors.goals.values import Bound
from monitors.settings import MonitorSettings
from tests.conftest import need
from tests.kit.made_alerts import an_alert

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "notifiers.md").read_text()
EXAMPLES = sorted((DOCS / "examples").glob("alertmanager*.yml"))
ALL = {"slack_webhook_url": "http://s", "alertmanager_url": "http://a", "webhook_url": "http://w"}


def test_every_setting_that_the_page_names_is_one() -> None:
    named = set(re.findall(r"\bPACEWATCH_(\w+)", PAGE))
    known = {name.upper() for name in MonitorSettings.model_fields}
    assert len(named) > 6
    assert {name.removesuffix("_FILE") for name in named} <= known


def test_the_routes_on_the_page_can_be_read() -> None:
    routes = re.findall(r'PACEWATCH_ROUTES="(.+?)"', PAGE)
    assert len(routes) == 3
    for spec in routes:
        settings = MonitorSettings.load(**ALL, routes=spec)
        assert routes_to([notifier for _, notifier in configured(settings)], settings).names


def test_the_page_names_every_label_annotation_and_cause() -> None:
    alert = an_alert("on_pace", "critical", owner="ann", slack_channel="#a", since_ms=1)
    labels = labels_of(alert, alert.after)
    made = labelled(alert, labels, Dress(Clock(), "http://p"), 10, 20)
    causes = {cause_of(an_alert("on_pace", "critical", goal=f"watch:{of}")) for of in Watched}
    causes |= {cause_of(alert), cause_of(an_alert("on_pace", "critical", bound=Bound.AT_LEAST))}
    ticked = set(re.findall(r"`([^`\n]+)`", PAGE))
    assert {*labels, *made.annotations, *causes} <= ticked


def test_the_page_names_every_field_of_what_is_posted() -> None:
    ticked = set(re.findall(r"`([^`\n]+)`", PAGE))
    for form in (PostedBody, PostedAlert, PostedCheckIn):
        named = {field for field in form.__struct_fields__ if field != "milestone"}
        assert named <= ticked


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_alertmanager_takes_the_example_and_routes_as_it_says(example: Path) -> None:
    amtool = need("amtool")
    checked = subprocess.run([amtool, "check-config", str(example)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    for before, after, receiver in (("on_pace", "critical", "page"), ("on_pace", "warning", "channel")):
        alert = an_alert(before, after)
        pairs = [f"{name}={value}" for name, value in labels_of(alert, alert.after).items()]
        argv = [amtool, "config", "routes", "test", f"--config.file={example}", *pairs]
        routed = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert routed.stdout.strip() == receiver, routed.stderr
