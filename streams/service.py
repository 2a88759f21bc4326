"""``pacewatch worker``: builds the parts of the write side and runs them until told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import faust
import uvloop
from aiokafka import AIOKafkaProducer

from kpis.contract.redis_client import connect
from kpis.measures import Stream
from kpis.runtime.clock import Clock, monotonic
from kpis.runtime.errors import Permanent, Unreachable, one_line
from kpis.settings.shared import Settings
from kpis.times import DAY_MS
from kpis.units import MICROS
from streams.app import build_app
from streams.dead_letters.producer import DeadLetterProducer
from streams.events.decode import DecodePolicy, Decoder
from streams.kafka import clients, topics
from streams.metrics import WorkerMetrics, worker_metrics
from streams.partitions.manager import PartitionManager
from streams.partitions.tools import Tools
from streams.process.ending import SIGNALS, Ending
from streams.process.liveness import LivenessPolicy, Observation
from streams.process.malloc import return_large_blocks
from streams.process.page import MetricsServer
from streams.process.watchdog import Watchdog
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy
from streams.store.store import Store, StoredLayout

log = logging.getLogger(__name__)
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.5, 5.0
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
    metrics = worker_metrics()
    watchdog: list[Watchdog] = []
    serve_metrics(settings, metrics, lambda: watchdog[0].why_not_alive() if watchdog else None)
    logging.getLogger(clients.CLIENT_LOG).addHandler(clients.ErrorCounter(metrics.kafka_errors))
    app, manager = loop.run_until_complete(prepare(settings, metrics))
    patience = LivenessPolicy(rebalance_s=2 * settings.rebalance_timeout_s)
    watchdog.append(Watchdog(loop, lambda at: look(app, manager, metrics, at), patience, ending))
    crashes: list[BaseException] = []

    def on_crash(reason: BaseException) -> None:
        crashes.append(reason)
        watchdog[0].stop()
        manager.end()
        ending.begin(f"it failed ({one_line(reason)})", 1)

    app.on_crash = on_crash
    # Logging is the caller's: Faust would replace its handlers.
    worker = SignalledWorker(app, loop=loop, quiet=True, redirect_stdouts=False, override_logging=False)
    worker.ending = ending
    stop.worker = worker
    loop.call_soon(watchdog[0].start)
    with suppress(SystemExit):
        worker.execute_from_commandline()
    watchdog[0].stop()
    if not crashes:
        return 0
    for reason in crashes:
        if isinstance(reason, Permanent):
            raise reason
    log.critical("the worker failed: %s", one_line(crashes[0]))
    return 1


class SignalledWorker(faust.Worker):  # type: ignore[misc]
    """Faust's worker, which learns of signals from :class:`streams.process.ending.Ending`.

    Attributes:
        ending: of this process; set before it is started.
    """

    ending: Ending

    def install_signal_handlers(self) -> None:
        """Hand on those that the loop sees."""
        for number in SIGNALS:
            self.loop.add_signal_handler(number, self.ending.received, number)


class Stop:
    """What a signal does: the worker is stopped in order; before there is one, the process ends.

    Attributes:
        worker: Faust's, once there is one.
    """

    def __init__(self, ending: Ending) -> None:
        self._ending = ending
        self.worker: Any = None

    def __call__(self) -> None:
        """Stop."""
        if self.worker is None:
            self._ending.now("it had not begun to read", 0)
        self.worker._schedule_shutdown(signal.SIGTERM)


def look(app: Any, manager: PartitionManager, metrics: WorkerMetrics, loop_at: float) -> Observation:
    """What a look at a running worker finds."""
    seen: Observation = app.consumer.look(loop_at)
    metrics.read_at.set(Clock().now_ms() / 1000 - (monotonic() - seen.fetched_at))
    return replace(seen, waiting=manager.waiting(app.consumer.is_answered))


async def prepare(settings: Settings, metrics: WorkerMetrics) -> tuple[Any, PartitionManager]:
    """Wait for Kafka and Redis, make the topics, and build the app.

    Raises:
        Misconfigured: topics or the data in Redis do not fit the settings.
    """
    store = Store(connect(settings), settings.redis_address, settings.history_days, settings.dedupe_hours)
    partitions = await insist(lambda: topics.ensure(settings))
    held = StoredLayout(partitions, settings.currency, settings.windows_text, settings.history_days)
    await insist(lambda: store.publish_layout(held, settings.grow_partitions))
    producer = await insist(lambda: start_producer(settings))
    tools = Tools(
        store=store,
        policy=partition_policy(settings, partitions),
        decoders={s: Decoder(s, decode_policy(settings)) for s in Stream},
        topics={settings.topic(s): s for s in Stream},
        partitions=partitions,
        letters=DeadLetterProducer(producer, settings.rejected_topic, metrics),
        clock=settings.the_clock,
        metrics=metrics,
        max_unflushed=settings.max_unflushed,
    )
    manager = PartitionManager(tools)
    return build_app(settings, manager), manager


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


def decode_policy(settings: Settings) -> DecodePolicy:
    """What these settings accept."""
    return DecodePolicy(
        rates=settings.rates,
        currency=settings.currency,
        max_age_ms=settings.history_days * DAY_MS,
        max_ahead_ms=settings.max_ahead_s * 1000,
        dedupe=deduped(settings),
        max_micros=settings.max_event_money * MICROS - 1,
        max_quantity=settings.max_event_quantity,
    )


def partition_policy(settings: Settings, partitions: int) -> PartitionPolicy:
    """What these settings keep per partition."""
    series, hours = series_policy(settings), settings.dedupe_hours
    return PartitionPolicy(settings.the_windows, series, deduped(settings), hours, partitions)


def series_policy(settings: Settings) -> SeriesPolicy:
    """How these settings make series."""
    return SeriesPolicy(settings.the_breakdowns, settings.max_series, settings.max_campaigns)


def deduped(settings: Settings) -> frozenset[Stream]:
    """The streams whose ids count once."""
    return frozenset(s for s in Stream if s is not Stream.IMPRESSION or settings.dedupe_impressions)


async def insist(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until it is reachable, with growing delay and one clear line each time."""
    delay = _FIRST_DELAY_S
    while True:
        try:
            return await attempt()
        except Unreachable as e:
            log.warning("%s; trying again in %.1f s", e, delay)
        await asyncio.sleep(delay)
        delay = min(delay * 2, _LONGEST_DELAY_S)


def serve_metrics(settings: Settings, metrics: WorkerMetrics, why_not_alive: Callable[[], str | None]) -> None:
    """Serve the worker's own metrics, unless turned off or the port is taken: counting matters more."""
    if not settings.worker_port:
        return
    try:
        MetricsServer(
            (settings.worker_host, settings.worker_port),
            metrics.registry,
            settings.http_access,
            metrics.refused_requests,
            tls=settings.http_tls,
            why_not_alive=why_not_alive,
        )
    except OSError as e:
        log.warning("the worker's own metrics are not served on port %d: %s", settings.worker_port, e.strerror)
