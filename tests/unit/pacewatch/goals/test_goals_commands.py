"""The goals commands: a table that fits, and a file that is put in place whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kpis.runtime.errors import Misconfigured
from monitors.goals import InvalidGoals, load
from monitors.goals.file import parse
from pacewatch.goals.apply import apply
from pacewatch.goals.difference import difference
from pacewatch.goals.overview import counted, lines, shares

WIDTH = 80
OLD = """\
campaigns:
  - campaign: a
    flight: {start: 2026-11-22, end: 2026-11-29, timezone: UTC}
    goals: [{total: spend, target: 5}, {total: clicks, target: 9}, {ratio: ctr, at_least: 0.02}]
  - campaign: b
    flight: {start: 2026-11-22, end: 2026-11-29, timezone: UTC}
    goals: [{total: clicks, target: 9}]
"""
NEW = """\
# for the launch
campaigns:
  - campaign: a
    owner: Ada
    flight: {start: 2026-11-22, end: 2026-11-30, timezone: UTC}
    goals: [{total: spend, target: 6, curve: front_loaded}, {total: clicks, target: 9}, {ratio: ctr, at_least: 0.02}]
  - campaign: c
    flight: {start: 2026-11-22, end: 2026-11-29, timezone: UTC}
    goals: [{total: clicks, target: 9, per: day}]
"""
SAID = ["- b clicks", "+ c clicks:day", "~ a: flight, owner", "~ a spend: target, curve"]


def pacewatch(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pacewatch", "goals", *args], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_table_fits_into_80_columns_and_cuts_no_amount() -> None:
    curve = "{shape: front_loaded, hours: 08:00-22:00, lag: 0}"
    long = OLD.replace("campaign: a", "campaign: a-campaign-with-a-very-long-name-that-goes-on")
    long = long.replace("target: 5}", f"target: 123456789012, per: week, curve: {curve}}}")
    found = lines(parse(long, "x"), WIDTH)
    assert max(len(line) for line in found) <= WIDTH
    assert found[0].split() == ["campaign", "goal", "target", "flight", "curve", "rule"]
    assert "123,456,789,012.00 2026-11-22 7d" in found[1]
    assert "…" in found[1]
    assert [line.split()[-1] for line in found[1:]] == ["evidence"] * 4
    assert "…" not in "".join(lines(parse(long, "x"), None)), "a pipe gets whole names"


def test_the_table_of_a_small_file_is_as_narrow_as_it_is() -> None:
    assert lines(parse(OLD, "x"), WIDTH) == [
        "campaign goal      target flight        curve rule",
        "a        spend       5.00 2026-11-22 7d even  evidence",
        "a        clicks         9 2026-11-22 7d even  evidence",
        "a        CTR (1h) ≥ 2.00% 2026-11-22 7d –     evidence",
        "b        clicks         9 2026-11-22 7d even  evidence",
    ]


PARENTS = """\
accounts: {Acme: {together: {goals: [{total: clicks}, {total: spend, target: 8}, {total: revenue, target: 1}]}}}
campaigns:
  - campaign: a
    account: Acme
    flight: {start: 2026-11-22, end: 2026-11-29, timezone: UTC}
    goals: [{total: spend, target: 5}, {total: clicks, target: 9}]
  - campaign: b
    account: Acme
    flight: {start: 2026-11-22, end: 2026-11-29, timezone: UTC}
    goals: [{total: clicks, target: 27}]
