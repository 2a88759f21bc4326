"""The base of all settings: environment variables ``PACEWATCH_*``, and files for secrets.

A secret may also be given as a file: ``PACEWATCH_REDIS_FILE=/run/secrets/redis`` holds what ``PACEWATCH_REDIS`` would.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import BeforeValidator, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from kpis.runtime.errors import Misconfigured

PREFIX = "PACEWATCH_"
_SECRET_LIMIT = 64 * 1024
EMPTY_IS_UNSET = BeforeValidator(lambda value: value or None)
"""Of a setting that may be left out: what is given empty is not given."""


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting is a secret, which may also be given as a file."""
    return "SecretStr" in str(field.annotation)


class SecretFiles(PydanticBaseSettingsSource):
    """Reads ``PACEWATCH_<FIELD>_FILE`` for every field that is a secret."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The content of the secret's file, without surrounding white space; None when there is no such setting."""
        variable = f"{PREFIX}{field_name.upper()}_FILE"
        path = os.environ.get(variable)
        if not path or not is_secret(field):
            return None, field_name, False
        try:
            with Path(path).open(encoding="utf-8") as file:
                return file.read(_SECRET_LIMIT).strip(), field_name, False
        except (OSError, UnicodeDecodeError) as e:
            raise Misconfigured(variable, f"the file cannot be read ({type(e).__name__})") from None

    def __call__(self) -> dict[str, Any]:
        """All secrets that were given as files."""
        found = {n: self.get_field_value(f, n)[0] for n, f in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


class EnvSettings(BaseSettings):
    """Base of all settings: frozen, from the environment, secrets also from files."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then secret files."""
        return init_settings, env_settings, SecretFiles(settings_cls)

    @classmethod
    def load(cls, **overrides: Any) -> Any:
        """The settings of this process.

        Raises:
            Misconfigured: a variable cannot be used; the message names it and never shows its value.
        """
        try:
            return cls(**overrides)
        except ValidationError as e:
            first = e.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else "settings"
            raise Misconfigured(f"{PREFIX}{name.upper()}", first["msg"].removeprefix("Value error, ")) from None
