"""A goals file that changes while it is used: new versions are taken whole, and bad ones said and left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kpis.runtime.watched_file import EVERY_S, REREAD_S
from monitors.goals import Goals, InvalidGoals
from monitors.goals.reload import GoalsSource


def text(campaign: str, *more: str) -> str:
    """A goals file."""
    flight = "flight: {start: 2026-11-22, end: 2026-11-29, timezone: UTC}"
    goals = "goals: [{total: clicks, target: 5}]"
    return "campaigns:\n" + "".join(f"  - {{campaign: {name}, {flight}, {goals}}}\n" for name in (campaign, *more))


class Watched:
    """A source, and a clock that goes on a second with each look."""

    def __init__(self, path: Path) -> None:
        self.source = GoalsSource(path)
        self.now_s = 100.0
        # The first look reads the file once more, for it may have changed as it was read.
        self.look(2)

    def look(self, times: int = 1) -> list[bool]:
        """What each of the next looks says."""
        found: list[bool] = []
        for _ in range(times):
            self.now_s += EVERY_S
            found.append(self.source.refresh(self.now_s))
        return found

    @property
    def names(self) -> list[str]:
        """The campaigns that have goals."""
        return [campaign.campaign for campaign in self.source.goals.campaigns]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A goals file."""
    file = tmp_path / "goals.yml"
    file.write_text(text("a"))
    return file


def test_a_file_that_stays_as_it_is_changes_nothing(path: Path) -> None:
    assert Watched(path).look(100) == [False] * 100


def test_a_new_version_is_used_once_two_looks_found_it_the_same(path: Path) -> None:
    watched = Watched(path)
    path.write_text(text("b"))
    assert watched.look(3) == [False, True, False]
    assert watched.names == ["b"]


def test_a_file_that_still_grows_is_waited_for(path: Path) -> None:
    """What is there of it would be a good file without half of the goals."""
    watched = Watched(path)
    for n in range(1, 5):
        path.write_text(text("b", *(f"c{i}" for i in range(n))))
        assert watched.look() == [False]
    assert watched.names == ["a"]
    assert watched.look() == [True]
    assert watched.names == ["b", "c0", "c1", "c2", "c3"]


def test_a_bad_version_is_said_with_its_lines_and_the_last_good_one_stays(path: Path) -> None:
    watched = Watched(path)
    path.write_text(text("b").replace("clicks", "klicks") + "x: 1\n")
    assert watched.look(3) == [False] * 3
    assert watched.names == ["a"]
    assert watched.source.problem.startswith("goals file goals.yml is not used as it is now: line 2, column ")
    assert "did you mean clicks?" in watched.source.problem
    assert "; line 3, column 1: unknown key 'x'" in watched.source.problem
    path.write_text(text("b"))
    assert watched.look(2) == [False, True]
    assert (watched.names, watched.source.problem) == (["b"], "")


def test_going_back_to_the_version_in_use_is_no_change_and_ends_the_problem(path: Path) -> None:
    watched = Watched(path)
    path.write_text("campaigns: [")
    watched.look(2)
    assert watched.source.problem
    path.write_text(text("a"))
    assert watched.look(2) == [False, False]
    assert watched.source.problem == ""


def test_only_the_first_errors_are_shown(path: Path) -> None:
    watched = Watched(path)
    path.write_text(text("a", "b", "c", "d", "e").replace("clicks", "klicks"))
    watched.look(2)
    assert watched.source.problem.endswith("; and 2 more")


def test_a_file_that_is_away_for_a_moment_is_no_problem_one_that_stays_away_is(path: Path) -> None:
    watched = Watched(path)
    path.rename(path.with_suffix(".old"))
    assert watched.look() == [False]
    assert watched.source.problem == ""
    watched.look()
    assert "cannot be read: No such file" in watched.source.problem
    assert watched.names == ["a"]
    path.with_suffix(".old").rename(path)
    watched.look(2)
    assert watched.source.problem == ""


def test_a_bad_version_that_was_away_meanwhile_is_still_said_by_its_lines(path: Path) -> None:
    watched = Watched(path)
    path.write_text("campaigns: []\n")
    watched.look(2)
    path.rename(path.with_suffix(".old"))
    watched.look(2)
    path.with_suffix(".old").rename(path)
    watched.look(2)
    assert "the list is empty" in watched.source.problem


def test_a_link_that_is_turned_to_another_directory_is_a_new_version(tmp_path: Path) -> None:
    """As Kubernetes replaces a mounted ConfigMap: goals.yml -> ..data/goals.yml, ..data -> ..2026_1."""
    for n, campaign in enumerate("ab", 1):
        (tmp_path / f"..2026_{n}").mkdir()
        file = tmp_path / f"..2026_{n}" / "goals.yml"
        file.write_text(text(campaign))
        os.utime(file, (1, 1))
    (tmp_path / "..data").symlink_to("..2026_1")
    (tmp_path / "goals.yml").symlink_to("..data/goals.yml")
    watched = Watched(tmp_path / "goals.yml")
    (tmp_path / "..data_tmp").symlink_to("..2026_2")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    assert watched.look(2) == [False, True]
    assert watched.names == ["b"]


def test_a_change_that_leaves_time_and_size_as_they_were_is_found_within_half_a_minute(path: Path) -> None:
    os.utime(path, (1, 1))
    watched = Watched(path)
    path.write_text(text("b"))
    os.utime(path, (1, 1))
    assert sum(watched.look(int(REREAD_S) + 1)) == 1
    assert watched.names == ["b"]


def test_it_looks_once_a_second_at_most(path: Path) -> None:
    source = GoalsSource(path)
    path.write_text(text("b"))
    assert [source.refresh(50.0 + i / 10) for i in range(11)] == [False] * 10 + [True]


def test_a_comment_is_no_change_of_goals(path: Path) -> None:
    watched = Watched(path)
    version = watched.source.version
    path.write_text("# for the launch\n" + text("a"))
    assert watched.look(2) == [False, False]
    assert watched.source.version != version


def test_the_first_version_must_be_good_and_no_file_is_no_goals(tmp_path: Path) -> None:
    with pytest.raises(InvalidGoals, match="No such file"):
        GoalsSource(tmp_path / "goals.yml")
    source = GoalsSource(None)
    assert (source.refresh(1.0), source.goals, source.problem) == (False, Goals(), "")
