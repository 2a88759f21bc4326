"""YAML files as nodes that know their lines, so that every error can name its own.

Nothing of the file is ever constructed as an object: scalars are taken as the text that is written. Anchors, aliases
and tags are refused: nothing here needs them, and they are how a small file becomes a large one.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from kpis.runtime.problems import FileProblem

MAX_DEPTH = 12
MAX_BYTES = 1024 * 1024
"""The largest file that is read."""
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE_TAG = "tag:yaml.org,2002:merge"


class Problems:
    """Collects problems; reading goes on after each."""

    def __init__(self) -> None:
        self.found: list[FileProblem] = []

    def at(self, node: yaml.Node, where: str, text: str) -> None:
        """Note a problem where a node begins."""
        self.mark(node.start_mark, where, text)

    def mark(self, mark: Any, where: str, text: str) -> None:
        """Note a problem at a mark of the parser (or at the file's start, when it gave none)."""
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        self.found.append(FileProblem(line, column, where, text))


def read(path: Path, problems: Problems) -> str | None:
    """The text of a file; None, and noted, when it cannot be had whole."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            # A pipe would be waited for, and a device has no end.
            problems.found.append(FileProblem(1, 1, "", "it is no regular file"))
            return None
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            problems.found.append(FileProblem(1, 1, "", f"the file is larger than {MAX_BYTES} bytes"))
            return None
        return data.decode("utf-8-sig")
    except OSError as e:
        problems.found.append(FileProblem(1, 1, "", f"the file cannot be read: {e.strerror}"))
    except UnicodeDecodeError as e:
        problems.found.append(FileProblem(data[: e.start].count(b"\n") + 1, 1, "", "the file is not UTF-8"))
    return None


def compose(text: str, problems: Problems) -> yaml.Node | None:
    """The root node of one YAML document; None when there is none, or a problem was noted."""
    try:
        if not _plain(text, problems):
            return None
        root: yaml.Node | None = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as e:
        what = ", ".join(filter(None, (e.context, e.problem)))
        problems.mark(e.problem_mark or e.context_mark, "", f"not valid YAML: {what}")
        return None
    except yaml.reader.ReaderError as e:
        before = text[: e.position]
        line, column = before.count("\n") + 1, e.position - before.rfind("\n")
        problems.found.append(FileProblem(line, column, "", "not valid YAML: a control character"))
        return None
    return root


def _plain(text: str, problems: Problems) -> bool:
    depth, before = 0, len(problems.found)
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            problems.mark(event.start_mark, "", "aliases (*name) are not allowed here; write it out")
        elif isinstance(event, yaml.NodeEvent) and event.anchor:
            problems.mark(event.start_mark, "", "anchors (&name) are not allowed here; write it out")
        elif getattr(event, "tag", None) not in {None, "!"}:
            problems.mark(event.start_mark, "", "tags (!name) are not allowed here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                problems.mark(event.start_mark, "", f"nested deeper than {MAX_DEPTH} levels")
                return False
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return len(problems.found) == before


def mapping(
    node: yaml.Node, where: str, known: Iterable[str], required: Iterable[str], problems: Problems
) -> dict[str, yaml.Node] | None:
    """The values of a mapping by key; unknown, repeated and missing keys are noted. None when it is no mapping."""
    if not isinstance(node, yaml.MappingNode):
        problems.at(node, where, f"must be a mapping with {', '.join(known)}, not {kind(node)}")
        return None
    names, found = tuple(known), dict[str, yaml.Node]()
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE_TAG else None
        if name is None:
            problems.at(key, where, "a key must be plain text")
        elif name in found:
            problems.at(key, where, f"{name} is given twice")
        elif name not in names:
            problems.at(key, where, f"unknown key {shown(name)}{did_you_mean(name, names)}")
        else:
            found[name] = value
    for name in required:
        if name not in found:
            problems.at(node, where, f"{name} is missing")
    return found


def sequence(node: yaml.Node, where: str, problems: Problems) -> list[yaml.Node]:
    """The items of a list that must not be empty; empty, and noted, when it is not one."""
    if not isinstance(node, yaml.SequenceNode):
        problems.at(node, where, f"must be a list, not {kind(node)}")
        return []
    if not node.value:
        problems.at(node, where, "the list is empty")
    return list(node.value)


def scalar(node: yaml.Node, where: str, problems: Problems) -> str | None:
    """The text of a scalar, as written; None, and noted, when it is empty, null, or no scalar."""
    if not isinstance(node, yaml.ScalarNode):
        problems.at(node, where, f"must be one value, not {kind(node)}")
        return None
    if is_null(node) or not node.value.strip():
        problems.at(node, where, "is empty")
        return None
    return str(node.value)


def is_null(node: yaml.Node) -> bool:
    """Whether a node is YAML's null."""
    return node.tag == "tag:yaml.org,2002:null"


def kind(node: yaml.Node) -> str:
    """What a node is, for people."""
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    return "nothing" if is_null(node) else f"the value {shown(node.value)}"


def shown(text: str) -> str:
    """A value as shown in an error: quoted and bounded."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


def nearest(text: str, names: Sequence[str]) -> str | None:
    """The known name that a text is close to, or differs from in case only; None when there is none."""
    near = get_close_matches(text, names, n=1) or [name for name in names if name.lower() == text.lower()]
    return near[0] if near else None


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """A hint when a known name is close, else the list of a few known names."""
    choices = list(names)
    meant = nearest(text.strip().lower(), choices)
    if meant is not None:
        return f"; did you mean {meant}?"
    return f"; known: {', '.join(choices)}" if len(choices) <= 12 else ""
