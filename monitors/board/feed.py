"""What changed since when: rows by revision, so that a client that comes back gets what it missed. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from kpis.series import is_campaign
from monitors.board.campaign_rows import same_to_people
from monitors.board.shapes import CampaignNow

GONE_KEPT = 1_000


class Feed:
    """The rows as they were last sent.

    Args:
        name: of this monitor's run: ids of another run mean nothing here.

    Attributes:
        rows: by campaign id.
        revision: how many updates changed something.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.rows: dict[str, CampaignNow] = {}
        self.revision = 0
        self._changed: dict[str, int] = {}
        self._gone: deque[tuple[int, str]] = deque(maxlen=GONE_KEPT)
        self._gone_from = 0

    @property
    def id(self) -> str:
        """What :meth:`since` takes to give nothing."""
        return f"{self._name}-{self.revision}"

    def put(self, rows: Iterable[CampaignNow], gone: Iterable[str]) -> tuple[list[CampaignNow], list[str]]:
        """Take over rows that may have changed and the ids of those that are gone; gives what people can see of it."""
        changed = [row for row in rows if (old := self.rows.get(row.id)) is None or not same_to_people(old, row)]
        left = [one for one in gone if one in self.rows]
        if not changed and not left:
            return [], []
        self.revision += 1
        for row in changed:
            self.rows[row.id] = row
            self._changed[row.id] = self.revision
        for one in left:
            del self.rows[one], self._changed[one]
            if len(self._gone) == GONE_KEPT:
                self._gone_from = self._gone[0][0]
            self._gone.append((self.revision, one))
        return changed, left

    def since(self, sent: str) -> tuple[list[CampaignNow], list[str]] | None:
        """What changed since an id; None when that is not known any more, and the client must begin anew."""
        name, _, number = sent.rpartition("-")
        if name != self._name or not (number.isascii() and number.isdigit()) or len(number) > 18:
            return None
        revision = int(number)
        if not self._gone_from <= revision <= self.revision:
            return None
        rows = [self.rows[one] for one, at in self._changed.items() if at > revision]
        return rows, [one for at, one in self._gone if at > revision and one not in self.rows]


def campaigns_of(series: Mapping[str, object]) -> list[str]:
    """The series that are whole campaigns."""
    return [one for one in series if is_campaign(one)]
