"""What was told and what people did about it, as Redis keeps it, for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kpis.series import shown_id
from monitors.alerts.alert import Alert
from monitors.alerts.assessment import Assessment
from monitors.alerts.interventions import Deed, DeedKind
from monitors.alerts.stored import decode_alert
from monitors.board.overview.overview_shapes import AcknowledgedAlert, Alerts, DeedNow, MutedCampaign, ToldNow
from monitors.goals.subject import key_of
from monitors.view import View
from monitors.words.phrases import phrase

Known = Mapping[str, Assessment]


def alerts_now(
    view: View, now_ms: int, told: Iterable[bytes] | None, done: Iterable[Deed], *, can_act: bool, campaign: str = ""
) -> Alerts:
    """The log.

    Args:
        view: what holds now.
        now_ms: the deployment's clock.
        told: the last messages as they are stored, oldest first; None while Redis cannot be read.
        done: what people did of late, oldest first.
        can_act: whether whoever reads may act.
        campaign: of which row of the board; empty for all.
    """
    every = (*view.assessments, *view.common, *view.examined.told)
    known = {key_of(one.campaign, one.goal): one for one in every}
    alerts = (alert for raw in told or () if isinstance(alert := decode_alert(raw), Alert))

    def wanted(one: ToldNow | DeedNow | AcknowledgedAlert | MutedCampaign) -> bool:
        return campaign in {"", one.campaign}

    return Alerts(
        [one for one in (_told(alert, known) for alert in alerts) if wanted(one)][::-1],
        [one for one in (_deed(deed, known, view) for deed in done) if wanted(one)][::-1],
        [one for one in _acknowledged(view, known) if wanted(one)],
        [one for one in _mutes(view, now_ms) if wanted(one)],
        is_read=told is not None,
        can_act=can_act,
    )


def _told(alert: Alert, known: Known) -> ToldNow:
    one = known.get(alert.goal)
    return ToldNow(
        id=alert.id,
        at_ms=alert.at_ms,
        campaign=shown_id(one.campaign.series) if one else alert.campaign,
        name=alert.name,
        label=alert.label,
        change=alert.change,
        before=alert.before,
        after=alert.after,
        direction=alert.direction,
        reason=alert.reason,
        says=phrase(alert.case),
        is_watch=alert.watched is not None,
        is_sent=not alert.muted,
    )


def _deed(deed: Deed, known: Known, view: View) -> DeedNow:
    if deed.kind in {DeedKind.ACKNOWLEDGED, DeedKind.UNACKNOWLEDGED}:
        one = known.get(deed.of)
        campaign = shown_id(one.campaign.series) if one else ""
        name, label = (one.campaign.name, one.goal.label) if one else (deed.of, "")
    else:
        campaign, name, label = *_named(deed.of, view), ""
    return DeedNow(deed.at_ms, deed.kind, campaign, name, label, deed.by, deed.note, deed.until_ms)


def _acknowledged(view: View, known: Known) -> list[AcknowledgedAlert]:
    found = [
        AcknowledgedAlert(
            shown_id(one.campaign.series), one.campaign.name, one.goal.label, done.by, done.at_ms, done.note
        )
        for field, done in view.done.acknowledged.items()
        if (one := known.get(field)) is not None
    ]
    return sorted(found, key=lambda one: -one.at_ms)


def _mutes(view: View, now_ms: int) -> list[MutedCampaign]:
    """Those of people, then those of the goals file, which are over last."""
    found = [
        MutedCampaign(*_named(mute.campaign, view), mute.from_ms, mute.until_ms, mute.by, mute.why)
        for mute in view.done.mutes.values()
        if mute.until_ms > now_ms
    ]
    found += [
        MutedCampaign(shown_id(one.series), one.name, mute.from_ms, mute.until_ms, "", mute.why, is_in_file=True)
        for one in view.campaigns
        for mute in one.mutes
        if mute.until_ms > now_ms
    ]
    return sorted(found, key=lambda one: (one.from_ms > now_ms, one.until_ms))


def _named(campaign: str, view: View) -> tuple[str, str]:
    """The id on the board and the name of what is muted by the id that events have."""
    one = next((one for one in view.campaigns if one.campaign == campaign), None)
    return (shown_id(one.series), one.name) if one else (campaign, campaign)
