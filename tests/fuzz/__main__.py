"""Coverage-guided fuzzing: ``make fuzz RUNS=5000000``, or ``python -m tests.fuzz TARGET -runs=...``.

Needs atheris, which is no dependency: ``pip install atheris``. A target is a module of this package with a function
``one_input``; each says what must hold of any input.
"""

from __future__ import annotations

import sys
from importlib import import_module

import atheris

TARGETS = {
    "events": ["streams.events.decode", "streams.events.refusal", "kpis.money", "kpis.times", "streams.events.schema"],
    "batches": ["streams.kafka.batches", "streams.kafka.codecs", "streams.kafka.fetch"],
    "mappings": [
        "pacewatch.replay.mapping",
        "pacewatch.replay.mapping_file",
        "kpis.runtime.yaml_nodes",
        "kpis.runtime.problems",
    ],
}
"""By name, the modules whose branches guide it."""

if __name__ == "__main__":
    name = sys.argv.pop(1)
    with atheris.instrument_imports(include=TARGETS[name]):
        target = import_module(f"tests.fuzz.{name}")
    atheris.Setup(sys.argv, target.one_input)
    atheris.Fuzz()
