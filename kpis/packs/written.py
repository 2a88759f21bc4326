"""The fields of a catalogue file: what each may hold, for checking and for the schema."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from keyword import iskeyword
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from kpis.measures import MONEY, Filter, Stream
from kpis.runtime.yaml_model import Fields, Items, choice_of, items_of, kind_of, text_of
from kpis.runtime.yaml_nodes import shown
from kpis.series import DIMENSIONS

STREAMS = {stream.topic_suffix: stream for stream in Stream}
"""The streams by the names that files have for them."""
FILTERS = (*DIMENSIONS, "kind")
"""The fields that a measure may ask for values of."""
MAX_TEXT, MAX_VALUE, MAX_VALUES = 300, 128, 50
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_ENDINGS = ("_micros", "_sum", "_reports", "_at", "_ids")
"""What names of stored columns end in."""
MAX_NAME = 40


def name_of(value: Any) -> str:
    """The name of a measure or a KPI.

    Raises:
        ValueError: it is none; so everywhere here.
    """
    text = text_of(value)
    if not _NAME.fullmatch(text) or len(text) > MAX_NAME:
        raise ValueError(f"a name has small letters, digits and _ between them, at most {MAX_NAME}, not {shown(text)}")
    if text.endswith(_ENDINGS):
        raise ValueError(f"a name must not end in {', '.join(_ENDINGS)}: stored columns do")
    if iskeyword(text):
        raise ValueError(f"{shown(text)} cannot be a name: formulas could not have it")
    return text


def _line(value: Any) -> str:
    text = text_of(value).strip()
    if len(text) > MAX_TEXT or not text.isprintable():
        raise ValueError(f"must be one line of at most {MAX_TEXT} characters")
    return text


def _flag(value: Any) -> bool:
    return choice_of(value, "answer", ("true", "false")) == "true"


def _field(value: Any) -> str:
    text = text_of(value)
    if not _FIELD.fullmatch(text):
        raise ValueError(f"must be a field of events such as user_id, not {shown(text)}")
    return text


def _unit(value: Any) -> str:
    text = text_of(value)
    if text not in {"count", MONEY}:
        name_of(text)
    return text


def _filter(value: Any) -> Filter:
    if not isinstance(value, Fields) or not value:
        raise ValueError(f"must be a mapping such as {{kind: lead}}, not {kind_of(value)}")
    return tuple(sorted((choice_of(field, "field", FILTERS), _values(allowed)) for field, allowed in value.items()))


def _values(value: Any) -> tuple[str, ...]:
    items = items_of(value) if isinstance(value, Items) else [value]
    found = tuple(sorted({text_of(item) for item in items}))
    if len(found) > MAX_VALUES or any(len(text) > MAX_VALUE for text in found):
        raise ValueError(f"at most {MAX_VALUES} values, each of at most {MAX_VALUE} characters")
    return found


def _formula(value: Any) -> str:
    return text_of(value)


def number_of(value: Any) -> float:
    """A finite number."""
    text = text_of(value)
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"must be a number, not {shown(text)}") from None
    # copy_abs: abs rounds, and raises for exponents that a context does not know.
    if not found.is_finite() or found.copy_abs() > 10**12:
        raise ValueError(f"must be a number of at most 10^12, not {shown(text)}")
    return float(found)


def _volume(value: Any) -> int:
    found = number_of(value)
    if found != int(found) or not 0 <= found <= 10**9:
        raise ValueError(f"must be a whole number from 0 on, not {shown(text_of(value))}")
    return int(found)


_STRING = WithJsonSchema({"type": "string"})
Line = Annotated[str, BeforeValidator(_line), _STRING]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
FieldName = Annotated[str, BeforeValidator(_field), _STRING]
UnitName = Annotated[str, BeforeValidator(_unit), WithJsonSchema({"type": "string", "examples": ["count", "money"]})]
FilterField = Annotated[
    Any, BeforeValidator(_filter), WithJsonSchema({"type": "object", "examples": [{"kind": "lead"}]})
]
FormulaText = Annotated[
    str, BeforeValidator(_formula), WithJsonSchema({"type": "string", "examples": ["spend / clicks"]})
]
Volume = Annotated[int, BeforeValidator(_volume), WithJsonSchema({"type": "integer", "minimum": 0})]
Amount = Annotated[float, BeforeValidator(number_of), WithJsonSchema({"type": "number"})]
DefinedName = Annotated[str, BeforeValidator(name_of), _STRING]
StreamName = Annotated[
    str, BeforeValidator(lambda v: choice_of(v, "stream", STREAMS)), WithJsonSchema({"enum": list(STREAMS)})
]
