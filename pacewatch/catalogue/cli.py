"""The ``catalogue`` commands: options in, calls out."""
# ruff: noqa: PLC0415

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from kpis.runtime.errors import Misconfigured
from pacewatch.terminal import file_problems, out

catalogue_app = typer.Typer(
    invoke_without_command=True,
    no_args_is_help=False,
    help="Measures and KPIs: print those that are shipped, check a catalogue file.",
)


@catalogue_app.callback()
def show(
    context: typer.Context,
    pack: Annotated[str | None, typer.Option(help="Only this pack, such as email.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print all packs with their measures and KPIs."""
    if context.invoked_subcommand is not None:
        return
    from pacewatch.catalogue import catalogue_forms, catalogue_lines, told

    found = told.packs()
    if pack is not None:
        names = ", ".join(one.name for one in found)
        found = [one for one in found if one.name == pack]
        if not found:
            raise Misconfigured("--pack", f"{pack[:40]!r} is unknown", f"there are {names}")
    if as_json:
        out(catalogue_forms.as_json(found))
    elif markdown:
        out(catalogue_forms.markdown(found).rstrip())
    else:
        for line in catalogue_lines.lines(found):
            out(line)


@catalogue_app.command("check")
def check(file: Annotated[Path, typer.Argument(help="The catalogue file.")]) -> None:
    """Check a catalogue file: every error with its line."""
    from kpis.packs.catalogue_file import InvalidCatalogue, load
    from pacewatch.catalogue.catalogue_lines import counts

    try:
        found = load(file)
    except InvalidCatalogue as e:
        file_problems(file, e)
        raise typer.Exit(2) from None
    out(f"{file}: {counts(found)}, no errors")


@catalogue_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of catalogue files, for editors that complete and check."""
    from kpis.packs.catalogue_file import CatalogueFile

    out(json.dumps(CatalogueFile.model_json_schema(), indent=2))
