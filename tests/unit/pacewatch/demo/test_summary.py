"""How a demo is summed up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from kpis.measures import NAMES, Stream
from kpis.times import HOUR_MS, MINUTE_MS
from pacewatch.demo.story import Happening, Teller
from pacewatch.demo.sums.accounts import Accounts, CampaignAccount, StreamAccount
from pacewatch.demo.sums.promptness import Promptness
from pacewatch.demo.sums.summary import DemoOutcome, lines

NOON = 12 * HOUR_MS
SUMS = dict.fromkeys(NAMES, 0) | {
    "impressions": 604_800, "clicks": 9_058, "conversions": 965, "spend_micros": 5_400_000_000,
    "revenue_micros": 38_221_600_001,
}  # fmt: skip
ACCOUNTS = Accounts(
    (StreamAccount(Stream.CLICK, 8, 5, 2, 1), StreamAccount(Stream.SPEND, 2, 2, 0, 0)),
    (CampaignAccount("a", SUMS, SUMS),),
)


def told(at_ms: int, text: str, mark: str = "▲") -> Happening:
    """Something that Slack was posted."""
    return Happening(at_ms, Teller.TOLD, mark, text)


def summed_up(width: int = 80, **changes: Any) -> list[str]:
    """The lines of a summary."""
    prompt = Promptness()
    prompt.look(0.0, 10, 0)
    prompt.look(0.2, 10, 10)
    outcome = DemoOutcome(ACCOUNTS, (), 0, prompt, 92.0, {"a": "Brand search"}, (NOON, NOON + HOUR_MS), 20 * MINUTE_MS)
    return lines(replace(outcome, **changes), width)


def test_exact_totals_are_said_to_be_exact_with_each_campaign_and_stream() -> None:
    found = summed_up()
    assert ["Brand", "search", "604,800", "9,058", "965", "5,400.00", "38,221.60", "yes"] in [f.split() for f in found]
    assert ["clicks", "8", "5", "2", "1"] in [f.split() for f in found]
    assert any(f.startswith("EXACT: of 10 events each is counted once") for f in found)
    assert any(f.startswith("FAST: 10 events came in 92 s") and "0.2 s" in f for f in found)


def test_what_is_not_exact_says_what_and_by_how_much() -> None:
    wrong = replace(
        ACCOUNTS,
        streams=(StreamAccount(Stream.CLICK, 8, 4, 2, 1), StreamAccount(Stream.SPEND, 2, 3, 0, 0)),
        campaigns=(CampaignAccount("a", SUMS, SUMS | {"clicks": 9_057}),),
        failed=3,
    )
    text = " ".join(" ".join(summed_up(accounts=wrong)).split())
    for part in (
        "NOT EXACT:", "Kafka did not take 3 events", "1 click event missing", "1 spend event counted too often",
        "a: clicks 9,057 of 9,058",
    ):  # fmt: skip
        assert part in text
    assert "Brand search 604,800 9,057 965 5,400.00 38,221.60 NO" in text


def test_alerts_of_the_stall_are_named_and_those_of_before_and_of_all_campaigns_are_none() -> None:
    before = told(NOON + 10 * MINUTE_MS, "Brand search: spend is critical")
    pipeline = told(NOON + 40 * MINUTE_MS, "All campaigns: nothing comes")
    clear = told(NOON + 40 * MINUTE_MS, "Brand search: spend is on pace", "●")
    assert any("no campaign was called off" in f for f in summed_up(happenings=(before, pipeline, clear)))
    later = told(NOON + 70 * MINUTE_MS, "Spring sale: spend is warning")
    assert any("nothing came; Spring sale: spend is warning." in f for f in summed_up(happenings=(later,)))


def test_without_a_stall_a_killed_worker_or_a_truth_nothing_is_said_of_them() -> None:
    accounts = replace(ACCOUNTS, campaigns=())
    text = "\n".join(summed_up(accounts=accounts, quiet_ms=None, promptness=Promptness()))
    assert "STALL" not in text
    assert "KILLED" not in text
    assert "FAST" not in text
    assert "to the last micro" not in text
    assert "Totals" not in text


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_it_is_no_wider_than_the_terminal(width: int) -> None:
    long = told(NOON, "Shop retargeting: " + "no conversions since then, " * 10)
    assert max(map(len, summed_up(width, happenings=(long,), posts=1))) <= width
