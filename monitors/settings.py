"""Settings of the monitor: environment variables ``PACEWATCH_*``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from kpis.series import SCOPES
from kpis.settings.environment import EMPTY_IS_UNSET
from kpis.settings.shared import Settings

_CHANNEL = re.compile(r"#[^\s#]{1,80}|[CDG][A-Z0-9]{5,30}", re.ASCII)


class MonitorSettings(Settings):
    """What the monitor needs besides what it shares with the worker."""

    goals: Path | None = Field(None, description="Goals file, YAML; without one only KPIs are served.")
    slack_webhook_url: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(None, description="Slack incoming webhook.")
    alertmanager_url: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(
        None,
        description="URL of an Alertmanager, or of all of a cluster with commas between; user and password in it are "
        "its basic authentication.",
    )
    alertmanager_token: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(
        None, description="Bearer token for Alertmanager."
    )
    alertmanager_refresh_s: float = Field(
        60, ge=1, le=600, description="Real seconds after which Alertmanager is told again what stands."
    )
    webhook_url: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(
        None, description="URL that alerts are posted to as JSON."
    )
    webhook_secret: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(
        None, description="What these posts are signed with."
    )
    slack_bot_token: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(
        None, description="Slack bot token (xoxb-...): cards that change with their alert; goes before the webhook."
    )
    slack_channel: Annotated[str | None, EMPTY_IS_UNSET] = Field(
        None,
        description='Where the bot tells what has no channel of its own: "#launch", or better the channel\'s id.',
    )
    slack_signing_secret: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(
        None, description="Slack signing secret: cards have buttons, pressed ones come to /slack/actions."
    )
    slack_api_url: str = Field("https://slack.com/api/", max_length=500, description="Slack's Web API.")
    grafana_url: Annotated[str | None, EMPTY_IS_UNSET] = Field(
        None, max_length=500, description="Where people see Grafana: messages link to a goal's panel."
    )
    monitor_host: str = Field("127.0.0.1", description="Address that metrics and health are served on.")
    monitor_port: int = Field(
        9600, ge=0, le=65_535, description="Port of metrics, health and board; 0 takes a free one."
    )
    refresh_s: float = Field(0.5, ge=0.05, le=60, description="Real seconds between two reads of Redis.")
    max_lag_s: float = Field(60, ge=1, le=86_400, description="Real seconds the data may be old to be judged.")
    alert_for_s: float = Field(0, ge=0, le=86_400, description="Clock seconds a miss must last to be told.")
    alert_gather_s: float = Field(
        3, ge=0, le=600, description="Real seconds a message waits for others, to be one with them."
    )
    alert_repeat_s: float = Field(
        0, ge=0, le=2_592_000, description="Clock seconds after which a miss that stands is told again; 0 for never."
    )
    routes: str = Field(
        "",
        max_length=500,
        description="Who tells of what, e.g. critical=alertmanager,warning=slack; empty for one notifier for all.",
    )
    leader_ttl_s: float = Field(8, ge=2, le=300, description="Real seconds until another monitor takes over.")
    public_url: Annotated[str | None, EMPTY_IS_UNSET] = Field(
        None, max_length=500, description="Where people see this monitor."
    )
    max_exported_series: int = Field(
        2_500, ge=1, le=1_000_000, description="Series with metrics of their own; the rest is added up as __other__."
    )
    export_breakdowns: bool = Field(False, description="Export metrics of breakdown series too.")
    scopes: str = Field(
        "portfolio,account",
        max_length=200,
        description="What has KPIs of its own, commas between, of portfolio, account, channel, ad_group, creative, "
        "variant, country, device; empty for none. Each beyond the first two has the monitor read that breakdown of "
        "all campaigns, which PACEWATCH_BREAKDOWNS must name; it costs as much as reading so many campaigns.",
    )

    @field_validator("slack_webhook_url", "webhook_url")
    @classmethod
    def _webhook(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_http(value.get_secret_value()):
            raise ValueError("it is not an http or https URL")
        return value

    @field_validator("scopes")
    @classmethod
    def _scopes(cls, value: str) -> str:
        parse_scopes(value)
        return value

    @field_validator("alertmanager_url")
    @classmethod
    def _alertmanager(cls, value: SecretStr | None) -> SecretStr | None:
        for url in _listed(value):
            if not _is_http(url):
                raise ValueError("it is not an http or https URL, or several with commas between")
            if urlsplit(url).query or urlsplit(url).fragment:
                raise ValueError("it must end before any ? or #: /api/v2/alerts follows it")
        return value

    @field_validator("alertmanager_token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all("!" <= c <= "~" for c in value.get_secret_value()):
            raise ValueError("it must be printable ASCII without spaces, as a header can carry it")
        return value

    @field_validator("slack_bot_token", "slack_signing_secret")
    @classmethod
    def _bot_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not all("!" <= c <= "~" for c in value.get_secret_value()):
            raise ValueError("it must be printable ASCII without spaces, as Slack gives it")
        return value

    @field_validator("slack_channel")
    @classmethod
    def _channel(cls, value: str | None) -> str | None:
        if value is not None and not _CHANNEL.fullmatch(value):
            raise ValueError('it must be a channel such as "#launch", or its id, such as C0123ABCD')
        return value

    @field_validator("public_url", "grafana_url", "slack_api_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        if value and not _is_http(value):
            raise ValueError("it is not an http or https URL")
        return value

    @property
    def alertmanager_urls(self) -> tuple[str, ...]:
        """Those of all peers; secrets."""
        return _listed(self.alertmanager_url)

    @property
    def the_scopes(self) -> tuple[str, ...]:
        """The kinds of scopes that have KPIs."""
        return parse_scopes(self.scopes)

    @property
    def scope_dimensions(self) -> frozenset[str]:
        """The breakdowns that are read for them; that by account only where the worker makes it."""
        asked = set(self.the_scopes) - {"portfolio", "account"}
        by_account = "account" in self.the_scopes and ("account",) in self.the_breakdowns
        return frozenset(asked | {"account"} if by_account else asked)

    @property
    def max_lag_ms(self) -> int:
        """The freshness gate in milliseconds of the clock.

        What delays data (Kafka, a flush, a read) takes real time, so on a fast clock the same delay is more of it.
        """
        return int(self.max_lag_s * 1000 * self.the_clock.rate)


def parse_scopes(text: str) -> tuple[str, ...]:
    """Read a list of kinds of scopes: ``portfolio,channel``.

    Raises:
        ValueError: one of them is unknown.
    """
    found = tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    for one in found:
        if one not in SCOPES:
            raise ValueError(f"unknown scope {one[:40]!r}; known are {', '.join(SCOPES)}")
    return found


def _listed(value: SecretStr | None) -> tuple[str, ...]:
    """What has commas between it."""
    return () if value is None else tuple(filter(None, (one.strip() for one in value.get_secret_value().split(","))))


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not any(c.isspace() for c in url)
