"""What people do on the board: acknowledge alerts, mute a campaign, take a mute back. POST only, never for everybody.

A browser shows a password by itself, whatever page asks for it. So a request must come from the board's own pages
(``Origin``, where it is given, is where the monitor is seen) and be JSON, which no form of another page can send.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Awaitable, Callable
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from aiohttp import hdrs, web

from kpis.runtime.clock import Clock
from kpis.runtime.errors import Recoverable
from kpis.runtime.http.access import AccessPolicy
from kpis.series import shown_id
from kpis.times import DAY_MS
from monitors.alerts.assessment import Assessment
from monitors.alerts.interventions import Acknowledgement, InterventionStore, Silence
from monitors.board.asks import AcknowledgeAlerts, Done, MuteCampaign, Problem, UnacknowledgeAlerts, UnmuteCampaign
from monitors.board.board import Board
from monitors.board.http.api import answer
from monitors.goals.subject import key_of

LARGEST = 10_000
LONGEST_MUTE_S = 90 * DAY_MS // 1000
"""What is muted for longer is better taken out of the goals file."""
_CLOSED = "nobody may act here until PACEWATCH_HTTP_PASSWORD or PACEWATCH_HTTP_TOKEN is set"
T = TypeVar("T", bound=msgspec.Struct)


class Refused(Exception):
    """A request that is not carried out: why, and the HTTP status."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.status = status


class Actions:
    """The handlers.

    Args:
        board: what fires.
        store: where it is kept.
        clock: the deployment's.
        access: who may read, and so act; where everybody may read, nobody may act.
    """

    def __init__(self, board: Board, store: InterventionStore, clock: Clock, access: AccessPolicy) -> None:
        self._board = board
        self._store = store
        self._clock = clock
        self._access = access

    @property
    def are_open(self) -> bool:
        """Whether whoever may read may act."""
        return not self._access.is_open

    async def acknowledge(self, request: web.Request) -> web.Response:
        """Say that someone takes care of a campaign's alerts, or of one of them."""

        async def act() -> Done:
            asked = await self._asked(request, AcknowledgeAlerts)
            now_ms = self._clock.now_ms()
            found = [one for one in self._firing(asked.campaign) if asked.goal in {"", one.goal.id}]
            if not found:
                raise Refused("no such alert fires", 404)
            done = Acknowledgement(self._who(request, asked.by), now_ms, asked.note)
            keys = [key_of(one.campaign, one.goal) for one in found]
            return Done(sum([await self._store.acknowledge(key, done) for key in keys]))

        return await _answered(act)

    async def unacknowledge(self, request: web.Request) -> web.Response:
        """Say that nobody takes care of a campaign's alerts any more, or of one of them."""

        async def act() -> Done:
            asked = await self._asked(request, UnacknowledgeAlerts)
            found = [one for one in self._of(asked.campaign) if asked.goal in {"", one.goal.id}]
            keys = [key_of(one.campaign, one.goal) for one in found]
            now_ms, by = self._clock.now_ms(), self._who(request, "")
            return Done(sum([await self._store.unacknowledge(key, by, now_ms) for key in keys]))

        return await _answered(act)

    async def mute(self, request: web.Request) -> web.Response:
        """Send nothing but ends about a campaign for a while."""

        async def act() -> Done:
            asked = await self._asked(request, MuteCampaign)
            now_ms = self._clock.now_ms()
            judged = self._of(asked.campaign)
            if not judged:
                raise Refused("there is no such campaign with goals on the board", 404)
            campaign = judged[0].campaign.campaign
            if not 0 < asked.for_s <= LONGEST_MUTE_S:
                raise Refused(f"for_s is from 1 to {LONGEST_MUTE_S}", 400)
            until_ms = now_ms + asked.for_s * 1000
            silence = Silence(campaign, now_ms, until_ms, self._who(request, asked.by), asked.why)
            if not await self._store.mute(campaign, silence, now_ms):
                raise Refused("there are too many mutes", 409)
            return Done(1)

        return await _answered(act)

    async def unmute(self, request: web.Request) -> web.Response:
        """Take back what someone muted."""

        async def act() -> Done:
            asked = await self._asked(request, UnmuteCampaign)
            now_ms, by = self._clock.now_ms(), self._who(request, "")
            held = (await self._store.read()).mutes.items()
            whose = {one.campaign.campaign for one in self._of(asked.campaign)} or {asked.campaign}
            names = [name for name, one in held if one.campaign in whose]
            return Done(sum([await self._store.unmute(name, by=by, now_ms=now_ms) for name in names]))

        return await _answered(act)

    def _firing(self, campaign: str) -> list[Assessment]:
        return [one for one in self._of(campaign) if one.state.is_firing]

    def _of(self, campaign: str) -> list[Assessment]:
        """What is judged of a row of the board, by the id that it has there."""
        view = self._board.view
        return [one for one in (*view.assessments, *view.examined.told) if shown_id(one.campaign.series) == campaign]

    async def _asked(self, request: web.Request, kind: type[T]) -> T:
        if not self.are_open:
            raise Refused(_CLOSED, 403)
        origin = request.headers.get(hdrs.ORIGIN)
        # Browsers say themselves where a request comes from, also those that leave the origin out.
        is_foreign = request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}
        if is_foreign or (origin is not None and urlsplit(origin).netloc != request.host):
            raise Refused("the request comes from another page", 403)
        if request.content_type != "application/json":
            raise Refused("the body must be application/json", 415)
        body = await request.content.read(LARGEST + 1)
        if len(body) > LARGEST or not request.content.at_eof():
            raise Refused(f"the body is larger than {LARGEST} bytes", 413)
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as e:
            raise Refused(str(e)[:200], 400) from None

    def _who(self, request: web.Request, named: str) -> str:
        """Who acts: the name they give, else the user that they showed."""
        scheme, _, shown = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if named.strip() or scheme.lower() != "basic":
            return named.strip() or "somebody"
        return b64decode(shown).decode(errors="replace").partition(":")[0]


async def _answered(act: Callable[[], Awaitable[Done]]) -> web.Response:
    try:
        return answer(await act())
    except Refused as e:
        return answer(Problem(str(e)), e.status)
    except Recoverable as e:
        return answer(Problem(str(e)), 503)
