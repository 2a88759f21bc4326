"""What happened to a campaign, newest first: alerts and corrections, check-ins, what people did, its flight. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitors.alerts.alert import Alert, Outgoing
from monitors.alerts.interventions import EVERY, Interventions
from monitors.alerts.lifecycle import Change
from monitors.alerts.sentences import headline, title_of
from monitors.alerts.status_changes import StatusChange
from monitors.board.campaign_page.detail_shapes import AcknowledgedGoal, CampaignMute, TimelineEntry, TimelineKind
from monitors.goals.subject import key_of, subjects_of
from monitors.goals.values import Campaign

MOST = 100


def timeline(
    series: str,
    campaign: Campaign | None,
    told: Iterable[Outgoing],
    changes: Iterable[StatusChange],
    done: Interventions,
) -> tuple[TimelineEntry, ...]:
    """What is known of a campaign's past, and the end of its flight.

    Args:
        series: its key.
        campaign: it; None without goals.
        told: what people were told of all campaigns, as far as Redis keeps it.
        changes: what this monitor saw of this campaign; of use where Redis keeps less.
        done: what people did that holds.
    """
    found = [_told(one) for one in told if one.goal.rpartition("|")[0] == series]
    known = {(one.label, one.after, one.at_ms) for one in found}
    found += [seen for change in changes if not _is_known(seen := _seen(change), known)]
    if campaign is not None:
        found += _of_people(campaign, done)
        flight = campaign.flight
        found += [_flight(flight.start_ms, "The flight begins."), _flight(flight.end_ms, "The flight ends.")]
    return tuple(sorted(found, key=lambda one: -one.at_ms)[:MOST])


def acknowledged_now(campaign: Campaign, done: Interventions) -> tuple[AcknowledgedGoal, ...]:
    """Which of a campaign's alerts someone takes care of."""
    found = ((goal, done.acknowledged.get(key_of(campaign, goal))) for goal in subjects_of(campaign))
    return tuple(AcknowledgedGoal(goal.id, goal.label, one.by, one.at_ms, one.note) for goal, one in found if one)


def mutes_now(campaign: Campaign, done: Interventions, now_ms: int) -> tuple[CampaignMute, ...]:
    """The mutes of a campaign that hold or will, those of the goals file too."""
    found = [
        CampaignMute(one.from_ms, one.until_ms, one.by, one.why, one.campaign != EVERY)
        for one in done.mutes.values()
        if one.is_of(campaign.campaign)
    ]
    found += [CampaignMute(one.from_ms, one.until_ms, "goals file", one.why, False) for one in campaign.mutes]
    return tuple(sorted((one for one in found if one.until_ms > now_ms), key=lambda one: one.from_ms))


def _told(one: Outgoing) -> TimelineEntry:
    if not isinstance(one, Alert):
        at = f"{one.fraction:.0%} of the flight" if one.fraction is not None else "a milestone"
        return TimelineEntry(one.at_ms, TimelineKind.CHECK_IN, f"Check-in at {at}.", is_sent=not one.muted)
    kind = TimelineKind.CORRECTED if one.change is Change.CORRECTED else TimelineKind.ALERT
    said = headline(one).removeprefix(f"{title_of(one)}: ")
    return TimelineEntry(
        one.at_ms, kind, said, one.label, one.before, one.after, one.watched is not None, is_sent=not one.muted
    )


def _seen(change: StatusChange) -> TimelineEntry:
    said = f"{change.label}: {change.says}" if change.says else change.label
    return TimelineEntry(
        change.at_ms, TimelineKind.ALERT, said, change.label, change.before, change.after, change.is_watch
    )


def _is_known(seen: TimelineEntry, known: Iterable[tuple[str, object, int]]) -> bool:
    """Whether Redis keeps the same change; its time is of the look that told it, this one's since when it stands."""
    return any(
        label == seen.label and after is seen.after and abs(at_ms - seen.at_ms) < _APART_MS
        for label, after, at_ms in known
    )


_APART_MS = 300_000


def _of_people(campaign: Campaign, done: Interventions) -> Sequence[TimelineEntry]:
    found = [
        TimelineEntry(one.at_ms, TimelineKind.ACKNOWLEDGED, _with(f"{one.by} takes care of it", one.note), one.label,
                      by=one.by)
        for one in acknowledged_now(campaign, done)
    ]  # fmt: skip
    mutes = mutes_now(campaign, done, 0)
    found += [
        TimelineEntry(one.from_ms, TimelineKind.MUTED, _with(f"Muted by {one.by}", one.why), by=one.by) for one in mutes
    ]
    return found


def _with(said: str, why: str) -> str:
    return f"{said}: {why}" if why else f"{said}."


def _flight(at_ms: int, said: str) -> TimelineEntry:
    return TimelineEntry(at_ms, TimelineKind.FLIGHT, said)
