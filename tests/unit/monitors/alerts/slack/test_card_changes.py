"""What becomes of a goal's alert while others gather: one goal is one card, from what was known first to the last."""

from __future__ import annotations

import pytest

from kpis.units import MICROS
from monitors.alerts.alert import Alert
from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.slack.card_changes import net
from monitors.alerts.notifiers.slack.webhook import posted
from monitors.pacing.verdict import Direction, Status
from tests.kit.slack_samples import (
    ENDED,
    LINKS,
    REPEATED,
    RESOLVED,
    SILENT,
    WARNING,
    WORSENED,
    as_text,
    later,
    outage,
)

EASED = later(WORSENED, 5, id="e", change=Change.EASED, after=Status.WARNING)
TURNED = later(
    WORSENED, 5, id="t", change=Change.TURNED, direction=Direction.OVER, after=Status.WARNING, actual=9_000 * MICROS
)


def test_a_goal_that_changed_twice_in_one_message_reads_as_one_from_first_to_last() -> None:
    message = posted([WARNING, WORSENED], LINKS, 5)
    assert message.text.startswith(":red_circle: Spring launch: spend is critical (under): will end at 7,300")
    assert "*Status*: on pace → critical" in as_text(message)
    assert len(message.attachments) == 1
    beside = posted([WARNING, SILENT, WORSENED], LINKS, 5)
    assert beside.text == ":red_circle: Spring launch: spend on pace → critical; serving as usual → critical"
    assert len(beside.attachments) == 2
    assert posted([*outage(4), *outage(4)], LINKS, 5).attachments == posted(outage(4), LINKS, 5).attachments
    twice = posted([*outage(9), *outage(9)], LINKS, 5)
    assert twice.text == ":red_circle: 9 campaigns changed together: 9 critical"


@pytest.mark.parametrize(
    ("path", "before", "change"),
    [
        ((WARNING, WORSENED), Status.ON_PACE, Change.FIRED),
        ((WARNING, WORSENED, RESOLVED), Status.CRITICAL, Change.RESOLVED),
        ((WORSENED, RESOLVED), Status.WARNING, Change.RESOLVED),
        ((EASED, WORSENED), Status.CRITICAL, Change.REPEATED),
        ((WORSENED, EASED), Status.WARNING, Change.REPEATED),
        ((RESOLVED, WARNING), Status.CRITICAL, Change.EASED),
        ((WARNING, RESOLVED, WARNING, WORSENED), Status.ON_PACE, Change.FIRED),
        ((WARNING, RESOLVED, WARNING), Status.ON_PACE, Change.FIRED),
        ((WARNING, TURNED), Status.ON_PACE, Change.FIRED),
        ((REPEATED, TURNED), Status.CRITICAL, Change.TURNED),
        ((WORSENED, ENDED), Status.WARNING, Change.ENDED),
        ((WARNING, ENDED), Status.CRITICAL, Change.ENDED),
    ],
)
def test_what_is_told_of_several_changes_is_what_is_new_to_who_knew_none(
    path: tuple[Alert, ...], before: Status, change: Change
) -> None:
    (found,) = net(path)
    assert (found.before, found.after, found.change) == (before, path[-1].after, change)
    assert found.id == path[-1].id
