"""Settings about Redis: where it is, and how it lets us in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from kpis.settings.environment import EMPTY_IS_UNSET, EnvSettings
from kpis.settings.redis_url import RedisUrl, parse


class RedisSettings(EnvSettings):
    """Redis."""

    redis: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="URL of a single Redis, of sentinels or of a Cluster."
    )
    redis_password: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(
        None, description="Password of Redis, unless the URL has one: as it is, without percent-encoding."
    )
    redis_ca: Annotated[Path | None, EMPTY_IS_UNSET] = Field(
        None, description="PEM file of the CA of rediss:// URLs; the system's if not given."
    )

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
