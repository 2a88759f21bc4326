"""Digests: many alerts are one message, which says how many, the worst of them, and what they share."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from monitors.alerts.lifecycle import Change
from monitors.alerts.notifiers.slack.digest import MOST_CARDS, SHOWN, Digest, digest_of, is_digest, render_digest
from monitors.alerts.notifiers.slack.webhook import posted
from monitors.pacing.verdict import Reason, Status
from tests.kit.block_kit import is_fit
from tests.kit.slack_samples import CHECK_IN, LINKS, RESOLVED, SILENT, WARNING, as_text, outage


def test_an_outage_of_400_campaigns_is_one_message_that_names_its_cause() -> None:
    message = posted(outage(400), LINKS, 5)
    shown = as_text(message)
    assert message.text == ":red_circle: 400 campaigns changed together: 400 critical"
    assert "*Most of them:* nothing is served any more (400 of 400)" in shown
    assert shown.count("▲") == SHOWN
    assert "and 390 more" in shown
    assert "<https://pace.example|All of them on the board>" in shown
    is_fit(message)


def test_the_worst_come_first_and_what_differs_has_no_common_cause() -> None:
    far = msgspec.structs.replace(WARNING, id="far", goal="far", campaign="far", name="Far", ratio=0.2)
    well = msgspec.structs.replace(RESOLVED, id="w", goal="w", campaign="w", name="Well")
    found = digest_of([well, WARNING, far, *outage(2)])
    assert [status for _, status, _ in found.lines] == [
        Status.CRITICAL, Status.CRITICAL, Status.WARNING, Status.WARNING, Status.ON_PACE,
    ]  # fmt: skip
    assert found.lines[2][0] == "far"
    assert found.common == ""
    assert render_digest(found).text.endswith("2 critical, 2 warning, 1 on pace")


def test_a_digest_is_edited_as_its_alerts_end_and_says_when_all_have() -> None:
    found = digest_of([*outage(3), WARNING])
    some = render_digest(found, frozenset({"c0|watch:serving"}))
    assert some.text.endswith("; 1 has ended since")
    assert "● ~Campaign 0: nothing served" in as_text(some)
    assert some.attachments[0]["color"] == "#d92d20"
    goals = frozenset({"c0|watch:serving", "c1|watch:serving", "c2|watch:serving", WARNING.goal})
    over = render_digest(found, goals)
    assert over.text.startswith(":large_green_circle: Over: 4 campaigns")
    assert over.attachments[0]["color"] == "#12a150"
    is_fit(over)


def test_what_is_good_news_only_is_told_as_such() -> None:
    well = [msgspec.structs.replace(a, change=Change.RESOLVED, after=Status.ON_PACE, reason=Reason.FLOWING)
            for a in outage(30)]  # fmt: skip
    message = posted(well, LINKS, 5)
    assert message.text == ":large_green_circle: 30 campaigns changed together: 30 on pace"
    is_fit(message)


def test_few_changes_of_a_campaign_are_cards_and_more_than_there_is_room_for_a_digest() -> None:
    def of_one(count: int) -> list[object]:
        return [msgspec.structs.replace(SILENT, id=str(n), goal=f"c42|g{n}") for n in range(count)]

    few = posted([WARNING, SILENT], LINKS, 5)
    assert few.text == ":red_circle: Spring launch: spend on pace → warning; serving as usual → critical"
    assert [card["color"] for card in few.attachments] == ["#f79009", "#d92d20"]
    assert not is_digest(of_one(MOST_CARDS), 5)  # type: ignore[arg-type]
    assert is_digest(of_one(MOST_CARDS + 1), 5)  # type: ignore[arg-type]
    most = posted([*of_one(MOST_CARDS), *[CHECK_IN] * 4], LINKS, 5)  # type: ignore[list-item]
    is_fit(most)


def test_milestones_of_many_campaigns_are_one_message_of_which_none_is_left_out() -> None:
    many = [msgspec.structs.replace(CHECK_IN, id=str(n), campaign=f"c{n}") for n in range(300)]
    message = posted(many, LINKS, 5)
    assert message.text == ":checkered_flag: 300 campaigns reached a milestone"
    lines = message.blocks[0]["text"]["text"].split("\n")
    assert lines[-1] == f"and {300 - len(lines) + 1} more"
    is_fit(message)


@given(st.integers(1, 1_000), st.text(max_size=200))
def test_any_digest_is_one_that_slack_takes_and_that_redis_keeps(count: int, name: str) -> None:
    found = digest_of([msgspec.structs.replace(alert, name=name) for alert in outage(count)])
    is_fit(render_digest(found, frozenset(goal for goal, _, _ in found.lines), LINKS))
    assert msgspec.json.decode(msgspec.json.encode(found), type=Digest) == found
