"""Who told of a miss: whoever took what was told last, and nobody who has it still to send, or gave it up."""

from __future__ import annotations

import msgspec
import pytest

from monitors.alerts.alert import Alert
from monitors.alerts.lifecycle import AlertState
from monitors.alerts.outbox.queued import Parked, encode_entry, encode_parked
from monitors.alerts.stored import Held, encode_alert
from monitors.pacing.verdict import Status
from pacewatch.alerts.receipts import Receipt, given_up_by, receipts
from tests.kit.slack_samples import CHECK_IN, WARNING, WORSENED

GOAL = WARNING.goal
MUTED = msgspec.structs.replace(WORSENED, id="m", muted=True)


def held(alert: Alert | None, *lanes: str, sent: Status | None = None) -> Held:
    """What is stored of a miss that was told last by this alert."""
    raw = None if alert is None else encode_alert(alert)
    return Held(AlertState(Status.CRITICAL, since_ms=1, sent=sent), raw=raw, lanes=lanes)


def parked(*alerts: Alert, by: str = "slack", outcome: str = "refused", detail: str = "HTTP 404") -> list[bytes]:
    """They, as they were given up."""
    entries = (encode_entry(encode_alert(alert), 0).decode() for alert in alerts)
    return [encode_parked(Parked(by, outcome, 0, entry, detail)) for entry in entries]


def test_whoever_took_it_told_and_whoever_waits_or_gave_it_up_did_not() -> None:
    found = receipts(
        GOAL, held(WORSENED, "slack", "alertmanager", "webhook"), {"webhook": {GOAL}}, given_up_by(parked(WORSENED))
    )
    assert found == (
        Receipt("slack", why="refused (HTTP 404)"), Receipt("alertmanager"), Receipt("webhook", is_waiting=True),
    )  # fmt: skip
    assert [one.notifier for one in found if one.is_taken] == ["alertmanager"]


@pytest.mark.parametrize(
    ("last", "sent", "given_up", "is_taken"),
    [
        (WORSENED, None, [], True),
        (WORSENED, None, [WARNING], True),
        (WORSENED, None, [WARNING, WORSENED], False),
        (MUTED, Status.WARNING, [WARNING], False),
        (MUTED, Status.WARNING, [WORSENED], True),
        (MUTED, Status.WARNING, [], True),
        (None, None, [WORSENED], False),
    ],
)
def test_what_counts_is_what_was_sent_last_whatever_was_refused_before_or_told_in_a_mute(
    last: Alert | None, sent: Status | None, given_up: list[Alert], is_taken: bool
) -> None:
    (found,) = receipts(GOAL, held(last, "slack", sent=sent), {}, given_up_by(parked(*given_up)))
    assert found.is_taken == is_taken


def test_what_others_gave_up_and_what_cannot_be_read_is_of_no_goal_here() -> None:
    other = msgspec.structs.replace(WORSENED, goal="another|spend")
    entry = encode_entry(encode_alert(CHECK_IN), 0).decode()
    raws = [
        *parked(WORSENED, by="webhook"), *parked(other), b"\xff", encode_parked(Parked("slack", "unreadable", 0, "{")),
        encode_parked(Parked("slack", "expired", 0, entry)),
    ]  # fmt: skip
    assert receipts(GOAL, held(WORSENED, "slack"), {}, given_up_by(raws)) == (Receipt("slack"),)
    assert receipts(GOAL, held(WORSENED), {}, given_up_by(raws)) == ()
    (found,) = receipts(GOAL, held(WORSENED, "slack"), {}, given_up_by(parked(WORSENED, outcome="expired", detail="")))
    assert found.why == "expired"
