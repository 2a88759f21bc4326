"""Goals: what each campaign is meant to reach, from a YAML file that people write.

::

    campaigns:
      - campaign: c42                  # the id as in events, taken as it is written
        name: Spring launch            # optional, for people
        account: Acme                  # optional: whose it is, to filter dashboards by
        flight:
          start: 2026-11-22T00:00      # local time of the zone, or with an offset: 2026-11-22T00:00+01:00
          end: 2026-11-29T00:00        # the first moment that no longer belongs to the flight
          timezone: Europe/Berlin      # IANA name; may be left out when both times have an offset
        goals:
          - total: spend               # spend, impressions, clicks, conversions or revenue over the flight
            target: 5000               # money in units of the base currency, to the micro; others whole numbers
            curve: even                # how the target spreads over the flight; even is the default
            warning: [0.9, 1.1]        # actual / expected outside this band is a warning, ...
            critical: [0.75, 1.25]     # ... outside this one critical; null opens a side
          - ratio: ctr                 # ctr, cpc, cpm, cpa, cvr, roas or aov in a rolling window
            at_least: 0.02             # or at_most
            critical: 0.015            # optional: from here on it is critical
            window: 1h                 # optional: 1h is the default

Defaults: a warning at 10 % off the pace and critical at 25 %: what Slack is told should be rarer than the ordinary
day-to-day swing, and a quarter off cannot be caught up late in a flight. Spend and impressions are bought, so both
sides count; more clicks, conversions or revenue than planned is no miss, so their bands are open above. A ratio is
critical a quarter beyond its bound.

A local time that clocks skip (spring) is refused; one that they show twice (autumn) means the first.
"""

from kpis.runtime.problems import FileProblem
from monitors.goals.file import InvalidGoals, load
from monitors.goals.values import Band, Bound, Campaign, Flight, Goal, Goals, RatioGoal, TotalGoal

__all__ = [
    "Band",
    "Bound",
    "Campaign",
    "FileProblem",
    "Flight",
    "Goal",
    "Goals",
    "InvalidGoals",
    "RatioGoal",
    "TotalGoal",
    "load",
]
