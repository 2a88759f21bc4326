"""Who is told of what, and what a setting that cannot be meant says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitors.alerts.routing import BadRoutes, Matter, Routes, routes_of
from monitors.pacing.verdict import Status

PREFERS = dict.fromkeys(Matter, ("pager", "slack"))


def test_one_notifier_tells_of_a_matter_the_first_of_those_that_are_set_up() -> None:
    assert routes_of(["slack", "pager"], PREFERS).of(Status.CRITICAL) == ("pager",)
    assert routes_of(["slack"], PREFERS).of(Status.CRITICAL) == ("slack",)
    assert routes_of([], PREFERS).of(Status.CRITICAL) == ()
    assert routes_of(["slack"], PREFERS).of_check_ins == ("slack",)
    assert routes_of(["slack"], PREFERS).of(Status.ON_PACE) == ()
    assert routes_of(["slack"], PREFERS).of(Status.HOLD) == ()


def test_a_setting_names_several_or_nobody_and_leaves_the_rest() -> None:
    found = routes_of(["slack", "pager"], PREFERS, " critical = slack + pager ,check_in=none, ")
    assert found.of(Status.CRITICAL) == ("slack", "pager")
    assert found.of(Status.WARNING) == ("pager",)
    assert found.of_check_ins == ()


def test_one_that_is_set_up_and_told_of_nothing_can_still_be_told_of_an_end() -> None:
    found = routes_of(["slack", "pager"], PREFERS, "critical=slack,warning=slack,check_in=slack")
    assert found.names == {"slack", "pager"}
    assert Routes({Matter.WARNING: ("slack",)}).names == {"slack"}


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("critical", "is not MATTER=NOTIFIER; matters are critical, warning, check_in"),
        ("urgent=slack", "is not MATTER=NOTIFIER"),
        ("critical=mail", "'mail' in 'critical=mail' is not set up; there is: slack"),
        ("critical=", "is not set up"),
        ("critical=slack,critical=none", "critical is there twice"),
        ("critical=slack + slack", "'slack' is named twice in 'critical=slack"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(spec: str, why: str) -> None:
    with pytest.raises(BadRoutes, match=why):
        routes_of(["slack"], PREFERS, spec)


@given(st.text(max_size=200))
def test_any_text_is_routes_or_a_short_error(text: str) -> None:
    said = ""
    try:
        assert routes_of(["slack"], PREFERS, text).names == {"slack"}
    except BadRoutes as e:
        said = str(e)
    assert len(said) < 500
