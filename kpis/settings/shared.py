"""Settings of the write side, and those both sides share; see :mod:`kpis.settings.environment`."""

from __future__ import annotations

import ssl
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, field_validator

from kpis.measures import Stream
from kpis.runtime import tls
from kpis.runtime.clock import Clock, parse_clock
from kpis.runtime.errors import Misconfigured
from kpis.runtime.http.access import MAX_SECRET, AccessPolicy
from kpis.series import DIMENSIONS
from kpis.settings.environment import EnvSettings
from kpis.settings.redis_url import RedisUrl, parse
from kpis.windows import Window, parse_windows


class Settings(EnvSettings):
    """What the worker needs, and what every command shares."""

    kafka: str = Field("127.0.0.1:9092", description="Bootstrap servers, host:port with commas between.")
    kafka_security: str = Field(
        "plaintext", pattern=r"^(?i:plaintext|ssl|sasl_plaintext|sasl_ssl)$", description="How Kafka lets us in."
    )
    kafka_sasl_mechanism: str | None = Field(
        None, pattern=r"^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$", description="How Kafka is shown the password."
    )
    kafka_username: str | None = Field(None, description="Kafka user.")
    kafka_password: SecretStr | None = Field(None, description="Its password; _FILE works too.")
    kafka_ca: Path | None = Field(None, description="PEM file of Kafka's CA; the system's if not given.")
    kafka_cert: Path | None = Field(None, description="PEM file of our own certificate, if Kafka asks for one.")
    kafka_key: Path | None = Field(None, description="PEM file of its key, not encrypted.")
    redis: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="Redis URL, see kpis.settings.redis_url."
    )
    redis_password: SecretStr | None = Field(None, description="Its password, unless the URL has one; _FILE works too.")
    redis_ca: Path | None = Field(None, description="PEM file of the CA of rediss:// URLs; the system's if not given.")
    clock: str = Field("real", description="real, or RATEx@FROM_MS/AT_MS (see kpis.runtime.clock).")
    group: str = Field("pacewatch", pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Consumer group.")
    instance: str = Field("", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Static member name, unique per worker.")
    topic_prefix: str = Field("ads.", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Before each topic's name.")
    partitions: int = Field(4, ge=1, le=10_000, description="Partitions of topics that the worker creates.")
    grow_partitions: bool = Field(False, description="Accept topics with more partitions than the data in Redis.")
    replication: int = Field(1, ge=1, le=100, description="Replicas of topics that the worker creates.")
    windows: str = Field("1m,5m,1h,24h", description="Rolling windows, commas between; 24h is always kept.")
    breakdowns: str = Field("channel", description="Breakdowns, commas between; channel+country is one of two.")
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="Base currency, ISO 4217.")
    fx_rates: str = Field("", description="Other currencies in base units: EUR=1.08,GBP=1.27.")
    history_days: int = Field(40, ge=2, le=4000, description="Days of quarter hours kept, and accepted late.")
    max_ahead_s: int = Field(300, ge=0, le=86_400, description="Seconds an event may lie ahead of now.")
    max_series: int = Field(20_000, ge=1, le=10_000_000, description="Series in memory per partition.")
    # 100,000 campaigns over four partitions, and a fifth more on one of them.
    max_campaigns: int = Field(30_000, ge=1, le=10_000_000, description="Campaigns in memory per partition.")
    max_event_money: int = Field(10**10, ge=1, le=10**10, description="Units that one event may be about, below this.")
    max_event_quantity: int = Field(10**9, ge=1, le=10**9, description="The largest count one event may carry.")
    dedupe_impressions: bool = Field(False, description="Count impressions once per event_id too.")
    dedupe_hours: int = Field(24, ge=1, le=24 * 40, description="Hours an event id is remembered.")
    flush_interval_s: float = Field(0.25, ge=0.01, le=60, description="Real seconds between cheap flushes.")
    max_unflushed: int = Field(2_000_000, ge=1000, le=10**9, description="Records held unwritten while Redis is away.")
    worker_host: str = Field("127.0.0.1", description="Address the worker's own metrics are served on.")
    worker_port: int = Field(9601, ge=0, le=65_535, description="Its port; 0 turns them off.")
    http_token: SecretStr | None = Field(None, description="Bearer token that reads what is served; _FILE works too.")
    http_user: str = Field("pacewatch", pattern=r"^[^:\s]{1,100}$", description="User that reads it, for browsers.")
    http_password: SecretStr | None = Field(None, description="Their password; _FILE works too.")
    http_cert: Path | None = Field(None, description="PEM file of the certificate it is served with; none for HTTP.")
    http_key: Path | None = Field(None, description="PEM file of its key, not encrypted.")
    session_timeout_s: float = Field(10, ge=1, le=300, description="Kafka consumer session timeout.")
    rebalance_timeout_s: float = Field(15, ge=1, le=300, description="Kafka group rebalance timeout.")
    log_level: str = Field("INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$", description="Least level logged.")

    @field_validator("clock")
    @classmethod
    def _clock(cls, value: str) -> str:
        parse_clock(value)
        return value

    @field_validator(
        "redis_password", "redis_ca", "kafka_ca", "kafka_cert", "kafka_key", "kafka_username", "kafka_password",
        "kafka_sasl_mechanism", "http_cert", "http_key", mode="before",
    )  # fmt: skip
    @classmethod
    def _empty(cls, value: Any) -> Any:
        return value or None

    @field_validator("http_token", "http_password")
    @classmethod
    def _http_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not 0 < len(value.get_secret_value()) <= MAX_SECRET:
            # An empty one would let everybody in, who meant to keep them out.
            raise ValueError(f"it must have 1 to {MAX_SECRET} characters; unset it to ask for none")
        return value

    @field_validator("http_token")
    @classmethod
    def _http_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all("!" <= c <= "~" for c in value.get_secret_value()):
            raise ValueError("it must be printable ASCII without spaces, as a header can carry it")
        return value

    @field_validator("windows")
    @classmethod
    def _windows(cls, value: str) -> str:
        parse_windows(value)
        return value

    @field_validator("breakdowns")
    @classmethod
    def _breakdowns(cls, value: str) -> str:
        parse_breakdowns(value)
        return value

    @field_validator("fx_rates")
    @classmethod
    def _fx_rates(cls, value: str) -> str:
        parse_rates(value)
        return value

    @property
    def the_clock(self) -> Clock:
        """The clock all processes of this deployment share."""
        return parse_clock(self.clock)

    @property
    def the_windows(self) -> tuple[Window, ...]:
        """The rolling windows, shortest first; the last is 24h."""
        return parse_windows(self.windows)

    @property
    def the_breakdowns(self) -> tuple[tuple[str, ...], ...]:
        """The breakdowns, each a tuple of dimensions."""
        return parse_breakdowns(self.breakdowns)

    @property
    def rates(self) -> dict[str, Decimal]:
        """Base units for one unit of each known currency; the base itself is 1."""
        return parse_rates(self.fx_rates) | {self.currency: Decimal(1)}

    @property
    def http_access(self) -> AccessPolicy:
        """Who may read what is served over HTTP."""
        return AccessPolicy(self.http_token, self.http_user, self.http_password)

    @property
    def http_tls(self) -> ssl.SSLContext | None:
        """What it is served with; None for plain HTTP.

        Raises:
            Misconfigured: certificate or key is missing, or cannot be used.
        """
        if self.http_cert is None and self.http_key is None:
            return None
        if self.http_cert is None or self.http_key is None:
            raise Misconfigured("PACEWATCH_HTTP_CERT, PACEWATCH_HTTP_KEY", "one is set and the other is not")
        return tls.server_context(self.http_cert, self.http_key, "PACEWATCH_HTTP_CERT, PACEWATCH_HTTP_KEY")

    @property
    def redis_url(self) -> str:
        """The Redis URL with its credentials: never to be logged."""
        return self.redis.get_secret_value()

    @property
    def redis_address(self) -> str:
        """Where Redis is, without credentials: for logs and errors."""
        return self.redis_place.address

    @property
    def redis_place(self) -> RedisUrl:
        """The Redis URL, taken apart; a password given apart from it stands in for a missing one.

        Raises:
            Misconfigured: it is none.
        """
        place = parse(self.redis_url)
        if place.password or not self.redis_password:
            return place
        return replace(place, password=self.redis_password.get_secret_value())

    def topic(self, stream: Stream) -> str:
        """The topic of a stream, e.g. ``ads.clicks``."""
        return f"{self.topic_prefix}{stream.topic_suffix}"

    @property
    def rejected_topic(self) -> str:
        """The dead letter topic."""
        return f"{self.topic_prefix}rejected"


def parse_breakdowns(text: str) -> tuple[tuple[str, ...], ...]:
    """Read a breakdown list: ``channel,channel+country``.

    Raises:
        ValueError: a dimension is unknown.
    """
    found = tuple(tuple(d.strip() for d in part.split("+")) for part in text.split(",") if part.strip())
    for dimension in (d for breakdown in found for d in breakdown):
        if dimension not in DIMENSIONS:
            raise ValueError(f"unknown dimension {dimension[:40]!r}; known are {', '.join(DIMENSIONS)}")
    return found


def parse_rates(text: str) -> dict[str, Decimal]:
    """Read exchange rates: ``EUR=1.08,GBP=1.27``.

    Raises:
        ValueError: an entry is not CODE=positive decimal.
    """
    rates: dict[str, Decimal] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        code, _, rate = entry.partition("=")
        try:
            rates[code] = Decimal(rate)
        except InvalidOperation:
            raise ValueError(f"{entry[:40]!r} is not CODE=rate") from None
        if not (len(code) == 3 and code.isascii() and code.isupper()):
            raise ValueError(f"{code[:40]!r} is not a currency code")
        if not rates[code].is_finite() or rates[code] <= 0:
            raise ValueError(f"the rate of {code} is not positive")
    return rates
