"""``pacewatch worker``: builds the parts of the write side and runs them until told to stop."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import uvloop
from aiokafka import AIOKafkaProducer

from kpis.contract.published import Layout
from kpis.contract.redis_client import connect
from kpis.measures import Stream
from kpis.packs.catalogue_source import CatalogueSource
from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Permanent, Unreachable, one_line
from kpis.runtime.retry import Backoff, retry
from kpis.settings.shared import Settings
from streams import policies
from streams.app import build_app
from streams.dead_letters.producer import DeadLetterProducer
from streams.events.decode import Decoder
from streams.kafka import clients, topics
from streams.kafka.faust_process import FaustWorker
from streams.metrics import WorkerMetrics, worker_metrics
from streams.partitions.canary import CanarySender
from streams.partitions.manager import PartitionManager
from streams.partitions.tools import Tools
from streams.process.ending import Ending
from streams.process.liveness import LivenessPolicy, Observation
from streams.process.malloc import return_large_blocks
from streams.process.metrics_server import MetricsServer
from streams.process.watchdog import Watchdog
from streams.store.catalogue_in_use import CatalogueInUse
from streams.store.store import Store

log = logging.getLogger(__name__)
_AT_START = Backoff(0.5, 5.0)
_PORTS = 10
"""Tried for the worker's own metrics, from the one that is set on."""
T = TypeVar("T")


def run(settings: Settings) -> int:
    """Run the worker in this process until SIGTERM or SIGINT; returns the exit code.

    Raises:
        Permanent: something must be changed by a person before it can run.
    """
    # Chunks are many short-lived objects without cycles: collecting every 700 of them took two fifths of decoding.
    gc.set_threshold(100_000, 20, 20)
    return_large_blocks()
    uvloop.install()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    ending = Ending(loop)
    stop = Stop(ending)
    ending.on_signals(stop)
    metrics, health = worker_metrics(), Health()
    serve_metrics(settings, metrics, health.why_not_alive)
    logging.getLogger(clients.CLIENT_LOG).addHandler(clients.ErrorCounter(metrics.kafka_errors))
    logging.getLogger(clients.COORDINATOR_LOG).addFilter(clients.CoordinatorIsChosen())
    manager = loop.run_until_complete(prepare(settings, metrics))
    crashes = Crashes(manager, health, ending)
    app = build_app(settings, manager, crashes.note)
    patience = LivenessPolicy(rebalance_s=2 * settings.rebalance_timeout_s)
    health.watchdog = Watchdog(loop, lambda at: look(app, manager, metrics, at), patience, ending)
    # Logging is the caller's: Faust would replace its handlers.
    stop.worker = FaustWorker(app, loop=loop, quiet=True, redirect_stdouts=False, override_logging=False)
    stop.worker.on_signals = ending.install
    loop.call_soon(health.watchdog.start)
    with suppress(SystemExit):
        stop.worker.execute_from_commandline()
    health.stop()
    return crashes.exit_code()


class Health:
    """What a probe learns of the worker: all is well until there is a watchdog that says otherwise.

    Attributes:
        watchdog: looks at the worker, once there is one to look at.
    """

    def __init__(self) -> None:
        self.watchdog: Watchdog | None = None

    def why_not_alive(self) -> str | None:
        """Why the worker needs a restart; None when it does not."""
        return self.watchdog.why_not_alive() if self.watchdog is not None else None

    def stop(self) -> None:
        """Look no more: the worker ends."""
        if self.watchdog is not None:
            self.watchdog.stop()


class Crashes:
    """The errors that end the worker."""

    def __init__(self, manager: PartitionManager, health: Health, ending: Ending) -> None:
        self._manager, self._health, self._ending = manager, health, ending
        self._reasons: list[BaseException] = []

    def note(self, reason: BaseException) -> None:
        """One has come: nothing is flushed any more, and the process has until its deadline to end by itself."""
        self._reasons.append(reason)
        self._health.stop()
        self._manager.end()
        self._ending.begin(_why(reason), 1)

    def exit_code(self) -> int:
        """0 when there is none, 1 after it was said.

        Raises:
            Permanent: one of them needs a person.
        """
        for reason in self._reasons:
            if isinstance(reason, Permanent):
                raise reason
        if self._reasons:
            log.critical("%s", _why(self._reasons[0]))
        return int(bool(self._reasons))


def _why(reason: BaseException) -> str:
    return f"the worker failed: {one_line(reason)}"


