"""What is wrong with all campaigns at once, in words. Pure."""

from __future__ import annotations

from kpis.measures import Stream
from kpis.units import how_many
from monitors.goals.subject import Watched
from monitors.pacing.verdict import Reason

_BRINGS = {
    Watched.IMPRESSION_STREAM: Stream.IMPRESSION,
    Watched.CLICK_STREAM: Stream.CLICK,
    Watched.CONVERSION_STREAM: Stream.CONVERSION,
    Watched.SPEND_STREAM: Stream.SPEND,
}
"""What each stream that is watched of all campaigns together brings."""
WORST = frozenset({Reason.PIPELINE_LATE, Reason.NOTHING_COMES, Reason.STREAM_SILENT})
"""Reasons that are only ever of all campaigns together."""


def common_phrase(reason: Reason, watched: Watched | None, since: str, waiting: float | None, of: float | None) -> str:
    """A cause that campaigns have in common; empty for a reason that is none.

    Args:
        reason: why.
        watched: what.
        since: since when, such as `` since 14:05 (CST)``.
        waiting: how many campaigns wait for it.
        of: how many run.
    """
    is_all = not waiting or waiting == of
    some = "" if is_all else f"{waiting:,.0f} of {how_many(round(of or 0), 'campaign')}"
    wait = f"{'all goals' if is_all else f'the goals of {some}'} wait until it is back"
    if reason is Reason.PIPELINE_LATE:
        return f"the pipeline is late: nothing has been counted{since}; {wait}"
    if reason is Reason.NOTHING_COMES:
        return f"nothing has come{since} of any campaign, though it should have; {wait}"
    if watched not in _BRINGS or reason not in {Reason.STREAM_SILENT, Reason.QUIET}:
        return ""
    what = "no spend has" if watched is Watched.SPEND_STREAM else f"no {_BRINGS[watched].topic_suffix} have"
    whose = some or "any campaign"
    if reason is Reason.QUIET:
        return f"{what} come{since} of {whose}, which may be chance"
    return f"{what} come{since} of {whose}: goals that need them wait"
