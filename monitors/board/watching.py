"""What the board shows of a campaign's watches. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from monitors.alerts.assessment import Assessment
from monitors.board.shapes import CampaignNow, WatchNow
from monitors.pacing.verdict import Reason, Status
from monitors.words.phrases import case_of, phrase
from monitors.words.wording import RANK


def watch_now(one: Assessment, currency: str) -> WatchNow:
    """A watch."""
    verdict, state = one.verdict, one.state
    return WatchNow(
        id=one.goal.id,
        label=one.goal.label,
        status=verdict.status,
        reason=verdict.reason,
        says=phrase(case_of(one.campaign, one.goal, verdict, currency)),
        actual=verdict.actual,
        expected=verdict.expected,
        began_ms=verdict.since_ms,
        phase=state.phase,
        told=state.told,
        since_ms=state.since_ms,
        shown=_is_shown(one),
        acknowledged_by=acknowledged_by(one),
    )


def acknowledged_by(one: Assessment) -> str:
    """Who takes care of an alert; empty for nobody."""
    return "" if one.acknowledged is None else one.acknowledged.by


def _is_shown(one: Assessment) -> bool:
    """Whether it has something to say, or did: old data holds all campaigns, and is said once for all of them."""
    verdict = one.verdict
    if verdict.status.is_miss or verdict.reason is Reason.QUIET or one.state.told is not Status.ON_PACE:
        return True
    return verdict.status is Status.HOLD and verdict.reason is not Reason.STALE_DATA


def in_order(watch: WatchNow) -> tuple[bool, int]:
    """A sort key: those with something to say first, the worst of them before the others."""
    return not watch.shown, RANK[watch.status]


def is_alarming(row: CampaignNow) -> bool:
    """Whether a watch of a campaign says that something is wrong, which comes before how far anything is off pace."""
    return any(watch.status.is_miss for watch in row.watches)


def shown_of(row: CampaignNow) -> list[WatchNow]:
    """The watches that people should see; those of which the same is said in one."""
    found: dict[tuple[Status, str], WatchNow] = {}
    for watch in row.watches:
        if watch.shown:
            at = (watch.status, watch.says)
            before = found.get(at)
            found[at] = replace(watch, label=f"{before.label}, {watch.label}") if before else watch
    return list(found.values())
