"""Settings about Kafka: where it is, how it lets us in, which topics."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from kpis.measures import Stream
from kpis.settings.environment import EMPTY_IS_UNSET, EnvSettings


class KafkaSettings(EnvSettings):
    """Kafka."""

    kafka: str = Field("127.0.0.1:9092", description="Bootstrap servers, host:port with commas between.")
    kafka_security: str = Field(
        "plaintext",
        pattern=r"^(?i:plaintext|ssl|sasl_plaintext|sasl_ssl)$",
        description="How Kafka lets us in: plaintext, ssl, sasl_plaintext or sasl_ssl.",
    )
    kafka_sasl_mechanism: Annotated[str | None, EMPTY_IS_UNSET] = Field(
        None,
        pattern=r"^(PLAIN|SCRAM-SHA-256|SCRAM-SHA-512)$",
        description="How Kafka is shown the password: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.",
    )
    kafka_username: Annotated[str | None, EMPTY_IS_UNSET] = Field(None, description="Kafka user, for sasl.")
    kafka_password: Annotated[SecretStr | None, EMPTY_IS_UNSET] = Field(None, description="Password of the Kafka user.")
    kafka_ca: Annotated[Path | None, EMPTY_IS_UNSET] = Field(
        None, description="PEM file of Kafka's CA; the system's if not given."
    )
    kafka_cert: Annotated[Path | None, EMPTY_IS_UNSET] = Field(
        None, description="PEM file of our own certificate, if Kafka asks for one."
    )
    kafka_key: Annotated[Path | None, EMPTY_IS_UNSET] = Field(
        None, description="PEM file of that certificate's key, not encrypted."
    )
    group: str = Field("pacewatch", pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Consumer group.")
    instance: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description="A name of its own for each worker (a pod's or host's): one that is killed and restarted takes its "
        "partitions back at once, instead of after the session timeout.",
    )
    topic_prefix: str = Field("ads.", pattern=r"^[A-Za-z0-9._-]{0,100}$", description="Before each topic's name.")
    partitions: int = Field(4, ge=1, le=10_000, description="Partitions of topics that the worker creates.")
    grow_partitions: bool = Field(False, description="Accept topics with more partitions than the data in Redis.")
    replication: int = Field(1, ge=1, le=100, description="Replicas of topics that the worker creates.")
    session_timeout_s: float = Field(10, ge=1, le=300, description="Kafka consumer session timeout.")
    rebalance_timeout_s: float = Field(15, ge=1, le=300, description="Kafka group rebalance timeout.")

    def topic(self, stream: Stream) -> str:
        """The topic of a stream, e.g. ``ads.clicks``."""
        return f"{self.topic_prefix}{stream.topic_suffix}"

    @property
    def rejected_topic(self) -> str:
        """The dead letter topic."""
        return f"{self.topic_prefix}rejected"
