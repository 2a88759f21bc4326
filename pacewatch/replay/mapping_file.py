"""Reading a mapping file: every error with its line, and nothing that only the first row would show."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

import yaml

from kpis.measures import Stream
from kpis.money import NUMBER
from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.problems import InvalidFile
from kpis.runtime.yaml_nodes import Problems, did_you_mean, scalar, shown
from kpis.times import parse_time
from pacewatch.replay.mapping import FIELDS, MONEY, TO_MS, TO_UNITS, MappedColumn, Mapping
from streams.events.schema import MAX_EVENT_ID, MAX_NAME

_KEYS = ("timezone", "delimiter", "header", "columns", "constants")
_MOST_COLUMNS = 1_000
_WHOLE = re.compile(r"-?[0-9]{1,19}")


def load(path: Path) -> Mapping:
    """Read a mapping file.

    Raises:
        InvalidFile: it cannot be read, or says something that has no meaning; all of that is in ``problems``.
    """
    problems = Problems()
    text = nodes.read(path, problems)
    found = parse(text, problems) if text is not None else None
    if found is None or problems.found:
        raise InvalidFile(f"mapping file {path}", problems.found)
    return found


def parse(text: str, problems: Problems) -> Mapping | None:
    """The mapping that a text describes; None, and noted, when there is none."""
    root = nodes.compose(text, problems)
    if root is None:
        return None if problems.found else Mapping()
    fields = nodes.mapping(root, "", _KEYS, (), problems)
    if fields is None:
        return None
    header = _header(fields["header"], problems) if "header" in fields else []
    columns = _columns(fields["columns"], header, problems) if "columns" in fields else {}
    constants = _constants(fields["constants"], columns, problems) if "constants" in fields else {}
    zone = _zone(fields["timezone"], problems) if "timezone" in fields else None
    delimiter = _delimiter(fields["delimiter"], problems) if "delimiter" in fields else ","
    if problems.found:
        return None
    return Mapping(columns=columns, constants=constants, timezone=zone, delimiter=delimiter or ",", header=header)


def _header(node: yaml.Node, problems: Problems) -> list[str]:
    found: list[str] = []
    for i, item in enumerate(nodes.sequence(node, "header", problems)):
        name = scalar(item, f"header[{i}]", problems)
        if name is not None and name in found:
            problems.at(item, f"header[{i}]", f"column {shown(name)} is given twice")
        elif name is not None:
            found.append(name)
    if len(found) > _MOST_COLUMNS:
        problems.at(node, "header", f"has more than {_MOST_COLUMNS} columns")
    return found


def _columns(node: yaml.Node, header: list[str], problems: Problems) -> dict[str, str | MappedColumn]:
    found: dict[str, str | MappedColumn] = {}
    for field, item in (nodes.mapping(node, "columns", FIELDS, (), problems) or {}).items():
        column = _column(field, item, problems)
        if column is None:
            continue
        if header and column.column not in header:
            problems.at(item, f"columns.{field}", f"there is no column {shown(column.column)} in the header")
        found[field] = column
    return found


def _column(field: str, node: yaml.Node, problems: Problems) -> MappedColumn | None:
    where = f"columns.{field}"
    if isinstance(node, yaml.ScalarNode):
        name = scalar(node, where, problems)
        return None if name is None else MappedColumn(name)
    parts = nodes.mapping(node, where, ("column", "unit", "format", "values"), ("column",), problems)
    if parts is None or "column" not in parts:
        return None
    name = scalar(parts["column"], f"{where}.column", problems)
    unit = _unit(field, parts["unit"], f"{where}.unit", problems) if "unit" in parts else None
    written = _format(field, parts["format"], f"{where}.format", problems) if "format" in parts else None
    values = _values(parts["values"], f"{where}.values", problems) if "values" in parts else {}
    return None if name is None else MappedColumn(name, unit, written, values)  # type: ignore[arg-type]


def _unit(field: str, node: yaml.Node, where: str, problems: Problems) -> str | None:
    known = (*TO_MS, "text") if field == "ts" else tuple(TO_UNITS) if field in MONEY else ()
    text = scalar(node, where, problems)
    if text is not None and not known:
        problems.at(node, where, f"{field} has no unit")
    elif text is not None and text not in known:
        problems.at(node, where, f"{field} cannot be in {shown(text)}{did_you_mean(text, known)}")
    return text if text in known else None


def _format(field: str, node: yaml.Node, where: str, problems: Problems) -> str | None:
    text = scalar(node, where, problems)
    if text is None:
        return None
    if field != "ts":
        problems.at(node, where, "only ts has a format")
        return None
    moment = datetime(2001, 2, 3, 14, 5, 6)  # noqa: DTZ001 - only its digits matter
    try:
        datetime.strptime(moment.strftime(text), text)  # noqa: DTZ007 - likewise
    except (ValueError, re.error, KeyError, IndexError) as e:
        problems.at(node, where, f"{shown(text)} is no format of a time ({e})")
        return None
    return text


def _values(node: yaml.Node, where: str, problems: Problems) -> dict[str, str]:
    if not isinstance(node, yaml.MappingNode):
        problems.at(node, where, f"must be a mapping of cells to values, not {nodes.kind(node)}")
        return {}
    found: dict[str, str] = {}
    for key, value in node.value:
        cell, means = scalar(key, where, problems), scalar(value, where, problems)
        if cell is not None and cell in found:
            problems.at(key, where, f"{shown(cell)} is given twice")
        elif cell is not None and means is not None:
            found[cell] = means
    return found


def _constants(node: yaml.Node, columns: dict[str, str | MappedColumn], problems: Problems) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    for field, item in (nodes.mapping(node, "constants", FIELDS, (), problems) or {}).items():
        where, text = f"constants.{field}", scalar(item, f"constants.{field}", problems)
        if text is None:
            continue
        if field in columns:
            problems.at(item, where, f"{field} has a column already")
        wrong = _WRONG.get(field, _wrong_name)(text)
        if wrong:
            problems.at(item, where, wrong)
        found[field] = int(text) if field in {"ts", "quantity"} and _WHOLE.fullmatch(text) else text
    return found


def _wrong_name(text: str) -> str:
    return f"is longer than {MAX_NAME} characters" if len(text) > MAX_NAME else ""


def _wrong_type(text: str) -> str:
    known = [s.value for s in Stream]
    return "" if text in known else f"unknown type {shown(text)}{did_you_mean(text, known)}"


def _wrong_amount(text: str) -> str:
    return "" if NUMBER.fullmatch(text.encode()) else f"must be an amount such as 0.35, not {shown(text)}"


_WRONG: dict[str, Callable[[str], str]] = {
    "type": _wrong_type,
    "event_id": lambda text: f"is longer than {MAX_EVENT_ID} characters" if len(text) > MAX_EVENT_ID else "",
    "ts": lambda text: "" if _WHOLE.fullmatch(text) or parse_time(text) is not None else f"{shown(text)} is no time",
    "quantity": lambda text: "" if _WHOLE.fullmatch(text) else f"must be a whole number, not {shown(text)}",
    "currency": lambda text: "" if re.fullmatch("[A-Z]{3}", text) else f"{shown(text)} is no currency code",
    **dict.fromkeys(MONEY, _wrong_amount),
}


def _zone(node: yaml.Node, problems: Problems) -> str | None:
    text = scalar(node, "timezone", problems)
    if text is not None and text not in _zones():
        problems.at(node, "timezone", f"unknown timezone {shown(text)}{did_you_mean(text, sorted(_zones()))}")
    return text


def _delimiter(node: yaml.Node, problems: Problems) -> str | None:
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    if len(text) != 1 or text in '"\r\n\0':
        problems.at(node, "delimiter", f"must be one character, such as a semicolon, not {shown(str(text))}")
        return None
    return str(text)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
