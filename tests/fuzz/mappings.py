"""Mapping files, and cells of rows.

What stands before a NUL byte is the file, what stands after it are cells. Any text is a mapping or a list of problems
with lines; any cells are an event or a bad cell.
"""

from __future__ import annotations

from contextlib import suppress

from kpis.runtime.yaml_nodes import Problems
from pacewatch.replay.mapping import BadCell
from pacewatch.replay.mapping_file import parse


def one_input(data: bytes) -> None:
    """One fuzz input."""
    text, _, rest = data.partition(b"\0")
    problems = Problems()
    mapping = parse(text.decode("utf-8", "replace"), problems)
    assert (mapping is None) is bool(problems.found)
    assert all(p.line >= 1 and p.column >= 1 and p.text for p in problems.found)
    if mapping is not None and mapping.columns:
        cells = rest.decode("utf-8", "replace").split(",")
        row = {name: cells[i % len(cells)] for i, name in enumerate(sorted(mapping.wanted))}
        with suppress(BadCell):
            mapping.event(row, "id")
