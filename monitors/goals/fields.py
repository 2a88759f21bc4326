"""The fields of a goals file: what each may hold, for checking and for the schema."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema

from kpis.catalogue import CORE, Catalogue, Kpi
from kpis.measures import Measure
from kpis.runtime.yaml_model import choice_of, text_of
from kpis.runtime.yaml_nodes import Problems, did_you_mean, shown
from kpis.windows import parse_window
from monitors.goals import scalars
from monitors.goals.curves import NAMED
from monitors.goals.platforms import PLATFORMS
from monitors.goals.values import Period, Rule

MAX_ID_BYTES = 200
MAX_NAME = 150
MAX_TAG = 50
_CHANNEL = re.compile(r"#[^\W_A-Z][^\WA-Z-]*(-[^\WA-Z-]*)*|[CG][A-Z0-9]{8,20}")
"""How Slack names channels: lower case, digits, - and _."""
_NUMBER = {"type": "number", "exclusiveMinimum": 0, "maximum": scalars.MAX_AMOUNT}
_LIMIT = {"type": "number", "minimum": -scalars.MAX_AMOUNT, "maximum": scalars.MAX_AMOUNT}
_SHARE = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}
_SIDE = {"anyOf": [{"type": "number"}, {"type": "null"}]}
_BAND = {"type": "array", "prefixItems": [_SIDE, _SIDE], "minItems": 2, "maxItems": 2}
_TIME = {"type": "string", "examples": ["2026-11-22T00:00", "2026-11-22T00:00+01:00"]}
_DURATION = {"type": "string", "pattern": r"^(0|\d{1,6}[smhd])$", "examples": ["15m", "2h", "3d"]}
_TEXT = {"anyOf": [{"type": "string"}, {"type": "integer"}]}


class GoalProblems(Problems):
    """Collects problems of a goals file, and holds what its goals may name.

    Args:
        catalogue: measures and KPIs.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.catalogue = catalogue


def _catalogue(info: ValidationInfo) -> Catalogue:
    return info.context.catalogue if isinstance(info.context, GoalProblems) else CORE


def _total(value: Any, info: ValidationInfo) -> Measure:
    text, catalogue = text_of(value), _catalogue(info)
    found = catalogue.totals.get(text)
    if found is None and text in catalogue.by_title:
        kind = catalogue.by_title[text].kind
        raise ValueError(
            f"{text} is a {kind} count, not a sum" if kind == "distinct" else f"{text} is a {kind}, not a sum"
        )
    return found or catalogue.totals[choice_of(value, "total", catalogue.totals)]


def _ratio(value: Any, info: ValidationInfo) -> Kpi:
    text, catalogue = text_of(value), _catalogue(info)
    if text not in catalogue.by_name and text in catalogue.by_title:
        raise ValueError(f"{shown(text)} is a measure: give it as total, or write a KPI over it")
    if text not in catalogue.by_name:
        hint = did_you_mean(text, catalogue.by_name)
        raise ValueError(f"unknown ratio {shown(text)}{hint}")
    return catalogue.by_name[text]


def _id(value: Any) -> str:
    text = text_of(value)
    if len(text.encode()) > MAX_ID_BYTES:
        raise ValueError(f"is longer than {MAX_ID_BYTES} bytes")
    return text


def _name(value: Any) -> str:
    text = text_of(value)
    if len(text) > MAX_NAME:
        raise ValueError(f"is longer than {MAX_NAME} characters")
    return text


def _share(value: Any) -> float:
    found = scalars.number(value)
    if not 0 <= found < 1:
        raise ValueError(f"must be from 0 to below 1 (3 % is 0.03), not {text_of(value)[:40]!r}")
    return float(found)


def _window(value: Any) -> str:
    return parse_window(text_of(value)).name


def _tag(value: Any) -> str:
    text = text_of(value).strip()
    if len(text) > MAX_TAG:
        raise ValueError(f"is longer than {MAX_TAG} characters")
    return text


def _channel(value: Any) -> str:
    if value is None:
        raise ValueError('is empty; in YAML # begins a comment, so write it in quotes: "#launch"')
    text = text_of(value)
    if not _CHANNEL.fullmatch(text):
        raise ValueError(f'must be a channel such as "#launch", or its id, not {shown(text)}')
    return text


def _one_of(what: str, names: Iterable[str]) -> tuple[BeforeValidator, WithJsonSchema]:
    known = tuple(names)
    return BeforeValidator(lambda v: choice_of(v, what, known)), WithJsonSchema({"enum": list(known)})


CampaignId = Annotated[str, BeforeValidator(_id), WithJsonSchema(_TEXT)]
Name = Annotated[str, BeforeValidator(_name), WithJsonSchema(_TEXT)]
TagField = Annotated[str, BeforeValidator(_tag), WithJsonSchema(_TEXT)]
Channel = Annotated[str | None, BeforeValidator(_channel), WithJsonSchema({"type": "string", "examples": ["#launch"]})]
Positive = Annotated[Decimal, BeforeValidator(scalars.positive), WithJsonSchema(_NUMBER)]
BandField = Annotated[Any, BeforeValidator(scalars.band), WithJsonSchema(_BAND)]
Time = Annotated[datetime, BeforeValidator(scalars.written_time), WithJsonSchema(_TIME)]
DurationField = Annotated[int, BeforeValidator(scalars.duration), WithJsonSchema(_DURATION)]
Zone = Annotated[Any, BeforeValidator(scalars.zone), WithJsonSchema({"type": "string"})]
WindowName = Annotated[str, BeforeValidator(_window), WithJsonSchema({"type": "string", "examples": ["5m", "1h"]})]
TotalName = Annotated[Any, BeforeValidator(_total), WithJsonSchema({"enum": list(CORE.totals)})]
"""A measure, by its title."""
RatioName = Annotated[Any, BeforeValidator(_ratio), WithJsonSchema({"enum": list(CORE.by_name)})]
"""A KPI, by its name."""
Limit = Annotated[Decimal, BeforeValidator(scalars.bound), WithJsonSchema(_LIMIT)]
CurveName = Annotated[str, *_one_of("curve", NAMED)]
PeriodName = Annotated[str, *_one_of("period", Period)]
RuleName = Annotated[str, *_one_of("rule", Rule)]
PlatformName = Annotated[str, *_one_of("platform", PLATFORMS)]
Share = Annotated[float, BeforeValidator(_share), WithJsonSchema(_SHARE)]
ForField = Annotated[
    DurationField,
    Field(alias="for", description="How long a miss must last to be told, such as 15m; with rule: threshold only."),
]
PatienceField = Annotated[
    DurationField,
    Field(description="For how long a goal that is missed is given time before it is told, such as 10m."),
]
