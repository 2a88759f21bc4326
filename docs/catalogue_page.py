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
MEANWHILE = """\
What is added while workers run is counted from then on, and what was there before is not divided by it:

- A **measure** shows at once what was counted since, in every window and in total.
- A **KPI** over measures that are counted since different times has a value in a window from when all of that window
  lies after the last of them: in `1h` an hour later. In total it never has one; of measures that are counted since
  one moment (all that a file adds at once, or all of it in a Redis that held nothing) it has one everywhere at once.
- A **goal** on it has no data meanwhile (`partly_counted`: "counted since 11:04; its window is whole at 12:04"), a
  total until a flight or period begins after that. No alert comes of it, and a miss that was told stands for a day; its
  evidence begins anew. An experiment that began before is undecided.
- The same holds for a measure that is **defined anew**, which is another one, and for one that is defined again as it
  was: what came between is not in it. One that is **removed** is counted by nobody: KPIs over it have no value, and
  goals on it no data ("no worker counts what it is made of").

`pw:columns` says since when each is counted (`since NAME`): where workers that run take up a file one after the other,
since the last of them did. So change the file under workers that run, all of them: one that is started again with it
long after the others counts its partitions from then on, which is later than is said."""
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
  word, such as `hours`, is kept to the millionth. Values may be negative.
- Names and the values of `where` are compared letter by letter: `Lead` is not `lead`.
- `level: true` is for what is told again and again, such as followers: the last value holds, over a window the mean
  of the panes in which it was told. A KPI "since the start" is a formula over two of them, one that is told anew
  and one that stays.
- `distinct: user_id` counts different values of a field, by a sketch with a standard error of 0.81 %: of a campaign
  in total, and in windows of an hour or longer. Shorter ones have no value."""
KPIS = """\
A formula has names of measures, numbers, `+ - * /` and parentheses. What is added or subtracted must be in the same
unit, and a KPI that says `unit: money` must come to money. Sums are exact, and a quotient is rounded once. A KPI
has no value where it divides by nothing or less, or where a level was never told.

- A KPI of several campaigns is computed from their summed measures, never as a mean of ratios.
- One measure over another is judged by what its counts prove; a KPI that is no quotient of two sums by its
  threshold, from its `min_volume` of events on: one answer is no score.
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
    own = [
        "## What is added while workers run",
        MEANWHILE,
        "## Measures of your own",
        MEASURES,
        "## KPIs of your own",
        KPIS,
        *fields,
    ]
    return "\n\n".join([*head, *own, markdown(packs())])
