"""The page on measures and KPIs: how to write one's own, then all packs."""

from __future__ import annotations

from collections.abc import Iterable

from pacewatch.catalogue.catalogue_forms import markdown
from pacewatch.catalogue.told import packs

ABOUT = (
    "A **measure** is a number that events add to; a **KPI** is a formula over measures. The core's are always there; "
    "packs are switched on by name, and you write your own, in a YAML file that `PACEWATCH_CATALOGUE` names, for the "
    "worker and the monitor alike. Both read it again when it changes: nothing is restarted, and what is added counts "
    "from then on, for no event is read twice."
)
COMMANDS = (
    "`pacewatch catalogue check FILE` names every error with its line and column, `pacewatch catalogue [--pack NAME]` "
    "prints what is below (`--markdown` and `--json` too), `pacewatch catalogue schema` the JSON Schema, for editors "
    "that complete and check. `examples/catalogue.yaml`, with its goals in `examples/catalogue-goals.yaml`, is one of "
    "a typical team:"
)
MEASURES = """\
With nothing said, a measure adds the values of events of the topic `ads.measures` that have its name, see
[events](events.md): `tickets: {meaning: Support tickets.}` is enough for events such as

    {"event_id": "t1", "ts": 1795392000000, "campaign_id": "c42", "name": "tickets", "value": 3}

- `stream` and `where` count ad events instead: `{stream: conversions, where: {kind: lead}}`. A conversion of any
  kind is in `conversions`, and its revenue in `revenue`, too: KPIs of one kind are formulas over a measure of that
  kind.
- `unit` is `count` by default, and then values are whole numbers; `money` is converted as other money is; any other
  word, such as `hours`, is kept to the millionth.
- `level: true` is for what is told again and again, such as followers: the last value holds, over a window the mean
  of its panes. A KPI "since the start" is a formula over two of them, one that is told anew and one that stays.
- `distinct: user_id` counts different values of a field, by a sketch with a standard error of 0.81 %: of a campaign
  in total, and in windows of an hour or longer. Shorter ones have no value."""
KPIS = """\
A formula has names of measures, numbers, `+ - * /` and parentheses. What is added or subtracted must be in the same
unit, and a KPI that says `unit: money` must come to money. Sums are exact, and a quotient is rounded once. A KPI
has no value where it divides by nothing or less, or where a level was never told.

- A KPI of several campaigns is computed from their summed measures, never as a mean of ratios.
- One measure over another is judged by what its counts prove; a KPI that is no quotient of two sums by its
  threshold.
- A plain sum needs no KPI to have a goal: `{total: leads, target: 400}` has pace and a projection. A level or a
  distinct count gets one by a KPI that is its name alone: `formula: followers`.
- `example` is worked out when the file is read; one that is wrong is an error."""


def text(example: str, fields: Iterable[str]) -> str:
    """The page.

    Args:
        example: a catalogue file.
        fields: what its fields mean.
    """
    shown = "\n".join(f"    {line}".rstrip() for line in example.splitlines())
    head = ["# Measures and KPIs", ABOUT, COMMANDS, shown]
    own = ["## Measures of your own", MEASURES, "## KPIs of your own", KPIS, *fields]
    return "\n\n".join([*head, *own, markdown(packs())])
