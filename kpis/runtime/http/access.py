"""Who may read the pages that Pacewatch serves: a decision on one ``Authorization`` header. Pure."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest

from pydantic import SecretStr

_LONGEST = 8 * 1024
"""A header that is longer is not looked at."""
MAX_SECRET = 1024
"""Characters of a token or a password: Basic's header stays short enough for every client and proxy."""
HEALTH = "/healthz"
PROBES = frozenset({HEALTH, "/readyz"})
"""What may be read without credentials: probes have none, and learn nothing but whether all is well."""


class Access(StrEnum):
    """Whether a request is answered, and why."""

    OPEN = "open"
    """Nothing is asked for."""
    BEARER = "bearer"
    """Its bearer token is right."""
    BASIC = "basic"
    """Its user and password are right."""
    NO_CREDENTIALS = "no_credentials"
    """Refused: it shows none."""
    UNKNOWN_SCHEME = "unknown_scheme"
    """Refused: its credentials are of a kind that is not set up, or cannot be read."""
    WRONG = "wrong"
    """Refused: its token, user or password is wrong."""

    @property
    def is_granted(self) -> bool:
        """Whether the request is answered."""
        return self in {Access.OPEN, Access.BEARER, Access.BASIC}


REFUSALS = tuple(access for access in Access if not access.is_granted)
"""Why requests are refused."""


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """What a request must show: the token or the password; with neither set, nothing.

    Attributes:
        token: a bearer token (RFC 6750), for programs.
        user, password: of Basic authentication (RFC 7617), for browsers.
    """

    token: SecretStr | None = None
    user: str = "pacewatch"
    password: SecretStr | None = None

    def decide(self, authorization: str | None) -> Access:
        """Whether a request with this ``Authorization`` header is answered."""
        if self.is_open:
            return Access.OPEN
        if not authorization:
            return Access.NO_CREDENTIALS
        if len(authorization) > _LONGEST:
            # Cut off, it might begin with the secret and be let in.
            return Access.UNKNOWN_SCHEME
        scheme, _, shown = authorization.partition(" ")
        shown = shown.strip()
        if scheme.lower() == "bearer" and self.token is not None:
            return Access.BEARER if _same(shown, self.token.get_secret_value()) else Access.WRONG
        if scheme.lower() == "basic" and self.password is not None:
            return self._basic(shown, self.password.get_secret_value())
        return Access.UNKNOWN_SCHEME

    @property
    def is_open(self) -> bool:
        """Whether nothing is asked for."""
        return self.token is None and self.password is None

    @property
    def challenges(self) -> Sequence[str]:
        """The values of ``WWW-Authenticate`` that go with a refusal."""
        basic = ['Basic realm="Pacewatch", charset="UTF-8"'] if self.password is not None else []
        return [*basic, *(['Bearer realm="Pacewatch"'] if self.token is not None else [])]

    @property
    def authorization(self) -> str | None:
        """The header value that is let in, a secret; None when nothing is asked for."""
        if self.token is not None:
            return f"Bearer {self.token.get_secret_value()}"
        if self.password is not None:
            return f"Basic {b64encode(f'{self.user}:{self.password.get_secret_value()}'.encode()).decode()}"
        return None

    def _basic(self, shown: str, password: str) -> Access:
        try:
            user, colon, given = b64decode(shown, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return Access.UNKNOWN_SCHEME
        if not colon:
            return Access.UNKNOWN_SCHEME
        # Both are compared whatever the first says, so that the time taken tells nothing about either.
        is_user, is_password = _same(user, self.user), _same(given, password)
        return Access.BASIC if is_user and is_password else Access.WRONG


def _same(shown: str, secret: str) -> bool:
    # Of digests: comparing the texts themselves would tell by its time how long the secret is.
    return compare_digest(_digest(shown), _digest(secret))


def _digest(text: str) -> bytes:
    # A header's bytes that are no UTF-8 arrive as surrogates.
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
