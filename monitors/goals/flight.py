"""The flight of a campaign in a goals file."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from kpis.runtime.yaml_model import AtField, FileModel
from kpis.times import DAY_MS
from monitors.goals.fields import Time, Zone
from monitors.goals.scalars import epoch_ms
from monitors.goals.values import Flight

MAX_DAYS = 400


class FlightModel(FileModel):
    """When a campaign runs.

    A local time that clocks skip (spring) is refused; one that they show twice (autumn) means the first.
    """

    start: Time = Field(
        description="Its first moment: local time of the zone, or with an offset; a date is its midnight."
    )
    end: Time = Field(description="The first moment after it: a flight through 29 November ends at 2026-11-30T00:00.")
    timezone: Zone = Field(None, description="IANA name; may be left out when both times have an offset.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        span_ms = self._ms("end", self.end) - self._ms("start", self.start)
        if span_ms <= 0:
            raise AtField("end", "end is not after start")
        if span_ms > MAX_DAYS * DAY_MS:
            raise AtField("end", f"a flight is at most {MAX_DAYS} days long")
        return self

    @property
    def value(self) -> Flight:
        """It as a value."""
        local: ZoneInfo | None = self.timezone
        return Flight(self._ms("start", self.start), self._ms("end", self.end), local.key if local else "UTC")

    def _ms(self, field: str, written: datetime) -> int:
        try:
            return epoch_ms(written, self.timezone)
        except ValueError as e:
            raise AtField(field, str(e)) from None
