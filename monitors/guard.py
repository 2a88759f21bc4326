"""Lets in what shows the right credentials, and counts what does not."""

from __future__ import annotations

from collections import Counter

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from kpis.runtime.http.access import PROBES, Access, AccessPolicy
from monitors.board.api import answer as as_json
from monitors.board.shapes import Problem


def guard(policy: AccessPolicy, refused: Counter[Access]) -> Middleware:
    """What stands before every handler.

    Args:
        policy: who may read.
        refused: counts requests that were refused, by reason.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        access = policy.decide(request.headers.get(hdrs.AUTHORIZATION))
        if access.is_granted or request.path in PROBES:
            return await handler(request)
        refused[access] += 1
        response = as_json(Problem(f"credentials are needed ({access})"), 401)
        for challenge in policy.challenges:
            response.headers.add(hdrs.WWW_AUTHENTICATE, challenge)
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        return response

    return answer
