"""Systems for the end-to-end tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.kit.system import System

Build = Callable[..., System]


@pytest.fixture
def build(broker: str, redis_url: str, tmp_path: Path) -> Iterator[Build]:
    """Makes systems on either broker, and ends them."""
    made: list[System] = []

    def make(**settings: str) -> System:
        made.append(System(broker, redis_url, tmp_path, **settings))
        return made[-1]

    yield make
    for system in made:
        system.stop()
