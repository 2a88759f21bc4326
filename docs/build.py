"""``python -m docs.build`` writes the reference pages; with ``--check`` it says whether those committed are fresh."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import sys
import textwrap
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from docs import catalogue_page, goal_names
from kpis.catalogue import CATALOGUE
from kpis.measures import MEASURES
from kpis.packs.catalogue_file import CatalogueFile
from kpis.packs.kpi_model import ExampleModel, KpiModel
from kpis.packs.measure_model import MeasureModel
from kpis.reasons import CURABLE, Reject
from kpis.settings.environment import PREFIX, is_secret
from kpis.settings.events import EventSettings
from kpis.settings.http import HttpSettings
from kpis.settings.kafka import KafkaSettings
from kpis.settings.redis import RedisSettings
from kpis.settings.shared import Settings
from monitors import metrics
from monitors.alerts.notifiers.webhook.form import PostedBody
from monitors.goals.campaign import CampaignModel, MuteModel
from monitors.goals.curve_model import CurveModel
from monitors.goals.experiments.experiment_model import ExperimentModel
from monitors.goals.file import GoalsFile
from monitors.goals.flight import FlightModel
from monitors.goals.goal import RatioModel, TotalModel
from monitors.goals.parents.account import AccountModel
from monitors.goals.parents.breakdown_model import BreakdownModel
from monitors.goals.parents.parent_goal import ParentTotalModel
from monitors.goals.parents.parent_model import ParentModel, PortfolioModel
from monitors.goals.platforms import PLATFORMS
from monitors.goals.spread.spec import Shape
from monitors.goals.values import Rule
from monitors.metric_kinds import Definition
from monitors.metrics import KpiMetrics
from monitors.pacing.verdict import Reason, Status
from monitors.settings import MonitorSettings
from streams.metrics import worker_metrics

DIRECTORY = Path(__file__).parent
CONCERNS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Kafka", KafkaSettings),
    ("Redis", RedisSettings),
    ("What is counted", EventSettings),
    ("What is served over HTTP", HttpSettings),
    ("The worker, the clock and the log", Settings),
    ("The monitor", MonitorSettings),
)
MADE = "<!-- Made by python -m docs.build; change the code instead. -->"
LEARNED = (
    "As the hours of the week were before, learned from what was counted; until enough is known, all weigh the same."
)
PLATFORM_ABOUT = (
    "Platforms take a daily budget as a mean. With `platform`, a day's warning band reaches up to what the "
    "platform may spend on one day, the critical one a quarter further; bands that are written go first. Over the "
    "longer period the budget holds: give a second goal for that."
)
EXAMPLE = """\
    campaigns:
      - campaign: c42                  # the id as in events, taken as it is written
        name: Spring launch
        account: Acme
        flight: {start: 2026-11-22T00:00, end: 2026-11-29T00:00, timezone: Europe/Berlin}
        goals:
          - {total: spend, target: 5000, warning: [0.9, 1.1], critical: [0.75, 1.25]}
          - {ratio: ctr, at_least: 0.02, window: 1h}
          - {ratio: cpc, at_most: 0.80, critical: 1.00}
