"""Monitors that only tell, as processes to be killed, and a service that drops, refuses, is slow and cuts its answers.

A monitor here leads, or tries to; while it does it makes each goal's next transition, and delivers. What a goal was
told is a number in its state, and the message's name, so that whoever leads next goes on from where the last one died.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
from redis.asyncio import Redis

from kpis.runtime.clock import monotonic, wall_ms
from kpis.runtime.errors import Recoverable
from kpis.runtime.retry import Backoff
from monitors.alerts.alert import Outgoing
from monitors.alerts.notifiers.delivery import Delivery, DeliveryPolicy
from monitors.alerts.notifiers.http_answers import judge
from monitors.alerts.notifiers.protocol import Answer, Grouping, Outcome
from monitors.alerts.outbox import Outbox
from monitors.alerts.outbox.lanes import Lane
from monitors.alerts.stored import encode_alert
from tests.kit.alerts import alert

LANE = "hook"
TTL_MS = 1_000
ATTEMPT_S = 0.3
GOALS, CAMPAIGNS = 10, 4
MOST_WAITING = 20


class Fault(StrEnum):
    """What the service does with a request."""

    NONE = "none"
    DROPPED = "dropped before it was read"
    LOST = "answer lost"
    CUT = "answer cut"
    SLOW = "answer too late"
    ERROR = "500"
    LIMITED = "429"

    @property
    def is_delivered(self) -> bool:
        """Whether it takes the message all the same."""
        return self in {Fault.NONE, Fault.LOST, Fault.CUT, Fault.SLOW}


@dataclass(frozen=True)
class Arrival:
    """A request that the service read and took: when, from which process, what was in it, and what it did then."""

    at_s: float
    token: str
    names: tuple[str, ...]
    fault: Fault


@dataclass
class Service:
    """It; asks ``chance`` what to do."""

    chance: random.Random
    url: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        weights = (10, 1, 1, 1, 1, 1, 1)
        # Each of them once, then by chance.
        all_of_them = list(Fault)
        fault = [*all_of_them, self.chance.choices(all_of_them, weights)[0]][min(len(self.faults), len(Fault))]
        self.faults.append(fault)
        if fault is Fault.DROPPED:
            return
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        if fault.is_delivered:
            self.arrivals.append(Arrival(monotonic(), body["token"], tuple(body["names"]), fault))
        if fault is Fault.LOST:
            return
        if fault is Fault.SLOW:
            await asyncio.sleep(3 * ATTEMPT_S)
        status = {Fault.ERROR: "500 Oops", Fault.LIMITED: "429 Slowly\r\nRetry-After: 0"}.get(fault, "200 OK")
        whole = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode()
        writer.write(whole[:12] if fault is Fault.CUT else whole)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def service(seed: int) -> AsyncIterator[Service]:
    """It, on a free port."""
    made = Service(random.Random(seed))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        yield made


@dataclass
class Hook:
    """A notifier that posts names."""

    url: str
    token: str
    name: str = LANE
    title: str = "Hook"
    timeout_s: float = ATTEMPT_S
    grouping: Grouping = field(default_factory=lambda: Grouping(gather_s=0.02))

    async def send(self, alerts: Sequence[Outgoing]) -> Answer:
        """Post once, on a connection of its own."""
        body = {"token": self.token, "names": [one.id for one in alerts]}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self.timeout_s)) as session,
                session.post(self.url, json=body) as response,
            ):
                return judge(response.status, response.headers, wall_ms())
        except (aiohttp.ClientError, TimeoutError, OSError) as e:
            return Answer(Outcome.UNREACHABLE, type(e).__name__)


def monitor(port: int, url: str, token: str, each: int) -> None:
    """A process: leads and tells until each goal has had so many transitions, then goes on delivering; ends by kill."""
    logging.disable()
    asyncio.run(_monitor(port, url, token, each))


async def _monitor(port: int, url: str, token: str, each: int) -> None:
    async with Redis(port=port) as redis:
        outbox = Outbox(redis, "test", token, TTL_MS)
        policy = DeliveryPolicy(Backoff(0.02, 0.3))
        delivery = Delivery(Lane(redis, "test", token, LANE), Hook(url, token), policy, random.random)
        leads = False

        async def follow() -> None:
            nonlocal leads
            while True:
                try:
                    leads = await outbox.lead()
                    if leads:
                        await _transitions(outbox, delivery.lane, each)
                except Recoverable:
                    leads = False
                await asyncio.sleep(0.02)

        async def send() -> None:
            while True:
                wait_s = None
                if leads:
                    try:
                        wait_s = await delivery.deliver_next()
                    except Recoverable:
                        wait_s = None
                await asyncio.sleep(0.02 if wait_s is None else wait_s)

        await asyncio.gather(follow(), send())


async def _transitions(outbox: Outbox, lane: Lane, each: int) -> None:
    """Some goals' next ones, unless much waits."""
    if (await lane.backlog()).count >= MOST_WAITING:
        return
    states = await outbox.states()
    for number in random.sample(range(GOALS), 1):
        goal = f"c{number % CAMPAIGNS}|g{number}"
        before = states.get(goal)
        count = int(before or b"0") + 1
        if count <= each:
            made = alert(f"{number}-{count}", goal.partition("|")[0], goal)
            unique = msgspec.structs.replace(made, owner=uuid4().hex)
            await outbox.record(goal, before, str(count).encode(), encode_alert(unique), lanes=[LANE])


def process(context: Any, port: int, url: str, each: int) -> tuple[str, Any]:
    """A monitor that runs, with its token."""
    token = uuid4().hex
    made = context.Process(target=monitor, args=(port, url, token, each), daemon=True)
    made.start()
    return token, made
