"""Experiments in a goals file: what they are, and every error by its line."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from kpis.catalogue import BY_NAME
from kpis.measures import Stream
from kpis.times import HOUR_MS
from monitors.goals import InvalidGoals
from monitors.goals.experiments.experiment import Experiment, Variant
from monitors.goals.file import parse
from monitors.goals.parents.scope import Scope

HEAD = """\
campaigns:
  - campaign: c42
    flight: {start: 2026-11-22, end: 2026-11-29, timezone: UTC}
    goals: [{ratio: ctr, at_least: 0.01}]
experiments:
"""
START_MS = 1_795_305_600_000
"""2026-11-22T00:00Z."""
WHOLE = """\
experiment: hero
name: Hero image
campaigns: [c42, "c|43"]
dimension: variant
variants: [A, B, "C 50%"]
kpi: cvr
start: 2026-11-22T01:00
end: 2026-11-29T01:00
timezone: Europe/Berlin
alpha: 0.01
least_effect: 0.02
split: even
account: Acme
owner: Ada
slack_channel: "#launch"
"""
SHORT = """\
experiment: hero
series: {A: c1, B: [c2, "c3|channel=search"]}
kpi: ctr
start: 2026-11-22T00:00Z
"""


def written(text: str) -> str:
    """A goals file with an experiment."""
    return HEAD + "  - " + indent(dedent(text), "    ").lstrip()


def one(text: str) -> Experiment:
    """The experiment of a file."""
    (found,) = parse(written(text), "x").experiments
    return found


def errors(text: str) -> list[str]:
    """What is wrong with an experiment."""
    with pytest.raises(InvalidGoals) as caught:
        parse(written(text), "x")
    return [problem.text for problem in caught.value.problems]


def test_variants_are_values_of_a_dimension_over_all_campaigns() -> None:
    found = one(WHOLE)
    assert found == Experiment(
        experiment="hero",
        name="Hero image",
        kpi=BY_NAME["cvr"],
        variants=(
            Variant("A", ("c42|variant=A", "c%7C43|variant=A")),
            Variant("B", ("c42|variant=B", "c%7C43|variant=B")),
            Variant("C 50%", ("c42|variant=C 50%25", "c%7C43|variant=C 50%25")),
        ),
        start_ms=START_MS,
        end_ms=START_MS + 7 * 24 * HOUR_MS,
        timezone="Europe/Berlin",
        alpha=0.01,
        least_effect=0.02,
        is_even=True,
        account="Acme",
        owner="Ada",
        slack_channel="#launch",
    )
    assert found.pairs == 3
    assert found.streams == {Stream.CLICK, Stream.CONVERSION}


def test_variants_may_be_series_of_any_kind() -> None:
    found = one(SHORT)
    assert found.variants == (Variant("A", ("c1",)), Variant("B", ("c2", "c3|channel=search")))
    assert (found.name, found.alpha, found.end_ms, found.is_even) == ("hero", 0.05, None, False)


def test_it_is_told_as_what_no_campaign_is_called() -> None:
    found = one(SHORT.replace("hero", "a|b=c")).stands_for
    assert (found.campaign, found.series, found.scope) == (
        "experiment=a|b=c", "experiment=a%7Cb%3Dc", Scope.EXPERIMENT
    )  # fmt: skip


def test_goals_that_are_moved_take_their_experiments_with_them() -> None:
    goals = parse(written(WHOLE), "x")
    moved = goals.shifted(HOUR_MS)
    assert moved.experiments[0].start_ms == START_MS + HOUR_MS
    assert moved.shifted(-HOUR_MS) == goals


@pytest.mark.parametrize("kpi", ["cpc", "cpa", "roas", "aov", "cpm"])
def test_what_no_test_compares_at_any_time_is_refused(kpi: str) -> None:
    (said,) = errors(SHORT.replace("ctr", kpi))
    assert said == (
        f"{kpi} is no share of counts: no test of its amounts holds at all looks together; an experiment compares "
        "a share such as ctr or cvr"
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("kpi: ctr", "kpi: crt", "unknown ratio 'crt'; did you mean cvr?"),
        ("experiment: hero\n", "", "experiment is missing"),
        ("kpi: ctr\n", "", "kpi is missing"),
        ("00:00Z", "00:00", "a local time needs a timezone, or write an offset such as +01:00"),
        ("kpi", "alpha: 0\nkpi", "must be above 0 and at most 0.2 (5 % is 0.05), not '0'"),
        ("kpi", "alpha: 0.3\nkpi", "must be above 0 and at most 0.2 (5 % is 0.05), not '0.3'"),
        ("kpi", "alfa: 0.1\nkpi", "unknown key 'alfa'; did you mean alpha?"),
        ("kpi", "least_effect: 2\nkpi", "must be from 0 to below 1 (3 % is 0.03), not '2'"),
        ("kpi", "end: 2026-11-22T00:14Z\nkpi", "end is not a quarter hour after start"),
        ("kpi", "campaign: c1\nkpi", "campaign goes with variants, not with series"),
        ("kpi", "split: odd\nkpi", "unknown split 'odd'; known: even, any"),
        ("{A: c1, B: [c2", "{A: c2, B: [c2", "c2 is counted twice: of 'A' already"),
        ("B: [c2", "B: [c2, c2", "c2 is counted twice: of 'B' already"),
        ("{A: c1, ", '{A: "c2|variant=A", ', "c2 and c2|variant=A of 'A' count the same events: variants must have"),
        ("{A: c1, ", "{A: c3, ", "c3|channel=search and c3 of 'A' count the same events"),
        ("{A: c1, ", '{A: "c3|device=phone", ', "c3|channel=search and c3|device=phone of 'A' count the same events"),
        (
            "{A: c1, ", '{A: "c3|channel=search|device=phone", ',
            "c3|channel=search and c3|channel=search|device=phone of 'A' count the same events",
        ),
        ("{A: c1, ", "{", "needs 2 to 10 variants, not 1"),
        (
            "c3|channel=search", "c3|chanel=search",
            "must be series such as c42 or c42|variant=A, not 'c3|chanel=search'; dimensions are account, channel, "
            "ad_group, creative, variant, country, device",
        ),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong(before: str, after: str, said: str) -> None:
    assert any(said in text for text in errors(SHORT.replace(before, after, 1)))


def test_series_that_no_event_is_of_both_of_may_be_compared() -> None:
    text = SHORT.replace("A: c1", 'A: "c3|channel=social|device=phone"').replace("[c2,", "[c30,")
    assert [variant.name for variant in one(text).variants] == ["A", "B"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("dimension: variant\n", "", "variants need a dimension that they are values of"),
        ("dimension: variant", "dimension: varint", "unknown dimension 'varint'; did you mean variant?"),
        ('campaigns: [c42, "c|43"]\n', "", "variants need either campaign or campaigns"),
        ("dimension", "campaign: c1\ndimension", "variants need either campaign or campaigns"),
        ("[A, B,", "[A, A,", "c42|variant=A is counted twice: of 'A' already"),
        (
            "kpi", "series: {A: x, B: y}\nkpi",
            "needs variants (with campaign or campaigns, and dimension) or series, and not both",
        ),
    ],
)  # fmt: skip
def test_errors_of_values_of_a_dimension(before: str, after: str, said: str) -> None:
    assert said in errors(WHOLE.replace(before, after, 1))


def test_an_experiment_that_is_given_twice_is_named_by_its_line() -> None:
    text = written(SHORT) + "  - " + indent(SHORT.replace("c1", "c9"), "    ").lstrip()
    with pytest.raises(InvalidGoals) as caught:
        parse(text, "x")
    (problem,) = caught.value.problems
    assert (problem.line, problem.text) == (10, "the experiment 'hero' is given twice")
