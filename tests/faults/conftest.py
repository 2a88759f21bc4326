"""What several of the fault tests hurt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import leave_out
from tests.kafka.launcher import Cluster, kafka, missing


@pytest.fixture(scope="module")
def one_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An Apache Kafka of one broker."""
    lacking = missing()
    if lacking is not None:
        leave_out(f"faults on Apache Kafka: {lacking} is not installed")
    with kafka(tmp_path_factory.mktemp("faults-kafka"), 1) as made:
        yield made
