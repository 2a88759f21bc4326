"""The one place that turns settings into what Kafka clients need to connect, and their errors into ours."""

from __future__ import annotations

import logging
from typing import Any

from aiokafka.client import collect_hosts
from aiokafka.conn import create_conn
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
)
from prometheus_client import Counter

from kpis.runtime import tls
from kpis.runtime.clock import monotonic
from kpis.runtime.errors import Misconfigured, Unreachable, one_line
from kpis.settings.shared import Settings

CLIENT_LOG = "aiokafka"
"""The logger of the client."""
AWAY = (KafkaError, OSError)
"""What a client may raise when Kafka cannot serve it now."""

COORDINATOR_LOG = f"{CLIENT_LOG}.consumer.group_coordinator"
"""Its logger of what goes on with the group."""
_NO_COORDINATOR_YET = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError)
_PROBE_MS = 5_000
_SECURITY = "PACEWATCH_KAFKA_SECURITY"


def options(settings: Settings) -> dict[str, Any]:
    """The arguments of any aiokafka client: where Kafka is, and how to be let in.

    Raises:
        Misconfigured: the settings contradict each other, or a file cannot be used.
    """
    return {"bootstrap_servers": settings.kafka, **security(settings)}


def security(settings: Settings) -> dict[str, Any]:
    """How to be let in.

    Raises:
        Misconfigured: the settings contradict each other, or a file cannot be used.
    """
    protocol = settings.kafka_security.upper()
    encrypted, with_login = protocol.endswith("SSL"), protocol.startswith("SASL")
    password = settings.kafka_password.get_secret_value() if settings.kafka_password else None
    login = {
        "PACEWATCH_KAFKA_SASL_MECHANISM": settings.kafka_sasl_mechanism,
        "PACEWATCH_KAFKA_USERNAME": settings.kafka_username,
        "PACEWATCH_KAFKA_PASSWORD": password,
    }
    pair = {"PACEWATCH_KAFKA_CERT": settings.kafka_cert, "PACEWATCH_KAFKA_KEY": settings.kafka_key}
    for name, value in login.items():
        if with_login and not value:
            raise Misconfigured(name, f"it is not set, but {_SECURITY} is {protocol}")
        if value and not with_login:
            raise Misconfigured(name, f"{_SECURITY} is {protocol}, which has no login", "use sasl_ssl")
    for name, file in ({"PACEWATCH_KAFKA_CA": settings.kafka_ca} | pair).items():
        if file and not encrypted:
            raise Misconfigured(name, f"{_SECURITY} is {protocol}, which has no TLS", "use ssl or sasl_ssl")
        if name in pair and not file and any(pair.values()):
            raise Misconfigured(name, "it is not set, but certificate and key go together")
    found: dict[str, Any] = {"security_protocol": protocol}
    if with_login:
        found |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": password,
        }
    if encrypted:
        own = (settings.kafka_cert, settings.kafka_key) if settings.kafka_cert and settings.kafka_key else None
        found["ssl_context"] = tls.context(settings.kafka_ca, "PACEWATCH_KAFKA_CA", own, "PACEWATCH_KAFKA_CERT")
    return found


def describe(settings: Settings) -> str:
    """How Kafka lets us in, for people."""
    protocol = settings.kafka_security.upper()
    return f"{protocol} with {settings.kafka_sasl_mechanism}" if protocol.startswith("SASL") else protocol


class ErrorCounter(logging.Handler):
    """Counts what the Kafka client says went wrong; it retries by itself, and tells nobody else.

    Args:
        counter: what counts.
    """

    def __init__(self, counter: Counter) -> None:
        super().__init__(logging.WARNING)
        self._counter = counter

    def emit(self, _: logging.LogRecord) -> None:
        """Count one."""
        self._counter.inc()


class CoordinatorIsChosen(logging.Filter):
    """Leaves out that a group has no coordinator yet: of a new one Kafka chooses it after the first who asks.

    What does not end soon is an error, and heard.

    Args:
        patience_s: for so many real seconds from the first that is left out.
    """

    def __init__(self, patience_s: float = 15.0) -> None:
        super().__init__()
        self._patience_s = patience_s
        self._until_s: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is told, and counted."""
        if not any(isinstance(arg, _NO_COORDINATOR_YET) for arg in record.args or ()):
            return True
        if self._until_s is None:
            self._until_s = monotonic() + self._patience_s
        return monotonic() > self._until_s


async def start(client: Any, settings: Settings) -> None:
    """Start a client; one that does not start is still the caller's to stop.

    Raises:
        Unreachable: Kafka does not answer, or does not let us in.
    """
    try:
        await client.start()
    except AWAY as e:
        raise Unreachable("Kafka", settings.kafka, await _cause(settings, e)) from e


async def _cause(settings: Settings, e: Exception) -> str:
    if not isinstance(e, KafkaConnectionError):
        return one_line(e)
    # The client tells this error for whatever went wrong with any server; asking the first one again tells what.
    host, port, _ = collect_hosts(settings.kafka, randomize=False)[0]
    try:
        connection = await create_conn(host, port, request_timeout_ms=_PROBE_MS, **security(settings))
    except SaslAuthenticationFailed:
        return "it refuses the user or the password"
    except AWAY as why:
        return one_line(why)
    connection.close()
    return f"it connects and then does not answer; does {_SECURITY}={settings.kafka_security} fit it?"
