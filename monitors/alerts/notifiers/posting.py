"""One POST of JSON over HTTP: to where it was meant to go, and without a word about that place."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp
from pydantic import SecretStr
from yarl import URL

from kpis.runtime.clock import wall_ms
from kpis.runtime.errors import Misconfigured
from monitors.alerts.notifiers.http_answers import judge
from monitors.alerts.notifiers.protocol import Answer, Outcome


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something is posted; it shows nothing of itself.

    Attributes:
        url: without user and password.
        headers: what lets us in.
    """

    url: URL = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def endpoint(setting: str, url: str, path: str = "", token: SecretStr | None = None) -> Endpoint:
    """The endpoint of a URL; user and password in it become a header, and so does a token.

    Args:
        setting: the variable that holds it, for errors.
        url: it, a secret.
        path: what follows it, such as ``api/v2/alerts``.
        token: a bearer token; it goes before user and password.

    Raises:
        Misconfigured: it is no URL; the text does not show it.
    """
    try:
        parts = URL(url)
        where = parts.with_user(None)
        where = where / path if path else where
    except ValueError:
        raise Misconfigured(setting, "it is not an http or https URL") from None
    if token is not None:
        return Endpoint(where, {"Authorization": f"Bearer {token.get_secret_value()}"})
    if parts.user is None:
        return Endpoint(where)
    login = f"{parts.user}:{parts.password or ''}".encode()
    return Endpoint(where, {"Authorization": f"Basic {b64encode(login).decode()}"})


async def post(to: Endpoint, body: bytes, timeout_s: float, headers: Mapping[str, str] | None = None) -> Answer:
    """Post JSON once; redirects are not followed, and the answer's text is not read: it may repeat what it was sent.

    Args:
        to: where.
        body: JSON.
        timeout_s: how long it may take, real seconds.
        headers: more of them.

    Returns:
        What the answer means; never raises for what network or service do.
    """
    more = {"Content-Type": "application/json", "User-Agent": "pacewatch", **to.headers, **(headers or {})}
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(to.url, data=body, headers=more, allow_redirects=False) as response,
        ):
            return judge(response.status, response.headers, wall_ms())
    except (aiohttp.ClientError, TimeoutError, OSError) as e:
        # By its type only: its text may hold the address.
        return Answer(Outcome.UNREACHABLE, type(e).__name__)
