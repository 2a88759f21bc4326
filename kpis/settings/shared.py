"""All settings of the worker; the monitor and every command share them. See :mod:`kpis.settings.environment`."""

from __future__ import annotations

from pydantic import Field, field_validator

from kpis.runtime.clock import Clock, parse_clock
from kpis.runtime.logs import LogFormat
from kpis.settings.events import EventSettings
from kpis.settings.http import HttpSettings
from kpis.settings.kafka import KafkaSettings
from kpis.settings.redis import RedisSettings


class Settings(KafkaSettings, RedisSettings, EventSettings, HttpSettings):
    """What the worker needs, and what every command shares."""

    clock: str = Field(
        "real",
        description="real, or RATEx@FROM_MS/AT_MS, for demos: RATE times as fast, and FROM_MS at the real AT_MS; with "
        "-UNTIL_MS at its end only until it shows that, and then as fast as real.",
    )
    log_level: str = Field(
        "INFO",
        pattern=r"^(DEBUG|INFO|WARNING|ERROR)$",
        description="Least level logged: DEBUG, INFO, WARNING or ERROR.",
    )
    log_format: LogFormat = Field(LogFormat.TEXT, description="How the log is written: text, or json for programs.")

    flush_interval_s: float = Field(0.25, ge=0.01, le=60, description="Real seconds between cheap flushes.")
    max_unflushed: int = Field(2_000_000, ge=1000, le=10**9, description="Records held unwritten while Redis is away.")
    canary_s: float = Field(
        30, ge=0, le=3600, description="Real seconds between canaries through each partition; 0 for none."
    )
    worker_host: str = Field("127.0.0.1", description="Address the worker's own metrics are served on.")
    worker_port: int = Field(
        9601,
        ge=0,
        le=65_535,
        description="Port of the worker's own metrics; where it is taken, the next free one of ten; 0 turns them off.",
    )

    @field_validator("clock")
    @classmethod
    def _clock(cls, value: str) -> str:
        parse_clock(value)
        return value

    @property
    def the_clock(self) -> Clock:
        """The clock all processes of this deployment share."""
        return parse_clock(self.clock)
