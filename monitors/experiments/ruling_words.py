"""What a ruling says in words, with its rates and lifts. Pure."""

from __future__ import annotations

from kpis.runtime.printable import blanked
from kpis.units import amount
from monitors.experiments.ruling import ExperimentFinding, Ruling
from monitors.experiments.weighing import VariantRuling, VariantState

MOST_NAME = 40
FINDINGS: dict[ExperimentFinding, str] = {
    ExperimentFinding.WINNER: "one variant is better than all others",
    ExperimentFinding.ALIKE: "no difference that is worth telling",
    ExperimentFinding.UNDECIDED: "undecided: what differs may be chance",
    ExperimentFinding.ENDED_UNDECIDED: "ended undecided: what differs may be chance",
    ExperimentFinding.TOO_SOON: "too soon: not all variants have been tried for long enough",
    ExperimentFinding.NO_EVENTS: "nothing counted yet: is its dimension in PACEWATCH_BREAKDOWNS?",
    ExperimentFinding.UNEVEN: "its variants are not tried equally often: what differs may come of that",
    ExperimentFinding.AWAITS_STREAM: "waits for events that are quiet or late",
    ExperimentFinding.STALE_DATA: "data too old to judge",
    ExperimentFinding.NO_CLOCK: "no event yet",
    ExperimentFinding.HISTORY_GONE: "began before the history that is kept",
    ExperimentFinding.PARTLY_COUNTED: "undecided: a measure that it needs is not counted in all of its time",
    ExperimentFinding.NOT_STARTED: "has not begun",
    ExperimentFinding.CLOSED: "is over",
}
"""How an experiment stands, for people."""


def ruling_says(ruling: Ruling) -> str:
    """How an experiment stands: ``B wins: CTR 2.31% against 2.05% of A, lift +12.7% (+8.1% to +17.5%)``."""
    if ruling.finding is ExperimentFinding.AWAITS_STREAM and ruling.waits_for is not None:
        return f"waits for {ruling.waits_for.topic_suffix}, quiet or late"
    if ruling.finding is ExperimentFinding.UNEVEN:
        return f"{FINDINGS[ruling.finding]}: {_shares(ruling)}"
    if ruling.finding is ExperimentFinding.TOO_SOON and (missing := _without_events(ruling)):
        return f"nothing counted of {', '.join(missing)}: is it written as in events?"
    winner = ruling.winner
    if winner is not None and ruling.finding is ExperimentFinding.WINNER:
        return f"{shown_variant(winner)} wins: {_rates(ruling, winner)}{_lifts(ruling)}"
    if ruling.finding in {ExperimentFinding.ALIKE, ExperimentFinding.ENDED_UNDECIDED, ExperimentFinding.UNDECIDED}:
        first = ruling.variants[0]
        losers = [shown_variant(one) for one in ruling.variants if one.state is VariantState.LOSER]
        worse = f"; worse than another: {', '.join(losers)}" if losers else ""
        return f"{FINDINGS[ruling.finding]}: {_rates(ruling, first)}{_lifts(ruling)}{worse}"
    return FINDINGS[ruling.finding]


def _without_events(ruling: Ruling) -> list[str]:
    """The variants that nothing was counted of, though there was of others."""
    return [shown_variant(one) for one in ruling.variants if not one.trials]


def loser_says(ruling: Ruling, variant: VariantRuling) -> str:
    """What is told of a variant that is worse than another."""
    return f"{shown_variant(variant)} is worse than another variant: {_rates(ruling, variant)}"


def shown_variant(variant: VariantRuling) -> str:
    """The name of a variant: one line, printable, bounded."""
    name = blanked(variant.name).strip() or "(no name)"
    return name if len(name) <= MOST_NAME else name[: MOST_NAME - 1] + "…"


def shown_lift(value: float | None) -> str:
    """A lift with its sign: ``+12.7%``; ``?`` where nothing says it."""
    return "?" if value is None else f"{value:+.1%}"


def _rates(ruling: Ruling, of: VariantRuling) -> str:
    """The rate of one, and of the others."""
    kpi = ruling.experiment.kpi
    others = [f"{amount(one.rate, kpi.unit)} of {shown_variant(one)}" for one in ruling.variants if one.name != of.name]
    return f"{kpi.label} {amount(of.rate, kpi.unit)} against {', '.join(others)}"


def _lifts(ruling: Ruling) -> str:
    """The lifts over the first variant, as far as they are known; of many the rates say enough."""
    first, *others = ruling.variants
    if len(others) > 1:
        return ""
    found = [
        f"{shown_variant(one)} {shown_lift(one.lift)} over {shown_variant(first)} "
        f"({shown_lift(one.low)} to {shown_lift(one.high)})"
        for one in others
        if one.lift is not None
    ]
    return f"; {', '.join(found)}" if found else ""


def _shares(ruling: Ruling) -> str:
    whole = sum(one.trials for one in ruling.variants)
    return ", ".join(f"{shown_variant(one)} {one.trials / whole:.1%}" for one in ruling.variants) if whole else ""
