"""Kinds of Redis that several contract tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.redis_kinds import Nodes, cluster


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """A Redis Cluster of three nodes."""
    with cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield nodes
