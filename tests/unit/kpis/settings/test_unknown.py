"""Variables that look like settings and are none."""

from __future__ import annotations

import pytest

from kpis.settings.unknown import unknown, variables
from pacewatch.variables import ALL


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("PACEWATCH_REDIS_URL", "PACEWATCH_REDIS"),
        ("PACEWATCH_WINDOW", "PACEWATCH_WINDOWS"),
        ("PACEWATCH_KAFKA_BOOTSTRAP", "PACEWATCH_KAFKA"),
        ("PACEWATCH_SLACK_WEBHOOK", "PACEWATCH_SLACK_WEBHOOK_URL"),
        ("pacewatch_gaols", "PACEWATCH_GOALS"),
        ("PACEWATCH_CURENCY", "PACEWATCH_CURRENCY"),
    ],
)
def test_a_variable_that_is_no_setting_is_named_with_what_was_meant(name: str, hint: str) -> None:
    (said,) = unknown({name: "hunter2", "PATH": "/bin"}, ALL)
    assert said.startswith(f"{name} is no setting and is ignored")
    assert said.endswith(f"; did you mean {hint}?")
    assert "hunter2" not in said


def test_what_resembles_nothing_is_named_without_a_guess() -> None:
    assert unknown({"PACEWATCH_XYZZY": "1"}, ALL) == ["PACEWATCH_XYZZY is no setting and is ignored"]


def test_every_setting_and_every_file_of_a_secret_is_known() -> None:
    """In any case, as settings are read; a file is only for a secret."""
    known = variables(ALL)
    assert {"PACEWATCH_REDIS_FILE", "PACEWATCH_SLACK_WEBHOOK_URL_FILE", "PACEWATCH_KAFKA"} <= known
    assert "PACEWATCH_KAFKA_FILE" not in known
    assert unknown(dict.fromkeys([*known, *(name.lower() for name in known)], "x"), ALL) == []
