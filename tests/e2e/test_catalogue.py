"""Every KPI of the catalogue from its events: JSON in Kafka, and what ``pacewatch kpi`` prints in the end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from kpis.catalogue import CORE, Catalogue, Kpi
from kpis.measures import Kind
from kpis.packs.catalogue_file import everything, pack_names
from kpis.units import MICROS
from tests.e2e.conftest import Build
from tests.kit.example_events import example_events
from tests.kit.system import Event, System, Values

SKETCH_ERROR = 0.0081
"""The standard error of a distinct count."""
ROUNDED = 1e-4
"""How far an example's value, as it is written, may be from what its formula gives."""


def test_the_worked_examples_of_the_core_come_through_kafka_to_their_values(build: Build) -> None:
    """Without a catalogue file."""
    assert wrong_of(build(), CORE) == {}


def test_all_worked_examples_come_through_kafka_to_their_values(build: Build, tmp_path: Path) -> None:
    """With all packs switched on, in one worker."""
    path = tmp_path / "catalogue.yaml"
    path.write_text(f"packs: [{', '.join(pack_names())}]\n")
    assert wrong_of(build(CATALOGUE=str(path)), everything()) == {}


def wrong_of(system: System, catalogue: Catalogue) -> dict[str, list[str]]:
    """What is wrong with each KPI: it has a campaign of its own, with the events of its example and nothing else."""
    now = int(time.time() * 1000)
    events: list[Event] = [event for kpi in catalogue.kpis for event in example_events(kpi, campaign_of(kpi), now)]
    system.worker()
    system.send(events)
    system.await_counted(len(events))
    values = system.kpi()
    last = campaign_of(catalogue.kpis[-1])
    # Of one campaign, as people ask, it is what it is of all.
    assert system.kpi(last)[last]["total"] == values[last]["total"]
    return {kpi.name: found for kpi in catalogue.kpis if (found := differences(kpi, values))}


def campaign_of(kpi: Kpi) -> str:
    return f"example-{kpi.name}"


def differences(kpi: Kpi, values: Values) -> list[str]:
    """What of a KPI and its measures is not what its example says, in total and over the day."""
    assert kpi.example is not None
    sketched = sum(measure.kind is Kind.DISTINCT for measure in kpi.formula.measures)
    # Three standard errors of each distinct count.
    allowed = ROUNDED + 3 * SKETCH_ERROR * sketched
    found: list[str] = []
    for window in ("total", "24h"):
        row = values.get(campaign_of(kpi), {}).get(window, {})
        if row.get(kpi.name) != pytest.approx(kpi.example.gives, rel=allowed):
            found.append(f"{window} {kpi.name}: {row.get(kpi.name)}, not {kpi.example.gives}")
        for measure in kpi.formula.measures:
            amount = dict(kpi.example.of)[measure.title]
            if measure.kind is Kind.SUM:
                got = row.get(measure.name)
                is_right = got == round(amount * (MICROS if measure.in_micros else 1))
            else:
                got = row.get(measure.title)
                error = 3 * SKETCH_ERROR if measure.kind is Kind.DISTINCT else 1e-12
                is_right = got == pytest.approx(amount, rel=error)
            if not is_right:
                found.append(f"{window} {measure.title}: {got}, not {amount}")
    return found
