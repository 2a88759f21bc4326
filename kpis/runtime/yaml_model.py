"""YAML files as pydantic models, every error with its line and column.

A model says what a file may hold: it checks it, yields the JSON Schema for editors and the text of the reference page.
Values reach it as the text that is written, so that each field decides what its text means; what it raises is noted
where the value stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from kpis.runtime import yaml_nodes as nodes
from kpis.runtime.problems import FileProblem, InvalidFile
from kpis.runtime.yaml_nodes import Problems, did_you_mean, is_null, kind, shown

_MERGE_TAG = "tag:yaml.org,2002:merge"
_NOTED = "noted"
"""The type of an error that was noted already."""
Place = tuple[str | int, ...]
M = TypeVar("M", bound="FileModel")


class Fields(dict[str, Any]):
    """A mapping, with the nodes that it was made of."""

    node: yaml.Node
    keys_at: dict[str, yaml.Node]
    where: str


class Items(list[Any]):
    """A list, with its node."""

    node: yaml.Node


class Text(str):
    """A value as it is written, with its node."""

    node: yaml.Node


class FileModel(BaseModel):
    """A mapping of a file. Keys that it does not know, and required ones that it lacks, are noted and passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True, json_schema_extra={"additionalProperties": False})

    @model_validator(mode="before")
    @classmethod
    def _keys(cls, data: Any, info: ValidationInfo) -> Any:
        if info.context is None:
            return data
        problems: Problems = info.context
        names = {field.alias or name: field for name, field in cls.model_fields.items()}
        if not isinstance(data, Fields):
            raise ValueError(f"must be a mapping with {', '.join(names)}, not {kind_of(data)}")
        for name in data.keys() - names.keys():
            problems.at(data.keys_at[name], data.where, f"unknown key {shown(name)}{did_you_mean(name, names)}")
        for name, field in names.items():
            if field.is_required() and name not in data:
                problems.at(data.node, data.where, f"{name} is missing")
        return data


class AtField(PydanticCustomError):
    """What is wrong with a model as a whole, noted where one of its fields stands."""

    def __new__(cls, field: str | int | Place, text: str) -> Self:
        """Of a field, of an item by its number, or of what lies at a path below, in words."""
        return super().__new__(cls, "at_field", "{text}", {"field": field, "text": text})


class AtFields(PydanticCustomError):
    """Several things that are wrong with a model as a whole, each noted where it stands."""

    def __new__(cls, found: Sequence[AtField]) -> Self:
        """Of what would be raised if each were the only one."""
        return super().__new__(cls, "at_fields", "several", {"all": [one.context or {} for one in found]})


def noted() -> PydanticCustomError:
    """What a validator raises for a value whose problem it noted itself."""
    return PydanticCustomError(_NOTED, "noted")


def validate(model: type[M], root: yaml.Node, problems: Problems) -> M | None:
    """The model of a file; None, and noted, when something is wrong with it."""
    places: dict[Place, yaml.Node] = {}
    data = _plain(root, (), places, problems)
    try:
        found = model.model_validate(data, context=problems)
    except ValidationError as e:
        for error in e.errors(include_url=False, include_input=False):
            _note(error, places, problems)
        return None
    return None if problems.found else found


Invalid = Callable[[str, Sequence[FileProblem]], InvalidFile]
"""The error of a file that cannot be used, by its name and its problems."""


def read_text_of(path: Path, invalid: Invalid) -> str:
    """The text of a file, whatever it says.

    Raises:
        InvalidFile: as ``invalid`` makes it: it cannot be read whole.
    """
    problems = Problems()
    text = nodes.read(path, problems)
    if text is None:
        raise invalid(str(path), problems.found)
    return text