class Stop:
    """What a signal does: the worker is stopped in order; before there is one, the process ends.

    Attributes:
        worker: Faust's, once there is one.
    """

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self.worker: FaustWorker | None = None

    def __call__(self) -> None:
        """Stop."""
        if self.worker is None:
            self._ending.now("the worker ends: it had not begun to read", 0)
        else:
            self.worker.begin_to_stop()


def look(app: Any, manager: PartitionManager, metrics: WorkerMetrics, loop_at: float) -> Observation:
    """What a look at a running worker finds."""
    seen: Observation = app.consumer.look(loop_at)
    metrics.read_at.set(Clock().now_ms() / 1000 - (monotonic() - seen.fetched_at))
    return replace(seen, waiting=manager.waiting(app.consumer.is_answered))


async def prepare(settings: Settings, metrics: WorkerMetrics) -> PartitionManager:
    """Wait for Kafka and Redis, make the topics, and build the manager of partitions.

    Raises:
        Misconfigured: topics or the data in Redis do not fit the settings.
        InvalidCatalogue: the catalogue file holds errors.
    """
    store = Store(connect(settings), settings.redis_address, settings.history_days, settings.dedupe_hours)
    catalogue = CatalogueInUse(
        CatalogueSource(settings.catalogue), store, policies.decode_policy(settings), settings.the_clock
    )
    partitions = await until_reachable(lambda: topics.ensure(settings))
    windows = tuple(w.name for w in settings.the_windows)
    breakdowns = tuple("+".join(dimensions) for dimensions in settings.the_breakdowns)
    held = Layout(partitions, settings.currency, windows, settings.history_days, breakdowns)
    await until_reachable(lambda: store.publish_layout(held, settings.grow_partitions))
    await until_reachable(catalogue.begin)
    producer = await until_reachable(lambda: start_producer(settings))
    tools = Tools(
        store=store,
        policy=policies.partition_policy(settings, partitions),
        decoders={s: Decoder(s, policies.decode_policy(settings)) for s in Stream},
        topics={settings.topic(s): s for s in Stream},
        partitions=partitions,
        letters=DeadLetterProducer(producer, settings.rejected_topic, metrics),
        clock=settings.the_clock,
        metrics=metrics,
        max_unflushed=settings.max_unflushed,
        canaries=CanarySender(producer, settings.topic(Stream.IMPRESSION), settings.canary_s),
        catalogue=catalogue,
    )
    return PartitionManager(tools)


async def start_producer(settings: Settings) -> AIOKafkaProducer:
    """What sends dead letters.

    Raises:
        Unreachable: Kafka does not answer.
    """
    producer = AIOKafkaProducer(
        **clients.options(settings), acks="all", linger_ms=5, request_timeout_ms=10_000, max_request_size=1_048_576
    )
    try:
        await clients.start(producer, settings)
    except Unreachable:
        await producer.stop()
        raise
    return producer


async def until_reachable(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until it is reachable, with growing delay and one clear line each time."""

    def say(error: BaseException, wait_s: float) -> None:
        log.warning("%s; trying again in %.1f s", error, wait_s)

    return await retry(attempt, (Unreachable,), _AT_START, say)


def serve_metrics(
    settings: Settings, metrics: WorkerMetrics, why_not_alive: Callable[[], str | None]
) -> MetricsServer | None:
    """Serve the worker's own metrics, unless turned off: where its port is taken, at the next free one of ten.

    Several workers of a host need nothing set, and none is kept from counting by a port: where all ten are taken, that
    is said.
    """
    if not settings.worker_port:
        return None
    first = settings.worker_port
    for port in range(first, min(first + _PORTS, 65_536)):
        try:
            served = MetricsServer(
                (settings.worker_host, port),
                metrics.registry,
                settings.http_access,
                metrics.refused_requests,
                tls=settings.http_tls,
                why_not_alive=why_not_alive,
            )
        except OSError as e:
            if e.errno != errno.EADDRINUSE:
                log.warning("the worker's own metrics are not served on port %d: %s", port, e.strerror)
                return None
        else:
            _say_where(settings.worker_host, served.port, first)
            return served
    log.warning("the worker's own metrics are not served: ports %d to %d are taken", first, first + _PORTS - 1)
    return None


def _say_where(host: str, port: int, wanted: int) -> None:
    if port == wanted:
        log.info("the worker's own metrics are at %s:%d", host, port)
    else:
        remedy = "have Prometheus ask there too, or set PACEWATCH_WORKER_PORT"
        log.warning("port %d is taken: the worker's own metrics are at %s:%d (%s)", wanted, host, port, remedy)
