"""Settings about what is served over HTTP: who may read it, and over what."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator

from kpis.runtime import tls
from kpis.runtime.errors import Misconfigured
from kpis.runtime.http.access import MAX_SECRET, AccessPolicy
from kpis.settings.environment import EMPTY_IS_UNSET, EnvSettings


class HttpSettings(EnvSettings):
    """What is served over HTTP."""

    http_token: SecretStr | None = Field(None, description="Bearer token that reads what is served, for programs.")
    http_user: str = Field("pacewatch", pattern=r"^[^:\s]{1,100}$", description="User that reads it, for browsers.")
    http_password: SecretStr | None = Field(None, description="Password of that user.")
    http_cert: Annotated[Path | None, EMPTY_IS_UNSET] = Field(
        None, description="PEM file of the certificate it is served with; none for HTTP."
    )
    http_key: Annotated[Path | None, EMPTY_IS_UNSET] = Field(
        None, description="PEM file of that certificate's key, not encrypted."
    )

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
