"""Asking a service over HTTP whether it is there: nothing is posted, and not a word about its address is said."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from yarl import URL

from monitors.alerts.notifiers.posting import Endpoint
from monitors.alerts.notifiers.protocol import Asked

MOST_BYTES = 16 << 20
"""Of an answer that is read."""
UNSEEN = "whether it takes alerts is seen by: pacewatch alerts test"
"""What cannot be known without an alert."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a request.

    Attributes:
        status: of HTTP; 0 where there was none.
        body: the answer; empty where it was not asked for, or is too long.
        trouble: why there was none, for people; empty where there was one.
    """

    status: int = 0
    body: bytes = b""
    trouble: str = ""


async def get(to: Endpoint, timeout_s: float) -> Reply:
    """Read a page once; redirects are not followed."""
    return await _request("GET", to.url, to.headers, timeout_s)


async def reach(who: str, url: str, timeout_s: float, cure: str, proxy: str | None = None) -> Asked:
    """Whether somebody answers where a URL leads; only its host and port are asked, by the path ``/``.

    Args:
        who: which service, for people.
        url: of it, a secret.
        timeout_s: how long it may take, real seconds.
        cure: what to do where nobody answers.
        proxy: through which it is asked.
    """
    reply = await _request("HEAD", URL(url).with_user(None).origin(), {}, timeout_s, proxy)
    if reply.trouble:
        return Asked(who, is_well=False, said=f"cannot be reached: {reply.trouble}", cure=cure)
    return Asked(who, is_well=True, said=f"can be reached; {UNSEEN}")


async def _request(
    method: str, url: URL, headers: Mapping[str, str], timeout_s: float, proxy: str | None = None
) -> Reply:
    timeout = aiohttp.ClientTimeout(total=timeout_s)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                method, url, headers={"User-Agent": "pacewatch", **headers}, allow_redirects=False, proxy=proxy
            ) as response,
        ):
            body = bytearray()
            async for part in response.content.iter_chunked(1 << 16):
                body += part
                if len(body) > MOST_BYTES:
                    return Reply(response.status)
            return Reply(response.status, bytes(body))
    except TimeoutError:
        return Reply(trouble=late(timeout_s))
    except (aiohttp.ClientError, OSError, ValueError) as e:
        return Reply(trouble=trouble_of(e))


def late(timeout_s: float) -> str:
    """That nothing came in time."""
    return f"no answer within {timeout_s:g} s"


def trouble_of(error: Exception) -> str:
    """What is wrong with a connection, for people; by its kind only, for the text of an error may hold the address."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "there is no host of that name"
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return "nobody listens there"
    return type(error).__name__