def parsed(model: type[M], text: str, name: str, problems: Problems, *, needs: str, invalid: Invalid) -> M:
    """What a text says, as a model.

    Args:
        model: what the file may hold.
        text: what it holds.
        name: of the file, for errors.
        problems: where they are noted.
        needs: what an empty one lacks, for people.
        invalid: makes the error.

    Raises:
        InvalidFile: as ``invalid`` makes it: it holds errors; all of them are in ``problems``.
    """
    root = nodes.compose(text, problems)
    if root is None and not problems.found:
        problems.found.append(FileProblem(1, 1, "", f"the file is empty; it needs {needs}"))
    found = validate(model, root, problems) if root is not None else None
    if found is None or problems.found:
        raise invalid(name, problems.found)
    return found


def kind_of(value: Any) -> str:
    """What a value of a file is, for people."""
    return kind(value.node) if isinstance(value, Fields | Items | Text) else "nothing"


def text_of(value: Any) -> str:
    """The text of one value.

    Raises:
        ValueError: it is empty, or no single value.
    """
    if isinstance(value, Fields | Items):
        raise ValueError(f"must be one value, not {kind_of(value)}")
    if value is None or not str(value).strip():
        raise ValueError("is empty")
    return str(value)


def choice_of(value: Any, what: str, names: Iterable[str]) -> str:
    """One of some names.

    Raises:
        ValueError: it is none of them.
    """
    text, choices = text_of(value), tuple(names)
    if text not in choices:
        raise ValueError(f"unknown {what} {shown(text)}{did_you_mean(text, choices)}")
    return text


def items_of(value: Any) -> list[Any]:
    """The items of a list that must not be empty.

    Raises:
        ValueError: it is none, or empty.
    """
    if not isinstance(value, list):
        raise ValueError(f"must be a list, not {kind_of(value)}")
    if not value:
        raise ValueError("the list is empty")
    return value


def fields_of(value: Any) -> Fields:
    """The fields of a mapping that must not be empty.

    Raises:
        ValueError: it is none, or empty.
    """
    if not isinstance(value, Fields):
        raise ValueError(f"must be a mapping, not {kind_of(value)}")
    if not value:
        raise ValueError("the mapping is empty")
    return value


def _plain(node: yaml.Node, at: Place, places: dict[Place, yaml.Node], problems: Problems) -> Any:
    """A node as what validators take; remembers where each value stands."""
    places[at] = node
    if isinstance(node, yaml.MappingNode):
        return _fields(node, at, places, problems)
    if isinstance(node, yaml.SequenceNode):
        items = Items(_plain(item, (*at, i), places, problems) for i, item in enumerate(node.value))
        items.node = node
        return items
    if is_null(node):
        return None
    text = Text(node.value)
    text.node = node
    return text


def _fields(node: yaml.MappingNode, at: Place, places: dict[Place, yaml.Node], problems: Problems) -> Fields:
    found = Fields()
    found.node, found.keys_at, found.where = node, {}, shown_place(at)
    for key, value in node.value:
        name = key.value if isinstance(key, yaml.ScalarNode) and key.tag != _MERGE_TAG else None
        if name is None:
            problems.at(key, found.where, "a key must be plain text")
        elif name in found:
            problems.at(key, found.where, f"{name} is given twice")
        else:
            found.keys_at[name] = key
            found[name] = _plain(value, (*at, name), places, problems)
    return found


def _note(error: Any, places: dict[Place, yaml.Node], problems: Problems) -> None:
    if error["type"] in {"missing", _NOTED}:
        return
    at: Place = ()
    for part in error["loc"]:
        # What is no place in the file is the tag of a union.
        at = (*at, part) if (*at, part) in places else at
    context = error.get("ctx", {})
    for one in context.get("all", [context]):
        field, place = one.get("field", ()), at
        for part in field if isinstance(field, tuple) else (field,):
            place = (*place, part) if (*place, part) in places else place
        text = str(one["error"]) if "error" in one else str(one.get("text", error["msg"]))
        problems.at(places[place], shown_place(place), text)


def shown_place(at: Place) -> str:
    """A place in a file, for people: ``campaigns[0].goals[1].target``."""
    text = ""
    for part in at:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
