"""What is known of a campaign beside its numbers: its launch, evidence, timeline, who does what, experiments. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kpis.measures import Row
from kpis.series import campaign_part, of_shown
from monitors.alerts.stored import decode_alert
from monitors.board.board import Board
from monitors.board.campaign_page.detail import judged_of
from monitors.board.campaign_page.detail_shapes import CampaignStory, ExperimentLink
from monitors.board.campaign_page.evidence_rows import evidence_of
from monitors.board.campaign_page.launch_steps import launch_steps
from monitors.board.campaign_page.timeline import acknowledged_now, mutes_now, timeline
from monitors.board.shapes import CampaignNow
from monitors.experiments.ruling_words import ruling_says


def story(
    board: Board, row: CampaignNow, quarters: Mapping[int, Row] | None, told: Sequence[bytes] | None
) -> CampaignStory:
    """A campaign's story.

    Args:
        board: the board.
        row: the campaign's row.
        quarters: its history since its flight began; None when it is not known.
        told: the last messages about all campaigns, as they are stored; None when they could not be read.
    """
    view, series = board.view, of_shown(row.id)
    judged, found = judged_of(board, series), view.snapshot
    campaign = judged[0].campaign if judged else None
    rows = found.rows_of(series) if found else None
    windows = rows.windows if rows else {}
    decoded = [one for one in map(decode_alert, told or ()) if one is not None]
    return CampaignStory(
        timezone=campaign.flight.timezone if campaign else "UTC",
        launch=launch_steps(campaign, quarters, found.as_of(series) if found else None),
        evidence=evidence_of(judged, windows, board.summary.currency),
        timeline=timeline(series, campaign, decoded, view.changes.newest(row.id), view.done),
        timeline_read=told is not None,
        acknowledged=acknowledged_now(campaign, view.done) if campaign else (),
        mutes=mutes_now(campaign, view.done, board.summary.now_ms) if campaign else (),
        experiments=_experiments(board, series),
    )


def _experiments(board: Board, series: str) -> tuple[ExperimentLink, ...]:
    return tuple(
        ExperimentLink(one.experiment.experiment, one.experiment.name, ruling_says(one))
        for one in board.view.examined.rulings
        if series in set(map(campaign_part, one.experiment.series))
    )
