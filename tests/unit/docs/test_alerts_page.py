"""The page on alerts: its messages are those that are sent, and its settings and scopes are those that are used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from monitors.alerts.notifiers.slack.presses import PRESSES_PATH
from monitors.settings import MonitorSettings
from tests.browser.slack_pictures import PAGE, PICTURES, fresh, pictures
from tests.kit.slack_samples import KINDS

TEXT = PAGE.read_text("utf-8")


def test_every_message_on_the_page_is_one_that_is_sent() -> None:
    """``python -m tests.browser.slack_pictures`` writes them anew."""
    assert fresh(TEXT) == TEXT
    assert all(f"**{kind}**" in TEXT for kind in KINDS)


@pytest.mark.parametrize("name", pictures())
def test_every_picture_is_there_is_shown_and_is_small(name: str) -> None:
    file = PICTURES / f"{name}.png"
    assert f"](alerts/{name}.png)" in TEXT
    assert file.stat().st_size < 60_000
    assert {path.stem for path in PICTURES.iterdir()} == set(pictures())


def test_the_manifest_can_be_pasted_and_names_the_path_of_buttons() -> None:
    (manifest,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    found = yaml.safe_load(manifest)
    assert {"chat:write", "channels:history", "groups:history", "files:write"} <= set(
        found["oauth_config"]["scopes"]["bot"]
    )
    assert found["settings"]["interactivity"]["request_url"].endswith(PRESSES_PATH)


def test_every_setting_that_it_names_exists() -> None:
    named = set(re.findall(r"PACEWATCH_([A-Z_]+?)(?:_FILE)?\b", TEXT))
    assert {name.lower() for name in named} <= set(MonitorSettings.model_fields)
    assert Path(PAGE).name == "alerts.md"
