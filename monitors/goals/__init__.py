"""Goals: what each campaign is meant to reach, from a YAML file that people write.

Comes in: the text of a goals file.
Goes out: goals as frozen values, or every error with its line and column; the JSON Schema for editors.
The rule that lives here: a file is used whole or not at all, and a value is taken exactly as it is written.
"""

from kpis.runtime.problems import FileProblem
from monitors.goals.all_goals import Goals
from monitors.goals.file import InvalidGoals, load
from monitors.goals.parents.scope import Scope
from monitors.goals.reload import GoalsSource
from monitors.goals.spread.spec import CurveSpec
from monitors.goals.values import (
    Band,
    Bound,
    Campaign,
    Flight,
    Goal,
    Milestone,
    Mute,
    Period,
    RatioGoal,
    Rule,
    TotalGoal,
)  # fmt: skip

__all__ = [
    "Band",
    "Bound",
    "Campaign",
    "CurveSpec",
    "FileProblem",
    "Flight",
    "Goal",
    "Goals",
    "GoalsSource",
    "InvalidGoals",
    "Milestone",
    "Mute",
    "Period",
    "RatioGoal",
    "Rule",
    "Scope",
    "TotalGoal",
    "load",
]
