"""Messages held against labels, and values tried in place of a policy's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kpis.runtime.errors import Misconfigured
from kpis.runtime.problems import InvalidFile
from kpis.times import HOUR_MS, MINUTE_MS
from monitors.alerts.alert import alert_of
from monitors.alerts.assessment import Assessment
from monitors.alerts.lifecycle import AlertState, Change, Transition
from monitors.goals.file import parse as goals_of
from monitors.goals.subject import WATCHES
from monitors.pacing.verdict import Reason, Status, Verdict
from pacewatch.backtest import report
from pacewatch.backtest.labels import Label, load
from pacewatch.backtest.score import score
from pacewatch.backtest.sweeping import choices, shown_choice, with_choice
from pacewatch.backtest.trial import TrialMessage, TrialPolicy

START = 1_763_769_600_000
GOALS = goals_of(
    """\
campaigns:
  - campaign: a
    flight: {start: 2025-11-22T00:00, end: 2025-11-24T00:00, timezone: Europe/Berlin}
    goals: [{total: clicks, target: 100}]
""",
    "x",
)
(CAMPAIGN,) = GOALS.campaigns


def message(after_ms: int, change: Change = Change.FIRED) -> TrialMessage:
    verdict = Verdict.withheld(Status.CRITICAL, Reason.NOT_SERVING, WATCHES[0], START + after_ms)
    before = AlertState()
    told = Assessment(CAMPAIGN, WATCHES[0], verdict, before)
    alert = alert_of(told, Transition(before, before, change), "EUR", "a|watch:serving", "1")
    return TrialMessage(START + after_ms, CAMPAIGN, WATCHES[0], change, Status.CRITICAL, verdict, alert)


def label(until_ms: int | None, by_ms: int | None) -> Label:
    until, by = (None if ms is None else START + ms for ms in (until_ms, by_ms))
    return Label("a", START, until, by, "dark", "Europe/Berlin")


def test_only_messages_of_something_wrong_count_and_the_first_in_time_is_the_delay() -> None:
    messages = [message(5 * MINUTE_MS, Change.RESOLVED), message(10 * MINUTE_MS), message(2 * HOUR_MS)]
    held = score(messages, [label(HOUR_MS, HOUR_MS)])
    assert (held.misses, held.unmatched, held.precision) == (2, (messages[2],), 0.5)
    assert (held.recall, held.median_delay_ms) == (1.0, 10 * MINUTE_MS)


def test_what_is_told_after_the_deadline_was_right_but_not_in_time() -> None:
    held = score([message(2 * HOUR_MS)], [label(3 * HOUR_MS, HOUR_MS)])
    assert (held.precision, held.recall, held.median_delay_ms) == (1.0, 0.0, None)


def test_what_is_told_before_it_began_is_not_about_it() -> None:
    held = score([message(-MINUTE_MS)], [label(None, None)])
    assert (held.precision, held.recall) == (0.0, 0.0)
    assert score([], []).precision is None


def test_a_label_of_one_goal_is_told_by_messages_of_that_goal_only() -> None:
    other, mine = (replace(label(None, None), goal=goal) for goal in ("watch:clicks", "watch:serving"))
    assert score([message(0)], [other]).recall == 0.0
    assert score([message(0)], [mine]).recall == 1.0


def test_a_table_and_an_object_say_when_in_the_zone_of_the_flight() -> None:
    one = message(10 * MINUTE_MS)
    assert report.message_lines([one])[1].startswith("2025-11-22 01:10 a        watch:serving fired")
    assert report.as_json(one)["at"] == "2025-11-22T01:10:00+01:00"
    assert "precision 100% (1 of 1), recall 100% (1 of 1), median delay 10 min" in report.score_lines(
        score([one], [label(None, None)])
    )


def test_labels_are_read_in_the_zone_of_their_campaign_from_yaml_and_json(tmp_path: Path) -> None:
    path = tmp_path / "labels.yml"
    path.write_text("- {campaign: a, from: 2025-11-22T01:00, to: 2025-11-22T03:00, what: dark}\n")
    (one,) = load(path, GOALS)
    assert (one.from_ms, one.until_ms, one.by_ms) == (START, START + 2 * HOUR_MS, START + 2 * HOUR_MS)
    one_label = {"campaign": "a", "from": "2025-11-22T00:00Z", "by": "2025-11-22T01:00Z", "what": "x"}
    path.write_text(json.dumps({"labels": [one_label]}))
    assert load(path, GOALS)[0].by_ms == START + HOUR_MS


def test_each_error_of_a_labels_file_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "labels.yml"
    path.write_text(
        "- {campaign: b, from: 2025-11-22T01:00, what: dark}\n"
        "- {campaign: a, from: 2025-11-22T01:00, to: 2025-11-22T00:00, what: dark}\n"
    )
    with pytest.raises(InvalidFile) as caught:
        load(path, GOALS)
    assert [(p.line, p.where) for p in caught.value.problems] == [(1, "labels[0].campaign"), (2, "labels[1].to")]
    path.write_text("- {campaign: a, form: 2025-11-22T01:00, what: dark}\n")
    with pytest.raises(InvalidFile, match="from is missing") as wrong:
        load(path, GOALS)
    assert "unknown key 'form'; did you mean from?" in str(wrong.value.problems[1])
    path.write_text("")
    with pytest.raises(InvalidFile, match="needs a list of incidents"):
        load(path, GOALS)


def test_all_combinations_are_tried_each_in_the_policy_that_it_is_of() -> None:
    found = choices(["z_proof=3,4", "for_ms=0,15m", "false_a_day=0.01"], TrialPolicy())
    assert [shown_choice(c) for c in found][:2] == [
        "z_proof=3 for_ms=0 false_a_day=0.01",
        "z_proof=3 for_ms=900000 false_a_day=0.01",
    ]
    last = with_choice(TrialPolicy(), found[-1])
    assert (last.verdicts.z_proof, last.lifecycle.for_ms, last.evidence.false_a_day) == (4.0, 900_000, 0.01)
    assert choices([], TrialPolicy()) == [()]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("z_prof=3", "did you mean z_proof"),
        ("factors=1", "unknown policy field"),
        ("z_proof", "is not NAME=V1,V2"),
        ("z_proof=x", "cannot be 'x'"),
        ("min_expected=1.5", "it is 20 now"),
        (f"z_proof={','.join('3' * 65)}", "too many"),
    ],
)
def test_what_cannot_be_tried_is_said(written: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        choices([written], TrialPolicy())
