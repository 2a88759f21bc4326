"""Variables that look like settings and are none: a typo must not pass for a default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic_settings import BaseSettings

from kpis.runtime.yaml_nodes import nearest
from kpis.settings.environment import PREFIX, is_secret


def variables(classes: Iterable[type[BaseSettings]]) -> frozenset[str]:
    """The names of all environment variables that settings are read from."""
    found: set[str] = set()
    for settings in classes:
        for name, field in settings.model_fields.items():
            variable = f"{PREFIX}{name.upper()}"
            found |= {variable, f"{variable}_FILE"} if is_secret(field) else {variable}
    return frozenset(found)


def unknown(environment: Mapping[str, str], classes: Iterable[type[BaseSettings]]) -> list[str]:
    """A sentence for each variable with our prefix that is no setting; its value is not shown."""
    known = variables(classes)
    return [
        f"{name} is no setting and is ignored{_hint(name, known)}"
        for name in sorted(environment)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    ]


def _hint(name: str, known: frozenset[str]) -> str:
    # Names are alike from their prefix on: without it only what is really close is meant.
    said = name.upper().removeprefix(PREFIX)
    names = sorted(k.removeprefix(PREFIX) for k in known)
    begins = max((n for n in names if said.startswith(f"{n}_")), key=len, default="")
    meant = begins or nearest(said, names)
    return f"; did you mean {PREFIX}{meant}?" if meant else ""
