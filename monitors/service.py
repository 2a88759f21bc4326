"""The monitor service: wiring only. Reads Redis over and over, sends what waits, serves metrics."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from uuid import uuid4

from kpis.contract.row_format import SharedFormat
from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Misconfigured, Recoverable
from kpis.runtime.http.access import Access
from kpis.runtime.http.serving import Limits, serve
from kpis.runtime.retry import Backoff
from kpis.runtime.watched_file import EVERY_S
from monitors import goals as goals_file
from monitors.alerts.cycle_policy import CyclePolicy
from monitors.alerts.deciding import TellingPolicy
from monitors.alerts.interventions import InterventionStore
from monitors.alerts.lifecycle import LifecyclePolicy
from monitors.alerts.notifiers.slack.presses import Presses
from monitors.alerts.outbox import Outbox
from monitors.alerts.quieting import QuietPolicy
from monitors.alerts.routing import Routes
from monitors.board.board import Board, BoardPolicy
from monitors.board.campaign_page.drawing import PaceLines
from monitors.board.http.actions import Actions
from monitors.board.http.api import Reads
from monitors.board.http.routes import BoardParts
from monitors.board.overview.notices import not_broken_down
from monitors.crew import MOST_WAIT_S, crew_of, pause
from monitors.cycle import Cycle
from monitors.export.budget import BudgetPolicy
from monitors.export.exporter import Exporter, ExportPolicy
from monitors.goals.announce import GoalAnnouncement
from monitors.pacing.verdict import VerdictPolicy
from monitors.read.breakdowns import Breakdowns
from monitors.read.history import History
from monitors.read.reader import Reader, connect
from monitors.settings import MonitorSettings
from monitors.web import guarded, make_app

_READY_S = 5.0
_FIRST_EVENT_S = 30.0
_LIMITS = Limits(connections=512)
"""Each open board is one of them."""
_log = logging.getLogger(__name__)


async def run(settings: MonitorSettings) -> None:
    """Run the monitor until SIGTERM, SIGINT or cancellation; Redis may be away at the start or go at any time.

    Raises:
        InvalidGoals: the goals file cannot be used.
        Misconfigured: the port is taken.
    """
    # Verdicts are many short-lived objects without cycles: collecting every 700 of them took a tenth of all CPU.
    gc.set_threshold(100_000, 20, 20)
    source = goals_file.GoalsSource(settings.goals, settings.catalogue)
    redis, shared = connect(settings), SharedFormat()
    crew = crew_of(settings, redis)
    announced = GoalAnnouncement(redis, settings.redis_address, (c.series for c in source.goals.campaigns))
    monitor = Cycle(
        Reader(
            redis, settings.redis_address, settings.the_clock, breakdowns=settings.export_breakdowns, shared=shared
        ),
        crew.outbox, source, settings.the_clock, _policy(settings, crew.routes),
        done=crew.done, deliveries=crew.deliveries,
    )  # fmt: skip
    crew.illustrate(PaceLines(lambda: monitor.view, History(redis, settings.redis_address, shared).quarters).of)
    stop = asyncio.Event()
    try:
        async with _serving(settings, monitor, _board(settings, redis, shared), crew.presses):
            with _signals(stop):
                await _until(
                    stop,
                    crew.grace_s,
                    _refreshing(monitor, announced, settings.refresh_s, stop),
                    *crew.sending(settings.refresh_s, lambda: monitor.current().leads, stop),
                    _following(source, stop),
                )
    finally:
        with suppress(Recoverable):
            await crew.outbox.resign()
        await redis.aclose()


async def _until(stop: asyncio.Event, grace_s: float, *work: Coroutine[Any, Any, None]) -> None:
    """Run until ``stop``, or until some work fails; each may then finish what it is at."""
    tasks = [asyncio.create_task(w) for w in work]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    for task in tasks:
        if not task.cancelled():
            task.result()


async def _refreshing(monitor: Cycle, announced: GoalAnnouncement, every_s: float, stop: asyncio.Event) -> None:
    """Read and judge; while Redis is away wait longer each time, and say so once."""
    backoff = Backoff(2 * every_s, max(MOST_WAIT_S, every_s))
    failures, said = 0, ""
    while not stop.is_set():
        try:
            before, missing = monitor.view.campaigns, monitor.view.uncounted
            await monitor.cycle()
            if monitor.view.uncounted and monitor.view.uncounted != missing:
                _log.warning("%s", not_broken_down(", ".join(monitor.view.uncounted)))
            if monitor.view.campaigns is not before:
                announced.replace(monitor.view.announced)
            if monitor.current().leads:
                await announced.publish(monotonic())
            if said:
                _log.info("Redis was read again after %d failed tries", failures)
            failures, said = 0, ""
        except Recoverable as e:
            failures += 1
            if str(e) != said:
                said = str(e)
                _log.warning("%s; trying again", said)
        await pause(stop, backoff.before(failures) if failures else every_s)


async def _following(source: goals_file.GoalsSource, stop: asyncio.Event) -> None:
    """Read the goals file again when it changes, in a thread: neither a long file nor a slow disk holds up judging."""
    said, told = source.problem, source.catalogue.problem
    catalogue = source.goals.catalogue
    while not stop.is_set():
        if await asyncio.to_thread(source.refresh, monotonic()):
            _log.info("goals file read again: %d campaigns", len(source.goals.campaigns))
        if source.goals.catalogue is not catalogue:
            catalogue = source.goals.catalogue
            _log.info("catalogue: %d measures, %d KPIs", len(catalogue.measures), len(catalogue.kpis))
        said = _say(said, source.problem, "the goals of before are judged on", "the goals file")
        told = _say(told, source.catalogue.problem, "the catalogue of before is used", "the catalogue file")
        await pause(stop, EVERY_S)


def _say(said: str, problem: str, meanwhile: str, what: str) -> str:
    """Log a problem of a file once, and its end; gives what is said now."""
    if problem and problem != said:
        _log.error("%s; %s", problem, meanwhile)
    elif said and not problem:
        _log.info("%s can be used again", what)
    return problem


def _policy(settings: MonitorSettings, routes: Routes) -> CyclePolicy:
    # Whoever says that data come within seconds says that of the first event too.
    first_event_s = min(_FIRST_EVENT_S, settings.max_lag_s)
    return CyclePolicy(
        # On a fast clock too, events take real seconds to come.
        verdicts=VerdictPolicy(
            max_lag_ms=settings.max_lag_ms,
            launch_ms=max(VerdictPolicy().launch_ms, int(first_event_s * 1000 * settings.the_clock.rate)),
        ),
        telling=TellingPolicy(
            LifecyclePolicy(for_ms=int(settings.alert_for_s * 1000)),
            QuietPolicy(repeat_ms=int(settings.alert_repeat_s * 1000)),
        ),
        routes=routes,
        scopes=settings.the_scopes,
        dimensions=settings.scope_dimensions,
    )


def _board(settings: MonitorSettings, redis: Any, shared: SharedFormat) -> BoardParts:
    """The launch board; its reads of Redis are its own, so that they never disturb those that are judged."""
    clock, address = settings.the_clock, settings.redis_address
    history = History(redis, address, shared)
    store = InterventionStore(redis, address)
    reads = Reads(
        history=history.quarters,
        breakdowns=Breakdowns(redis, address, shared).of,
        sums=history.sums,
        catalogue=lambda: shared.now.catalogue,
        told=Outbox(redis, address, "", 0).told,
        deeds=store.deeds,
    )
    board = Board(uuid4().hex, BoardPolicy(settings.max_lag_ms, clock.rate, unread_s=_ready_s(settings)))
    actions = Actions(board, store, clock, settings.http_access)
    return BoardParts(board, reads, clock, actions)


def _ready_s(settings: MonitorSettings) -> float:
    """How many real seconds ago the last read may be."""
    return max(_READY_S, 5 * settings.refresh_s)


@asynccontextmanager
async def _serving(
    settings: MonitorSettings, monitor: Cycle, board: BoardParts, presses: Presses | None
) -> AsyncIterator[None]:
    exported = ExportPolicy(
        breakdowns=settings.export_breakdowns,
        budget=BudgetPolicy(settings.max_exported_series),
    )
    refused: Counter[Access] = Counter()
    exporter, ready_s = Exporter(exported, refused), _ready_s(settings)
    guards = [guarded(settings.http_access, refused)]
    app = make_app(monitor.current, exporter, ready_s, board, guards, presses=presses)
    tls = settings.http_tls
    try:
        served = await serve(app, settings.monitor_host, settings.monitor_port, tls, _LIMITS)
    except OSError as e:
        at = f"{settings.monitor_host}:{settings.monitor_port}"
        raise Misconfigured("PACEWATCH_MONITOR_PORT", f"cannot listen on {at}: {e.strerror}") from None
    try:
        host, port = served.addresses[0][:2]
        at = f"{'http' if tls is None else 'https'}://{host}:{port}/"
        _log.info("launch board at %s, metrics at %smetrics", at, at)
        yield
    finally:
        await served.close()


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    held = []
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not in the main thread (a test, an embedding program): then cancellation is the way to stop.
        with suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
            held.append(number)
    try:
        yield
    finally:
        for number in held:
            loop.remove_signal_handler(number)
