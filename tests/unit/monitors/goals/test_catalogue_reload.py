"""A catalogue file that changes while goals are used: both are of one catalogue, and the last good ones go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpis.packs.catalogue_file import InvalidCatalogue
from kpis.runtime.watched_file import EVERY_S
from monitors.goals import InvalidGoals
from monitors.goals.reload import GoalsSource

VISITS = "measures: {visits: {}}\n"
TWO = "measures: {calls: {}, visits: {}}\n"


def goals(*totals: str) -> str:
    """A goals file."""
    flight = "flight: {start: 2026-11-22, end: 2026-11-29, timezone: UTC}"
    aims = ", ".join(f"{{total: {title}, target: 5}}" for title in totals)
    return f"campaigns: [{{campaign: c, {flight}, goals: [{aims}]}}]\n"


class Files:
    """A goals file, a catalogue file, and a source that looks at both once a second."""

    def __init__(self, directory: Path) -> None:
        self.goals, self.catalogue = directory / "goals.yml", directory / "catalogue.yml"
        self.goals.write_text(goals("clicks", "visits"))
        self.catalogue.write_text(VISITS)
        self.source = GoalsSource(self.goals, self.catalogue)
        self._now_s = 100.0
        self.look(2)

    def look(self, times: int = 3) -> list[bool]:
        """What each of the next looks says."""
        found: list[bool] = []
        for _ in range(times):
            self._now_s += EVERY_S
            found.append(self.source.refresh(self._now_s))
            self.check()
        return found

    def check(self) -> None:
        """Goals are about measures of the catalogue that they have with them, whatever is wrong."""
        found = self.source.goals
        for _, goal in found:
            assert goal.total is found.catalogue.totals[goal.total.title]  # type: ignore[union-attr]

    @property
    def columns(self) -> dict[str, int]:
        """The columns of what goals are about."""
        return {goal.total.title: goal.total.column for _, goal in self.source.goals}  # type: ignore[union-attr]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_goals_are_read_anew_with_another_catalogue(files: Files) -> None:
    assert files.columns == {"clicks": 1, "visits": 5}
    files.catalogue.write_text(TWO)
    assert files.look() == [False, True, False]
    assert files.columns == {"clicks": 1, "visits": 6}
    assert not files.source.problem


def test_files_that_stay_as_they_are_change_nothing(files: Files) -> None:
    assert files.look(60) == [False] * 60


def test_goals_about_what_is_no_more_go_on_by_the_catalogue_that_they_were_written_for(files: Files) -> None:
    before = files.source.goals
    files.catalogue.write_text("measures: {calls: {}}\n")
    assert files.look() == [False] * 3
    assert files.source.goals is before
    assert "unknown total" in files.source.problem
    files.goals.write_text(goals("calls"))
    assert True in files.look()
    assert (files.columns, files.source.problem) == ({"calls": 5}, "")


def test_a_goals_file_that_is_broken_besides_does_not_hold_up_the_catalogue(files: Files) -> None:
    files.goals.write_text(goals("visitors"))
    files.look()
    assert files.source.problem
    files.catalogue.write_text(TWO)
    assert True in files.look()
    assert files.columns == {"clicks": 1, "visits": 6}
    assert set(files.source.goals.catalogue.by_title) > {"calls"}
    assert files.source.problem, "and the goals file is still told"
    files.goals.write_text(goals("visits"))
    files.look()
    assert (files.columns, files.source.problem) == ({"visits": 6}, "")


def test_a_catalogue_that_cannot_be_used_leaves_all_as_it_is(files: Files) -> None:
    before = files.source.goals
    files.catalogue.write_text("measures: {visits: {unit: }}\n")
    assert files.look() == [False] * 3
    assert files.source.goals is before
    assert "catalogue.yml is not used as it is now" in files.source.catalogue.problem
    assert not files.source.problem
    files.catalogue.write_text(VISITS)
    files.look()
    assert not files.source.catalogue.problem


def test_without_goals_the_catalogue_is_followed_too(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yml"
    path.write_text(VISITS)
    source = GoalsSource(None, path)
    assert not source.has_file
    path.write_text(TWO)
    assert [source.refresh(100.0 + n) for n in range(3)].count(True) == 1
    assert "calls" in source.goals.catalogue.by_title


def test_at_the_start_both_must_be_good(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.yml", tmp_path / "good.yml"
    bad.write_text("measures: 5")
    good.write_text(goals("visits"))
    with pytest.raises(InvalidCatalogue):
        GoalsSource(good, bad)
    with pytest.raises(InvalidGoals):
        GoalsSource(good, None)
