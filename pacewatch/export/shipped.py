"""The files that come with Pacewatch: where they lie, in a wheel as in a checkout, and the parts they make up."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path, PurePosixPath

from kpis.runtime.errors import Misconfigured

SHARE = "share/pacewatch/"
"""Where an installed Pacewatch has them, below its environment: the one list of them is ``pyproject.toml``."""
_CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class ShippedPart:
    """Files that are asked for together.

    Attributes:
        about: what they are for, in a few words.
        places: files and folders, as in a checkout.
        needs: the parts without which they are of no use.
    """

    about: str
    places: tuple[str, ...]
    needs: tuple[str, ...] = ()


PARTS: Mapping[str, ShippedPart] = {
    "dashboards": ShippedPart("Grafana's dashboards", ("grafana/dashboards",)),
    "provisioning": ShippedPart("what brings them into Grafana", ("grafana/provisioning",)),
    "rules": ShippedPart("Prometheus and its rules, Alertmanager", ("prometheus",)),
    "goals": ShippedPart("example goals files", ("examples",)),
    "catalogue": ShippedPart("example KPIs of your own", ("examples/catalogue.yaml", "examples/catalogue-goals.yaml")),
    "compose": ShippedPart(
        "all of it on one host, with Docker",
        ("docker-compose.yml", "deploy"),
        ("dashboards", "provisioning", "rules", "goals"),
    ),
    "docs": ShippedPart("settings, goals, operations, runbooks", ("docs",)),
}
"""In the order in which they are listed."""


def shipped() -> dict[str, Path]:
    """Every file by its path as in a checkout.

    Raises:
        Misconfigured: this Pacewatch was installed without them.
    """
    found = _in_checkout() or _installed()
    if not found:
        raise Misconfigured("export", "this Pacewatch was installed without its files", "install it from its wheel")
    return dict(sorted(found.items()))


def part_of(name: str) -> str | None:
    """The part that a file belongs to, by the longest place that it lies in; None when it belongs to none."""
    path = PurePosixPath(name)
    lies_in = [
        (len(place), part)
        for part, one in PARTS.items()
        for place in one.places
        if path == PurePosixPath(place) or PurePosixPath(place) in path.parents
    ]
    return max(lies_in)[1] if lies_in else None


def chosen(only: str | None) -> frozenset[str]:
    """The parts that a list such as ``dashboards,rules`` asks for, with those that they need; all for None.

    Raises:
        Misconfigured: there is no such part.
    """
    if only is None:
        return frozenset(PARTS)
    names = [name.strip() for name in only.split(",") if name.strip()]
    for name in names:
        if name not in PARTS:
            raise Misconfigured("--only", f"{name[:40]!r} is no part", f"there are {', '.join(PARTS)}")
    if not names:
        raise Misconfigured("--only", "it names no part", f"there are {', '.join(PARTS)}")
    return frozenset(part for name in names for part in (name, *PARTS[name].needs))


def _in_checkout() -> dict[str, Path]:
    """By the list in its ``pyproject.toml``; none where this is no checkout."""
    try:
        settings = tomllib.loads((_CHECKOUT / "pyproject.toml").read_text("utf-8"))
    except OSError:
        return {}
    if settings.get("project", {}).get("name") != "pacewatch":
        return {}
    folders: Mapping[str, Iterable[str]] = settings["tool"]["setuptools"]["data-files"]
    return {
        f"{folder.removeprefix(SHARE.rstrip('/'))}/{path.name}".lstrip("/"): path
        for folder, patterns in folders.items()
        for pattern in patterns
        for path in _CHECKOUT.glob(pattern)
    }


def _installed() -> dict[str, Path]:
    """By the record of the installation, wherever its scheme puts such files; else below this environment."""
    try:
        recorded = files("pacewatch") or []
    except PackageNotFoundError:
        recorded = []
    below = ((str(path).partition(SHARE), Path(str(path.locate()))) for path in recorded)
    found = {name: path for (_, share, name), path in below if share}
    home = Path(sys.prefix) / SHARE
    found = found or {path.relative_to(home).as_posix(): path for path in home.rglob("*") if path.is_file()}
    # Whoever installs compiles what is Python, wherever it lies.
    return {name: path for name, path in found.items() if "__pycache__" not in path.parts}
