"""``pacewatch export``: one list of files, every file that users need in it, and nothing of theirs is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kpis.runtime.errors import Misconfigured
from pacewatch.cli import app
from pacewatch.export.shipped import PARTS, chosen, part_of, shipped
from pacewatch.export.writing import RECORD, Became, write

ROOT = Path(__file__).parents[4]
RUNNER = CliRunner()


def exported(directory: Path) -> set[str]:
    """The files below a directory, without the record."""
    found = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()}
    return found - {RECORD}


def test_every_file_for_users_is_exported_wherever_it_will_be_added() -> None:
    """A dashboard or an example in a new folder would otherwise be missing in the wheel."""
    places = ("docs", "examples", "grafana/dashboards", "grafana/provisioning", "prometheus", "deploy")
    found = (path for place in places for path in (ROOT / place).rglob("*") if path.is_file())
    wanted = {path.relative_to(ROOT).as_posix() for path in found if path.suffix not in {".py", ".pyc"}}
    wanted = wanted - {"docs/board.png"} | {"docker-compose.yml", "deploy/make_secrets.py"}
    assert set(shipped()) == wanted


def test_every_file_has_a_part_and_every_part_has_files() -> None:
    assert {part_of(name) for name in shipped()} == set(PARTS)


def test_all_is_written_as_it_is_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    first = RUNNER.invoke(app, ["export", str(tmp_path / "here")])
    assert first.exit_code == 0, first.output
    assert exported(tmp_path / "here") == set(shipped())
    for name, path in shipped().items():
        assert (tmp_path / "here" / name).read_bytes() == path.read_bytes()
    again = RUNNER.invoke(app, ["export", str(tmp_path / "here")])
    assert again.exit_code == 0
    assert " written " not in again.output
    assert again.output.count("same") == len(PARTS)


def test_only_some_parts_bring_what_they_need(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["export", str(tmp_path), "--only", "rules, catalogue"]).exit_code == 0
    assert {part_of(name) for name in exported(tmp_path)} == {"rules", "catalogue"}
    assert chosen("compose") == {"compose", "dashboards", "provisioning", "rules", "goals"}
    for none in ("", ",", "dashboard"):
        with pytest.raises(Misconfigured, match="there are dashboards, provisioning, rules"):
            chosen(none)


def test_what_somebody_changed_is_kept_and_named_until_it_is_forced(tmp_path: Path) -> None:
    RUNNER.invoke(app, ["export", str(tmp_path), "--only", "goals"])
    mine = tmp_path / "examples" / "goals.yml"
    mine.write_text("campaigns: []\n")
    kept = RUNNER.invoke(app, ["export", str(tmp_path), "--only", "goals"])
    assert (kept.exit_code, mine.read_text()) == (2, "campaigns: []\n")
    assert str(mine) in kept.output
    forced = RUNNER.invoke(app, ["export", str(tmp_path), "--only", "goals", "--force"])
    assert (forced.exit_code, mine.read_bytes()) == (0, (ROOT / "examples/goals.yml").read_bytes())


def test_after_an_upgrade_what_nobody_changed_is_brought_up_to_date(tmp_path: Path) -> None:
    old, new = {"a/x": b"1", "a/y": b"1"}, {"a/x": b"2", "a/y": b"2", "a/z": b"2"}
    assert set(write(old, tmp_path, force=False).values()) == {Became.WRITTEN}
    (tmp_path / "a" / "y").write_bytes(b"mine")
    became = {"a/x": Became.UPDATED, "a/y": Became.KEPT, "a/z": Became.WRITTEN}
    assert write(new, tmp_path, force=False) == became
    assert [(tmp_path / "a" / name).read_bytes() for name in "xyz"] == [b"2", b"mine", b"2"]
    # What was kept is still somebody's the next time, whatever the record says of the others.
    assert write(new, tmp_path, force=False)["a/y"] is Became.KEPT


@pytest.mark.parametrize("junk", ["", "[]", '{"files": 3}', "\x00"])
def test_without_a_record_that_can_be_read_whatever_differs_is_kept(tmp_path: Path, junk: str) -> None:
    write({"x": b"1"}, tmp_path, force=False)
    (tmp_path / RECORD).write_text(junk)
    assert write({"x": b"2"}, tmp_path, force=False) == {"x": Became.KEPT}


def test_a_place_that_cannot_be_written_is_named_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match=str(tmp_path / "file")):
        write({"x": b"1"}, tmp_path / "file" / "below", force=False)
    (tmp_path / "dir" / "x").mkdir(parents=True)
    with pytest.raises(Misconfigured, match="it is there, and is no file"):
        write({"x": b"1"}, tmp_path / "dir", force=True)


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"0")
    (tmp_path / "x").symlink_to(tmp_path / "elsewhere")
    assert write({"x": b"1"}, tmp_path, force=True) == {"x": Became.FORCED}
    assert (tmp_path / "x").is_symlink()
    assert (tmp_path / "elsewhere").read_bytes() == b"1"
