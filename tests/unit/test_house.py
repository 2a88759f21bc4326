"""The house: which room stands on which, how large rooms and files are, and that no name means two things."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kpis", "streams", "monitors", "pacewatch")
FLOORS = {
    "kpis": ("arrays", "units", "reasons", "money", "times", "measures", "formula", "catalogue", "series", "windows",
             "runtime", "runtime.http", "packs", "settings", "contract"),
    "streams": ("metrics", "process", "kafka", "events", "state", "store", "dead_letters", "partitions",
                "policies", "app", "service"),
    "monitors": ("settings", "metric_kinds", "metrics", "read", "goals", "habits", "pacing", "outage", "words",
                 "experiments", "alerts", "alerts.notifiers", "view", "export", "board", "board.campaign_page",
                 "board.http", "runbooks", "web", "sight", "vantage", "engine", "common", "gathering",
                 "telling", "examining", "crew", "cycle", "service"),
    "pacewatch": ("terminal", "progress", "variables", "catalogue_named", "helping", "fitting", "running", "embedded",
                  "replay", "simulate", "rejected", "catalogue", "goals", "alerts", "backtest", "kpi", "kpi_scopes",
                  "kpi_command", "demo", "top", "doctor", "export", "first_goals", "cli", "__main__"),
}  # fmt: skip
"""The rooms of each package from the ground up: each imports what stands before it, never what comes after."""
BELOW = {"kpis": (), "streams": ("kpis",), "monitors": ("kpis",), "pacewatch": ("kpis", "streams", "monitors")}
MOST_FILES, MOST_LINES, MEDIAN_LINES, LONGEST_FUNCTION = 15, 300, 120, 40
CONVENTIONS = frozenset({"service", "metrics", "settings", "command", "screen", "cli", "__main__"})
"""Names that mean the same in each room that has one."""


@cache
def modules() -> dict[str, Path]:
    """All modules of the product by their dotted names."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def imported(path: Path) -> set[str]:
    """The modules of the product that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules() else node.module for name in names}
    return found & modules().keys()


def room(module: str) -> tuple[str, str]:
    """The package and the room of a module; a module that lies in no folder of its package is a room itself."""
    package, _, rest = module.partition(".")
    parts = rest.split(".") if rest else []
    while parts and ".".join(parts) not in FLOORS[package]:
        parts.pop()
    return package, ".".join(parts)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_lies_in_a_room_that_has_a_floor(package: str) -> None:
    homeless = [m for m in modules() if m.startswith(f"{package}.") and not room(m)[1]]
    assert homeless == []


def test_imports_run_down_only_between_packages_and_between_their_rooms() -> None:
    up: list[str] = []
    for module, path in modules().items():
        package, mine = room(module)
        for other in imported(path):
            theirs_package, theirs = room(other)
            if theirs_package != package:
                is_down = theirs_package in BELOW[package]
            else:
                floors = FLOORS[package]
                is_down = theirs == mine or not theirs or floors.index(theirs) < floors.index(mine)
            if not is_down:
                up.append(f"{module} imports {other}")
    assert up == []


def test_no_two_modules_of_a_room_import_each_other_in_a_circle() -> None:
    graph = {module: imported(path) - {module} for module, path in modules().items()}
    done: set[str] = set()

    def walk(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, f"a circle: {' -> '.join((*way[way.index(module) :], module))}"
        if module not in done:
            for other in graph[module]:
                walk(other, (*way, module))
            done.add(module)

    for module in graph:
        walk(module, ())


def test_no_room_holds_more_files_than_can_be_read_at_a_glance() -> None:
    files = Counter(path.parent.relative_to(ROOT) for path in modules().values() if path.name != "__init__.py")
    assert {str(folder): n for folder, n in files.items() if n > MOST_FILES} == {}


def test_files_are_short() -> None:
    lines = {module: len(path.read_text().splitlines()) for module, path in modules().items()}
    assert {module: n for module, n in lines.items() if n > MOST_LINES} == {}
    assert median(n for module, n in lines.items() if modules()[module].name != "__init__.py") <= MEDIAN_LINES


def test_every_package_says_what_comes_in_what_goes_out_and_its_rule() -> None:
    silent: list[str] = []
    for module, path in modules().items():
        if path.name == "__init__.py" and module != "pacewatch":
            said = ast.get_docstring(ast.parse(path.read_text())) or ""
            silent += [module] * (not all(word in said for word in ("Comes in: ", "Goes out: ", "The rule that lives")))
    assert silent == []


def test_no_class_and_no_module_has_the_name_of_another() -> None:
    """One word a thing: whoever searches for a name finds one."""
    names: dict[str, list[str]] = {}
    for module, path in modules().items():
        if path.name != "__init__.py" and path.stem not in CONVENTIONS:
            names.setdefault(f"module {path.stem}", []).append(module)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                names.setdefault(f"class {node.name}", []).append(module)
    assert {name: where for name, where in names.items() if len(where) > 1} == {}


def test_functions_read_as_tables_of_contents() -> None:
    long: dict[str, int] = {}
    for module, path in modules().items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long[f"{module}.{node.name}"] = lines
    assert long == {}


def test_private_attributes_of_others_are_touched_in_one_place_only() -> None:
    """Faust's and aiokafka's in streams/kafka, aiohttp's in one module; test_private_parts says on which versions."""
    touched = [
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}"
        for module, path in modules().items()
        if room(module) != ("streams", "kafka") and module != "kpis.runtime.http.serving"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and is_private_of_another(node)
    ]
    assert touched == []


def is_private_of_another(node: ast.Attribute) -> bool:
    """Whether it is an underscored attribute, of something else than an own object or a module of the system."""
    own = node.value
    if isinstance(own, ast.Call):
        own = own.func
    named = own.id if isinstance(own, ast.Name) else ""
    return node.attr.startswith("_") and not node.attr.startswith("__") and named not in {"self", "cls", "os"}


def test_docstrings_name_parameters_and_attributes_that_exist() -> None:
    """Each line under ``Args:`` or ``Attributes:`` is of a name that the function or class has."""
    strange = [
        f"{path.relative_to(ROOT)}:{node.lineno} {name}"
        for path in modules().values()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for name in documented(node) - names_in(node)
    ]
    assert strange == []


def documented(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    """The names under ``Args:`` and ``Attributes:`` of a docstring."""
    text = ast.get_docstring(node) or ""
    parts = re.findall(r"^(?:Args|Attributes):\n((?: {4}.*\n?|\n)+)", text, re.MULTILINE)
    heads = re.findall(r"^ {4}(\w+(?:, \w+)*):", "\n".join(parts), re.MULTILINE)
    return {name for head in heads for name in head.split(", ")}


def names_in(node: ast.AST) -> set[str]:
    """Every argument, attribute and name in a piece of code."""
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            found.add(part.arg)
        elif isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.FunctionDef):
            found.add(part.name)
    return found
