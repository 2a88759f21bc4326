"""Queries that are right for one monitor or three, scraped every second or every minute."""

from __future__ import annotations

HERE = 'job=~"$job",instance=~"$instance"'
"""What the variables of each dashboard choose: all jobs and instances, until somebody chooses otherwise."""
EACH_ONCE = "max without (instance, pod)"
"""Of what several monitors tell alike, one: all tell of the write side, and two of campaigns while the lead changes."""
RECENT = "$__rate_interval"
"""A range that holds at least four scrapes, and no less than lies between two points of the graph."""


def raw(metric: str, *labels: str) -> str:
    """The samples of each instance; labels are matchers such as ``window="1h"``."""
    return f"{metric}{{{','.join((*labels, HERE))}}}"


def of(metric: str, *labels: str) -> str:
    """The samples, each once however many monitors tell it."""
    return f"{EACH_ONCE} ({raw(metric, *labels)})"


def rate(metric: str, *labels: str) -> str:
    """What a counter of each instance gains in a second."""
    return f"rate({raw(metric, *labels)}[{RECENT}])"


def unit(samples: str, label: str) -> str:
    """The unit of samples as a dashboard writes it, in the label ``unit``; none where they are in several, or none.

    Args:
        samples: what a panel shows, with a label of what it is in.
        label: that label: ``currency``, or ``unit`` where it is money, ``events`` or ``ratio``.
    """
    each = f"group by ({label}) ({samples})"
    made = f"{each} and on () (count({each}) == 1)"
    for source, what, shown in (
        (label, "([A-Z]{3})", "currency:$1 "), ("unit", "events", "short"), ("unit", "ratio", "none"),
    ):  # fmt: skip
        made = f'label_replace({made}, "unit", "{shown}", "{source}", "{what}")'
    return made


def rate_of(metric: str, *labels: str) -> str:
    """What a counter gains in a second, each once however many monitors tell it."""
    return f"{EACH_ONCE} ({rate(metric, *labels)})"
