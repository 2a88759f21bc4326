"""The catalogue commands: all that is shipped, on 80 columns, and a file's errors as ``goals check`` says them."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from kpis.packs.catalogue_file import everything, load, pack_names
from pacewatch.catalogue import catalogue_forms, catalogue_lines, told
from pacewatch.catalogue.told import packs
from pacewatch.doctor.command import examine
from tests.kit.processes import free_ports

ROOT = Path(__file__).parents[4]
SCHEMA = json.loads((ROOT / "docs" / "catalogue.schema.json").read_text())
EXAMPLE = ROOT / "examples" / "catalogue.yaml"


def pacewatch(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pacewatch", "catalogue", *args], capture_output=True, text=True, timeout=60, check=False
    )


def test_every_line_fits_into_80_columns() -> None:
    found = list(catalogue_lines.lines(packs()))
    assert max(map(len, found)) <= catalogue_lines.WIDTH == 80


def test_every_pack_measure_and_kpi_is_printed() -> None:
    text = "\n".join(catalogue_lines.lines(packs()))
    page = catalogue_forms.markdown(packs())
    for name in ("core", *pack_names()):
        assert re.search(rf"^{name}: ", text, re.MULTILINE)
        assert f"## Pack {name}\n" in page
    for measure in everything().measures:
        assert f"    {measure.title} (" in text
        assert f"| `{measure.title}` |" in page
    for kpi in everything().kpis:
        assert f"    {kpi.name}: " in text
        assert f"| {kpi.label} | `{kpi.name}` | `{kpi.formula.text}` |" in page


def test_the_command_prints_a_pack_as_text_as_markdown_and_as_json() -> None:
    text, page, data = (pacewatch("--pack", "brand", *form) for form in ((), ("--markdown",), ("--json",)))
    assert (text.returncode, page.returncode, data.returncode) == (0, 0, 0)
    assert text.stdout.startswith("brand: The brand: what surveys and panels say\n  measures\n")
    assert page.stdout.startswith("## Pack brand\n")
    (found,) = json.loads(data.stdout)
    assert found["kpis"][0]["formula"] == "aware_answers / awareness_answers"
    assert found["kpis"][0]["example"] == {"of": {"awareness_answers": 500, "aware_answers": 185}, "gives": 0.37}


def test_a_pack_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    done = pacewatch("--pack", "nope")
    assert done.returncode == 2
    assert "there are core, agency, brand" in done.stderr


def test_check_names_every_error_with_its_line_and_counts_a_good_file(tmp_path: Path) -> None:
    good = pacewatch("check", str(EXAMPLE))
    found = load(EXAMPLE)
    said = f"{len(found.added_measures)} measures, {len(found.added_kpis)} KPIs beside the core's, no errors\n"
    assert (good.returncode, good.stdout, good.stderr) == (0, f"{EXAMPLE}: {said}", "")
    bad = tmp_path / "bad.yaml"
    bad.write_text("measures:\n  clicks: {}\nkpis:\n  k: {formula: click / 0, meaning: x}\n  ok: {formula: clicks}\n")
    done = pacewatch("check", str(bad))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{bad}:5:7: kpis.ok: meaning is missing\n"
    bad.write_text(bad.read_text().replace("formula: clicks}", "formula: clicks, meaning: x}"))
    assert pacewatch("check", str(bad)).stderr.splitlines() == [
        f"{bad}:2:11: measures.clicks: clicks is defined already, in the core or in a pack that is switched on",
        f"{bad}:4:16: kpis.k.formula: 'click' is no measure; did you mean clicks?",
    ]
    assert pacewatch("check", str(tmp_path / "none.yaml")).returncode == 2


def test_doctor_says_what_is_in_the_catalogue_file_and_what_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nobody at the ports of Kafka and Redis, it goes on to the files."""
    kafka, redis = free_ports(2)
    monkeypatch.setenv("PACEWATCH_KAFKA", f"127.0.0.1:{kafka}")
    monkeypatch.setenv("PACEWATCH_REDIS", f"redis://127.0.0.1:{redis}/0")
    path = tmp_path / "catalogue.yaml"
    monkeypatch.setenv("PACEWATCH_CATALOGUE", str(path))
    path.write_text("measures: {a: {}}")
    said = [str(finding) for finding in asyncio.run(examine())]
    assert "OK    catalogue file: 1 measure and 0 KPIs beside the core's" in said
    path.write_text("measures: {a: 1}")
    (wrong,) = (str(finding) for finding in asyncio.run(examine()) if "catalogue file" in finding.what)
    assert wrong.startswith(f"FAIL  catalogue file {path}: line 1, column 15: measures.a: must be a mapping")
    assert wrong.endswith(f"see: pacewatch catalogue check {path}")


def test_the_schema_of_the_command_is_the_one_in_the_documents() -> None:
    assert json.loads(pacewatch("schema").stdout) == SCHEMA


@pytest.mark.parametrize(
    "path", [EXAMPLE, *sorted((ROOT / "kpis" / "packs").glob("*.yaml"))], ids=lambda path: path.stem
)
def test_the_schema_takes_the_example_and_all_packs(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text()), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "packs: [nope]",
        "packs: paid",
        "measures: {a: {stream: click}}",
        "measures: {a: {colour: red}}",
        "measures: {a: {level: maybe}}",
        "kpis: {a: {formula: clicks}}",
        "kpis: {a: {formula: clicks, meaning: x, unit: percent}}",
        "kpis: {a: {formula: clicks, meaning: x, better: up}}",
        "kpis: {a: {formula: clicks, meaning: x, min_volume: -1}}",
    ],
)
def test_an_editor_sees_what_is_wrong(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), SCHEMA)


def test_what_a_measure_counts_is_said_in_words() -> None:
    found = {measure.title: told.counted(measure) for measure in everything().measures}
    assert found["spend"] == "spend, impressions, clicks: their money"
    assert found["purchases"].startswith("conversions of kind new_customer or purchase or")
    assert found["reach"] == "impressions: different user_id"
    assert found["followers"] == "measures named followers: the last value"
    assert found["positions"] == "impressions: their position"
    assert found["keyword_lookups"] == "measures named keyword_rank: one each"
