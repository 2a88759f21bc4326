"""The Faust app: wiring only.

One agent reads all five topics as chunks. No Faust table is used: state lives in Redis, with the offsets it belongs to.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from contextlib import suppress
from typing import Any

import faust
import mode
from faust.types import TP

from kpis.settings.shared import Settings
from streams.kafka.chunks import PassThrough
from streams.kafka.clients import security
from streams.kafka.faust_process import OnCrash, TablelessApp
from streams.partitions.flush_interval import FlushInterval
from streams.partitions.manager import PartitionManager

log = logging.getLogger(__name__)

_BUFFERED_CHUNKS = 16
_METADATA_MS = 20_000


def build_app(settings: Settings, manager: PartitionManager, on_crash: OnCrash) -> Any:
    """The Faust app that feeds the manager of partitions from Kafka."""
    app = TablelessApp(settings.group, options(settings), manager.assign, on_crash)
    topic = app.topic(*manager.topics, schema=PassThrough(), acks=True)

    @app.agent(topic, name="count", supervisor_strategy=mode.CrashingSupervisor)  # type: ignore[untyped-decorator,unused-ignore]
    async def count(stream: Any) -> None:
        async for event in stream.noack().events():
            payload, event.value, event.message.value = event.value, None, None
            # What waits for its flush to be acknowledged must not hold the records until then.
            await manager.dispatch(payload, event.ack)

    @app.task  # type: ignore[untyped-decorator,unused-ignore]
    async def flush() -> None:
        await manager.run(FlushInterval(settings.flush_interval_s))

    @app.task  # type: ignore[untyped-decorator,unused-ignore]
    async def canaries() -> None:
        await manager.send_canaries()

    @app.task  # type: ignore[untyped-decorator,unused-ignore]
    async def catalogue() -> None:
        await manager.watch_catalogue()

    @app.on_partitions_revoked.connect  # type: ignore[untyped-decorator,unused-ignore]
    async def on_revoked(_: Any, revoked: set[TP], **__: Any) -> None:
        app.consumer.forget(revoked)
        manager.revoke()

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator,unused-ignore]
    async def on_shutdown(_: Any, **__: Any) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(manager.hand_over(), timeout=5.0)

    return app


def options(settings: Settings) -> dict[str, Any]:
    """What Faust is told."""
    return {
        "broker": [f"kafka://{server.strip()}" for server in settings.kafka.split(",")],
        "broker_credentials": credentials(settings),
        "datadir": tempfile.gettempdir(),
        "web_enabled": False,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "consumer_auto_offset_reset": "earliest",
        "stream_buffer_maxsize": _BUFFERED_CHUNKS,
        "stream_wait_empty": False,
        "broker_commit_interval": 2.8,
        "broker_session_timeout": settings.session_timeout_s,
        "broker_rebalance_timeout": settings.rebalance_timeout_s,
        # A static member that restarts takes its partitions back at once, without a rebalance.
        "consumer_group_instance_id": settings.instance or None,
        "broker_heartbeat_interval": min(3.0, settings.session_timeout_s / 3),
        "broker_request_timeout": max(90.0, settings.session_timeout_s),
        # A topic that was deleted or got more partitions is noticed this soon.
        "consumer_metadata_max_age_ms": _METADATA_MS,
        # More than zero standbys select Faust's own assignor, which gives one worker the same partition of all topics.
        "table_standby_replicas": 1,
    }


def credentials(settings: Settings) -> faust.SASLCredentials | faust.SSLCredentials | None:
    """What :func:`streams.kafka.clients.security` says, in Faust's form."""
    found = security(settings)
    context = found.get("ssl_context")
    if "sasl_mechanism" in found:
        return faust.SASLCredentials(
            username=found["sasl_plain_username"],
            password=found["sasl_plain_password"],
            ssl_context=context,
            mechanism=found["sasl_mechanism"],
        )
    return faust.SSLCredentials(context) if context else None
