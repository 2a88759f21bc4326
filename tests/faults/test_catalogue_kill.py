"""A worker that is killed while it counts measures beside the core."""

from __future__ import annotations

import random
import time

import pytest
import redis

from kpis.contract import layout
from kpis.contract.claimed import Columns, fields_of, read_columns
from kpis.packs.catalogue_file import load
from kpis.windows import TOTAL
from tests.e2e.test_catalogue_live import PARTITIONS, documents, system
from tests.kit import added
from tests.kit.added import Said
from tests.kit.system import System

__all__ = ["system"]


def drawn(rng: random.Random, number: int, base: int) -> Said:
    """Some event of now or of the day before; campaigns keep their partitions, so that levels have one order."""
    kind = rng.choice(["impression", "click", "conversion", "measure", "measure"])
    ts = base - rng.choice([0, 1_000, 50_000, 3_000_000, 2 * 86_400_000]) + number % 1_000
    event: Said = {"type": kind, "event_id": f"{kind}{number}", "ts": ts, "campaign_id": f"c{rng.randrange(6)}"}
    if kind == "measure":
        event |= {"name": rng.choice(["hours", "mood_reading", "followers", "sessions", "opened"])}
        return event | {"value": rng.randrange(50), "user_id": f"u{rng.randrange(3_000)}"}
    return event | {"quantity": rng.randrange(9), "user_id": f"u{rng.randrange(3_000)}", "position": rng.randrange(9)}


def test_what_is_counted_beside_the_core_is_exact_after_kill_9_and_ids_are_within_their_error(system: System) -> None:
    """Sums and levels equal the recomputation; ids are within three times the error that is stated, 0.81 %.

    Impressions count once here too, so that what the producer repeats does not matter.
    """
    (system.directory / "catalogue.yml").write_text(added.TEXT)
    system.settings |= {"DEDUPE_IMPRESSIONS": "true", "FLUSH_INTERVAL_S": "0.1"}
    rng, base = random.Random(9), int(time.time() * 1000) - 2_000
    events = [drawn(rng, number, base) for number in range(12_000)]
    worker = system.worker()
    try:
        for part in range(6):
            system.send(events[part * 2_000 : part * 2_000 + 2_000])
            time.sleep(rng.uniform(0.05, 0.4))  # Where between two flushes the end falls.
            worker.kill()
            worker = system.worker()
        system.await_counted(len(events))
        assert {s: w[TOTAL] for s, w in documents(system).items() if w[TOTAL]} == added.totals(events)
        with redis.Redis.from_url(system.redis_url) as client:
            columns: Columns = read_columns(client.hgetall(layout.COLUMNS))
            catalogue = load(system.directory / "catalogue.yml")
            assert all(columns.of(measure) for measure in catalogue.added_measures)
            for (title, series), ids in added.ids(events).items():
                field = fields_of(catalogue.by_title[title])[0]
                found = client.pfcount(*(layout.sketch(n, field, series, None) for n in range(PARTITIONS)))
                assert found == pytest.approx(len(ids), rel=0.025)
    finally:
        system.stop()