"""


def settings_page() -> str:
    """Every setting, by concern."""
    about = (
        "Every setting is an environment variable. A secret may also be given as a file: "
        f"`{PREFIX}REDIS_FILE=/run/secrets/redis` holds what `{PREFIX}REDIS` would. `pacewatch doctor`, and the log of "
        "each service, name variables that look like settings and are none."
    )
    parts, seen = [MADE, "# Settings", about], set[str]()
    for title, model in CONCERNS:
        own = {name: field for name, field in model.model_fields.items() if name not in seen}
        seen |= own.keys()
        rows = [
            (_variable(name, field), _default(field.default), f"{field.description}{_range(field)}")
            for name, field in own.items()
        ]
        parts += [f"## {title}", _table(("variable", "default", "meaning"), rows)]
    return "\n\n".join(parts) + "\n"


def _variable(name: str, field: FieldInfo) -> str:
    return f"`{PREFIX}{name.upper()}`" + (" (a secret)" if is_secret(field) else "")


def _range(field: FieldInfo) -> str:
    least = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
    most = next((m.le for m in field.metadata if hasattr(m, "le")), None)
    return "" if least is None or most is None else f" From {least:,} to {most:,}."


def goals_page() -> str:
    """Every field of a goals file, and the catalogue it names."""
    about = (
        "A YAML file, named by `PACEWATCH_GOALS`. `pacewatch goals check FILE` names every error with its line and "
        "column, `goals list FILE` shows its goals, `goals apply FILE --to DEST` puts it in place in one step; `goals "
        "schema` prints its JSON Schema, for editors that complete and check. `examples/` has more of them."
    )
    parts = [MADE, "# Goals", about, EXAMPLE.rstrip()]
    named = (
        ("The file", GoalsFile), ("A campaign", CampaignModel), ("Its flight", FlightModel), ("Its mutes", MuteModel),
        ("An account", AccountModel), ("A goal for a total", TotalModel), ("A goal for a ratio", RatioModel),
        ("What campaigns reach together", ParentModel), ("The portfolio", PortfolioModel),
        ("A total of an account or the portfolio", ParentTotalModel), ("A breakdown", BreakdownModel),
        ("An experiment", ExperimentModel),
    )  # fmt: skip
    for title, model in named:
        parts += _about(title, model)
    curves = [(f"`{shape}`", said) for shape, said in _explained(Shape)]
    parts += ["## Curves", _table(("curve", "how it spreads the target"), [*curves, ("`learned`", LEARNED)])]
    parts += _about("A curve as a mapping", CurveModel)
    parts += ["## Rules", _table(("rule", "when a miss is told"), [(f"`{r}`", said) for r, said in _explained(Rule)])]
    parts += ["## Platforms", PLATFORM_ABOUT, _table(("platform", "most on a day", "over a", "source"), _platforms())]
    parts += [
        "## Totals",
        _table(("name", "unit"), [(f"`{m.title}`", "money" if m.unit.is_money else "events") for m in MEASURES]),
    ]
    ratios = [(f"`{k.name}`", k.meaning, k.unit.value, _needed(k)) for k in CATALOGUE]
    parts += ["## Ratios", _table(("name", "meaning", "unit", "judged from"), ratios)]
    parts += ["## What goals are called", goal_names.ABOUT, _table(goal_names.HEADS, goal_names.rows())]
    return "\n\n".join(parts) + "\n"


def _platforms() -> list[tuple[str, ...]]:
    return [
        (
            f"`{name}`",
            f"{rule.daily:g} daily budgets",
            f"{rule.period}: {f'{rule.days:g}' if rule.days else 'as many as it has days'}",
            f"{rule.source} (read on {rule.checked})",
        )
        for name, rule in PLATFORMS.items()
    ]


def _about(title: str, model: type[BaseModel]) -> list[str]:
    """What a model says of itself, and its fields."""
    rows = [
        (
            f"`{field.alias or name}`",
            "required" if field.is_required() else _default(field.default),
            field.description or "",
        )
        for name, field in model.model_fields.items()
    ]
    return [f"## {title}", " ".join((model.__doc__ or "").split()), _table(("field", "default", "meaning"), rows)]


def metrics_page() -> str:
    """Every metric of the monitor and the worker."""
    about = (
        "Every monitor tells of itself and of the write side; campaigns, KPIs and pace are told by the leader only "
        "([several monitors](operations.md#several-monitors)). "
        "`pacewatch_breakdown_*` are served with `PACEWATCH_EXPORT_BREAKDOWNS` only; what has a label `goal`, "
        "`pacewatch_campaign_info` and flights only for campaigns with goals; a KPI has no sample while there is "
        "nothing to divide by."
    )
    parts = [MADE, "# Metrics", "## Of the monitor, at `/metrics` of `127.0.0.1:9600`", about]
    parts.append(_table(("name", "type", "labels", "meaning"), sorted({_row(d) for d in _definitions()})))
    parts.append("## Of a worker, at `/metrics` of `127.0.0.1:9601`")
    made = worker_metrics()
    labels = {
        family.name: one._labelnames  # prometheus_client shows labels with samples only
        for one in (getattr(made, field.name) for field in dataclasses.fields(made))
        if isinstance(one, MetricWrapperBase)
        for family in one.describe()
    }
    families = sorted(made.registry.collect(), key=lambda family: family.name)
    rows = [_family(family, labels.get(family.name, ())) for family in families]
    parts.append(_table(("name", "type", "labels", "meaning"), rows))
    return "\n\n".join(parts) + "\n"


def reasons_page() -> str:
    """Every reason for which an event is refused, or a verdict is what it is."""
    refused = [
        (f"`{r.value}`", f"{said}{' Settings or time can cure it.' if r in CURABLE else ''}")
        for r, said in _explained(Reject)
    ]
    parts = [
        MADE, "# Reasons", "## Why an event is refused",
        "The header `reason` of a dead letter, and the label of `pacewatch_rejected_events_total`.",
        _table(("reason", "meaning"), refused),
        "## How a goal stands",
        _table(("status", "meaning"), [(f"`{s.value}`", said) for s, said in _explained(Status)]),
        "## Why it stands so",
        _table(("reason", "meaning"), [(f"`{r.value}`", said) for r, said in _explained(Reason)]),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def measures_page() -> str:
    """How to write measures and KPIs, and all that are shipped."""
    example = (DIRECTORY.parent / "examples" / "catalogue.yaml").read_text(encoding="utf-8")
    named = (
        ("The file", CatalogueFile), ("A measure", MeasureModel), ("A KPI", KpiModel), ("Its example", ExampleModel),
    )  # fmt: skip
    fields = [part for title, model in named for part in _about(title, model)]
    return f"{MADE}\n\n{catalogue_page.text(example, fields)}"


E = TypeVar("E", bound=StrEnum)


def _explained(reasons: type[E]) -> Iterator[tuple[E, str]]:
    """Each member and the sentence below it, which Python itself does not keep."""
    (cls,) = ast.parse(textwrap.dedent(inspect.getsource(reasons))).body
    body = cls.body if isinstance(cls, ast.ClassDef) else []
    said = {
        one.targets[0].id: " ".join(str(after.value.value).split()).replace("``", "`")
        for one, after in pairwise(body)
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }
    return ((member, said.get(member.name, "")) for member in reasons)


def schema() -> str:
    """The JSON Schema of goals files."""
    return json.dumps(GoalsFile.model_json_schema(), indent=1) + "\n"


def catalogue_schema() -> str:
    """The JSON Schema of catalogue files."""
    return json.dumps(CatalogueFile.model_json_schema(), indent=1) + "\n"


def webhook_schema() -> str:
    """The JSON Schema of what is posted to a webhook."""
    found = msgspec.json.schema(PostedBody)
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **found}, indent=1) + "\n"


def _definitions() -> Iterator[Definition]:
    for value in vars(metrics).values():
        if isinstance(value, Definition):
            yield value
        elif isinstance(value, KpiMetrics):
            yield from value.all
        elif value is metrics.PARENTS:
            yield from metrics.PARENTS.values()


def _row(definition: Definition) -> tuple[str, ...]:
    return f"`{definition.name}`", definition.type.value, ", ".join(definition.labels), definition.help


def _family(family: Metric, labels: Iterable[str]) -> tuple[str, ...]:
    suffix = "_total" if family.type == "counter" else ""
    return f"`{family.name}{suffix}`", family.type, ", ".join(labels), family.documentation


def _needed(kpi: Any) -> str:
    return f"{kpi.min_volume:,} {kpi.noise.title}" if kpi.min_volume else "what the evidence of all looks proves"


def _default(value: Any) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value is PydanticUndefined or value == "":
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def rendered() -> dict[Path, str]:
    """Each page's file and what it holds."""
    pages = {
        "settings.md": settings_page(), "goals.md": goals_page(), "metrics.md": metrics_page(),
        "reasons.md": reasons_page(), "goals.schema.json": schema(),
        "webhook.schema.json": webhook_schema(), "catalogue.md": measures_page(),
        "catalogue.schema.json": catalogue_schema(),
    }  # fmt: skip
    return {DIRECTORY / name: text for name, text in pages.items()}


def main(words: list[str]) -> int:
    """Write or check; 1 when a committed page is not what the code makes."""
    found = rendered()
    stale = [p.name for p, text in found.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    if "--check" in words:
        for name in stale:
            sys.stderr.write(f"docs/{name} is stale: run python -m docs.build\n")
        return int(bool(stale))
    for path, text in found.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