portfolio: {goals: [{ratio: ctr, at_least: 0.02}]}
"""


def test_what_campaigns_add_to_their_account_is_listed_the_most_first() -> None:
    found = parse(PARENTS, "x")
    assert lines(found, WIDTH)[4:] == [
        "Account Acme clicks        36 2026-11-22 7d even  evidence",
        "Account Acme spend       8.00 2026-11-22 7d even  evidence",
        "Account Acme revenue     1.00 2026-11-22 7d even  evidence",
        "Portfolio    CTR (1h) ≥ 2.00% 2026-11-22 7d –     evidence",
    ]
    assert shares(found, WIDTH) == [
        "", "Account Acme: clicks 36, of which", "  b 27 75%", "  a  9 25%",
        "", "Account Acme: spend 8.00, of which", "  a 5.00 62%", "  b    – no target",
    ]  # fmt: skip
    assert counted(found) == "2 campaigns and 2 parents, 7 goals"


def test_of_very_many_campaigns_the_largest_are_listed_and_the_others_counted() -> None:
    head, tail = PARENTS.split("  - campaign: a", 1)
    one = "  - campaign: {}\n    account: Acme\n    flight: {{start: 2026-11-22, end: 2026-11-29, timezone: UTC}}\n"
    more = "".join(
        f"{one.format('c' * 90 + str(n))}    goals: [{{total: clicks, target: {n + 1}}}]\n" for n in range(98)
    )
    said = shares(parse(f"{head}{more}  - campaign: a{tail}", "x"), WIDTH)
    assert (len(said), said[-1]) == (2 * 23, "  and 80 more")
    assert max(map(len, said)) <= WIDTH


def test_what_changes_about_a_parent_is_told_by_what_it_is_called() -> None:
    other = PARENTS.replace("target: 8", "target: 9").replace("account: Acme\n    flight", "flight", 1).replace(
        "{goals: [{ratio: ctr", "{owner: Eve, goals: [{ratio: cvr"
    )  # fmt: skip
    assert difference(parse(PARENTS, "x"), parse(other, "x")).lines == [
        "- portfolio= ctr:at_least:1h", "+ portfolio= cvr:at_least:1h", "~ a: account",
        "~ account=Acme: members", "~ account=Acme clicks: target", "~ account=Acme spend: target",
        "~ portfolio=: owner",
    ]  # fmt: skip


def test_what_changes_is_told_goal_by_goal() -> None:
    found = difference(parse(OLD, "x"), parse(NEW, "x"))
    assert found.lines == SAID
    assert found.summary == "1 added, 1 removed, 2 changed"
    assert difference(parse(OLD, "x"), parse("# a comment\n" + OLD, "x")).lines == []


def test_a_file_is_put_in_place_byte_for_byte_and_what_changes_is_said(tmp_path: Path) -> None:
    source, target = tmp_path / "new.yml", tmp_path / "goals.yml"
    target.write_text(OLD)
    target.chmod(0o640)
    source.write_text(NEW)
    assert apply(source, target) == [*SAID, f"{target}: 2 campaigns, 4 goals; 1 added, 1 removed, 2 changed"]
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(f.name for f in tmp_path.iterdir()) == ["goals.yml", "new.yml"]


def test_a_reader_that_has_the_old_file_open_keeps_all_of_it(tmp_path: Path) -> None:
    source, target = tmp_path / "new.yml", tmp_path / "goals.yml"
    source.write_text(NEW)
    target.write_text(OLD)
    with target.open() as reader:
        apply(source, target)
        assert reader.read() == OLD
    assert target.read_text() == NEW


def test_a_new_target_is_made_and_a_link_stays_one(tmp_path: Path) -> None:
    source = tmp_path / "new.yml"
    source.write_text(NEW)
    (tmp_path / "data").mkdir()
    link = tmp_path / "goals.yml"
    link.symlink_to("data/goals.yml")
    assert apply(source, link)[-1].endswith("4 added, 0 removed, 0 changed")
    assert link.is_symlink()
    assert (tmp_path / "data" / "goals.yml").read_text() == NEW


def test_a_file_with_errors_changes_nothing(tmp_path: Path) -> None:
    source, target = tmp_path / "new.yml", tmp_path / "goals.yml"
    source.write_text(NEW.replace("clicks", "klicks"))
    target.write_text(OLD)
    with pytest.raises(InvalidGoals):
        apply(source, target)
    assert target.read_text() == OLD
    result = pacewatch("apply", str(source), "--to", str(target))
    assert result.returncode == 2
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == ["6", "9"]
    assert target.read_text() == OLD


def test_a_broken_file_in_place_is_replaced_and_said(tmp_path: Path) -> None:
    source, target = tmp_path / "new.yml", tmp_path / "goals.yml"
    source.write_text(NEW)
    target.write_text("campaigns: []")
    said = apply(source, target)
    assert said[0].endswith("what was there cannot be compared")
    assert load(target) == load(source)


def test_a_target_that_cannot_be_is_said_and_so_is_the_file_itself(tmp_path: Path) -> None:
    source = tmp_path / "new.yml"
    source.write_text(NEW)
    with pytest.raises(Misconfigured, match="it is the goals file itself"):
        apply(source, source)
    with pytest.raises(Misconfigured, match="cannot be written"):
        apply(source, tmp_path / "nowhere" / "goals.yml")
    with pytest.raises(Misconfigured, match="cannot be written"):
        apply(source, tmp_path)


def test_the_commands_print_what_they_found(tmp_path: Path) -> None:
    source, target = tmp_path / "new.yml", tmp_path / "goals.yml"
    source.write_text(NEW)
    listed = pacewatch("list", str(source))
    assert (listed.returncode, len(listed.stdout.splitlines())) == (0, 5)
    applied = pacewatch("apply", str(source), "--to", str(target))
    assert (applied.returncode, len(applied.stdout.splitlines()), applied.stderr) == (0, 5, "")
    assert pacewatch("list", str(tmp_path / "none.yml")).returncode == 2
