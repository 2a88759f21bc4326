"""What docker-compose.yml and the Dockerfile say, as Docker Compose would take them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
Service = dict[str, Any]

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::-([^}]*))?\})")
_INSTRUCTION = re.compile(r"^(ENV|ENTRYPOINT|USER|FROM|LABEL)[ \t]+((?:.*\\\n)*.*)$", re.MULTILINE)


def compose() -> dict[str, Any]:
    """The whole file with every variable at its default."""
    found: dict[str, Any] = _interpolated(yaml.safe_load(FILE.read_text(encoding="utf-8")))
    return found


def services() -> dict[str, Service]:
    """Its services by name."""
    found: dict[str, Service] = compose()["services"]
    return found


def variables() -> set[str]:
    """The names of all variables that a person may set for it."""
    return {name for _, name, _ in _VARIABLE.findall(FILE.read_text(encoding="utf-8")) if name}


def instructions(name: str) -> list[str]:
    """The arguments of each such instruction of the Dockerfile, in order."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    return [value.replace("\\\n", " ") for found, value in _INSTRUCTION.findall(text) if found == name]


def image_environment() -> dict[str, str]:
    """The variables that the last stage of the image sets."""
    return dict(word.split("=", 1) for word in shlex.split(instructions("ENV")[-1]))


def entrypoint() -> list[str]:
    """What the image runs, before the command."""
    words: list[str] = json.loads(instructions("ENTRYPOINT")[-1])
    return words


def mounts(service: Service) -> dict[str, str]:
    """Where each volume and each file of this host is in the container: target to source."""
    found: dict[str, str] = {}
    for mount in service.get("volumes", []):
        if isinstance(mount, str):
            source, target, *_ = mount.split(":")
            found[target] = source
        else:
            found[mount["target"]] = mount["source"]
    return found


def _interpolated(value: Any) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda m: "$" if m[1] else m[3] or "", value)
    if isinstance(value, list):
        return [_interpolated(v) for v in value]
    if isinstance(value, dict):
        return {k: _interpolated(v) for k, v in value.items()}
    return value
