"""The pace line of an alert's goal, as its page shows it, for whoever draws it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from kpis.contract.published import BadLayout
from kpis.measures import Row
from kpis.runtime.errors import Permanent, Recoverable
from monitors.alerts.alert import Alert
from monitors.alerts.notifiers.slack.picture import DrawnLine
from monitors.board.campaign_page.detail import pace_line
from monitors.goals.subject import key_of
from monitors.read.queries import Query
from monitors.view import View


class PaceLines:
    """Reads them.

    Args:
        view: answers the current view.
        history: reads a campaign's quarter hours.
    """

    def __init__(self, view: Callable[[], View], history: Callable[[Query], Awaitable[Mapping[int, Row]]]) -> None:
        self._view = view
        self._history = history

    async def of(self, alert: Alert) -> DrawnLine | None:
        """The line of an alert's goal; None when it has none, or it cannot be read now."""
        judged = self._view().assessments
        one = next((one for one in judged if key_of(one.campaign, one.goal) == alert.goal), None)
        if one is None or alert.as_of_ms is None:
            return None
        flight = one.campaign.flight
        try:
            query = Query(one.campaign.series, flight.start_ms, min(flight.end_ms, alert.as_of_ms + 1))
            line = pace_line(one, await self._history(query), alert.as_of_ms)
        except (Recoverable, Permanent, BadLayout):
            return None
        if line is None or len(line.points) < 2:
            return None
        return DrawnLine(line.as_of_ms, [(point.at_ms, point.actual, point.expected) for point in line.points])
