"""What stands before every handler: lets in what shows the right credentials, and counts what does not."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from kpis.runtime.http.access import PROBES, Access, AccessPolicy

Refusal = Callable[[str], web.Response]
"""The answer that says a sentence to who is refused, with status 401."""


def guard(
    policy: AccessPolicy,
    count: Callable[[Access], None],
    refusal: Refusal,
    unguarded: AbstractSet[str] = frozenset(),
) -> Middleware:
    """A guard; probes pass it.

    Args:
        policy: who may read.
        count: told why a request was refused.
        refusal: says so in the form that the application answers in.
        unguarded: paths whose handlers see for themselves who asks; whom they refuse with 401 is counted too.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path in unguarded:
            found = await handler(request)
            if found.status == 401:
                count(Access.WRONG)
            return found
        access = policy.decide(request.headers.get(hdrs.AUTHORIZATION))
        if access.is_granted or request.path in PROBES:
            return await handler(request)
        count(access)
        response = refusal(f"credentials are needed ({access})")
        for challenge in policy.challenges:
            response.headers.add(hdrs.WWW_AUTHENTICATE, challenge)
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response

    return answer
