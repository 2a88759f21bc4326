"""Measures that are added, defined anew, removed and taken back under load, by two workers of which each is killed."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator

import redis

from kpis.contract import layout
from kpis.contract.claimed import Columns, read_columns
from kpis.contract.documents import total_of
from kpis.series import is_campaign
from tests.e2e.test_catalogue_live import PARTITIONS, system
from tests.kit import added
from tests.kit.added import Said
from tests.kit.system import System

__all__ = ["system"]

ALWAYS = """
measures:
  sessions: {}
  people: {name: sessions, distinct: user_id}
  followers: {level: true}
  leads: {stream: conversions, where: {kind: lead}}
"""
FILES = {
    "opened": ALWAYS + "  visits: {name: opened}\n",
    "landed": ALWAYS + "  visits: {name: landed}\n",
    "gone": ALWAYS + "  others: {name: other}\n",
    "broken": ALWAYS + "  visits: {name: \n",
}
"""What all versions have, and a measure of the same name that is another one."""


def drawn(rng: random.Random, numbers: range) -> Iterator[Said]:
    """Some events of now; campaigns keep their partitions, so that levels have one order."""
    for number in numbers:
        name = rng.choice(["sessions", "followers", "opened", "landed", "other", "lead", "sale"])
        event: Said = {"event_id": f"e{number}", "ts": int(time.time() * 1000), "campaign_id": f"c{number % 6}"}
        if name in {"lead", "sale"}:
            yield event | {"type": "conversion", "kind": name, "quantity": 1}
        else:
            yield event | {"type": "measure", "name": name, "value": rng.randrange(1, 9), "user_id": f"u{number % 900}"}


def totals(system: System) -> tuple[Columns, dict[str, Counter[int]]]:
    """What each campaign ever had, by column of stored rows."""
    found: dict[str, Counter[int]] = {}
    with redis.Redis.from_url(system.redis_url) as client:
        for number in range(PARTITIONS):
            for series, raw in client.hgetall(layout.kpi(number)).items():
                if is_campaign(series.decode()):
                    found.setdefault(series.decode(), Counter()).update(dict(enumerate(total_of(raw))))
        return read_columns(client.hgetall(layout.COLUMNS)), found


def test_whatever_becomes_of_definitions_and_workers_no_event_is_counted_twice_lost_or_for_another(
    system: System,
) -> None:
    """What all versions have is exact. Each event of the others is counted by what is defined then, or refused."""
    path, rng, sent = system.directory / "catalogue.yml", random.Random(2), list[Said]()
    path.write_text(FILES["opened"])
    system.settings |= {"FLUSH_INTERVAL_S": "0.1"}
    workers = [system.worker(), system.worker()]
    try:
        for step, name in enumerate(["landed", "gone", "broken", "opened", "landed"]):
            path.write_text(FILES[name])
            for _ in range(6):
                sent += (some := [*drawn(rng, range(len(sent), len(sent) + 400))])
                system.send(some)
                time.sleep(rng.uniform(0.1, 0.5))  # Where between two flushes and versions the end falls.
            workers[step % 2].kill()
            # With a broken file none begins.
            path.write_text(FILES["gone" if name == "broken" else name])
            workers[step % 2] = system.worker()
        system.await_counted(len(sent))
        columns, found = totals(system)
        catalogues = {name: added.catalogue(FILES[name]) for name in ("opened", "landed", "gone")}

        def had(version: str, title: str, series: str) -> int:
            claimed = columns.of(catalogues[version].by_title[title])
            return found[series][claimed[0]] if claimed else 0

        for series in found:
            mine = [e for e in sent if e["campaign_id"] == series]
            values = {n: [e["value"] for e in mine if e.get("name") == n] for n in ("sessions", "followers")}
            assert had("opened", "sessions", series) == sum(values["sessions"])
            assert had("opened", "people", series) == len(values["sessions"])
            assert had("opened", "leads", series) == sum(e.get("kind") == "lead" for e in mine)
            assert had("opened", "followers", series) == values["followers"][-1]
        fleeting = {"opened": "visits", "landed": "visits", "gone": "others"}
        sums = {version: sum(had(version, title, one) for one in found) for version, title in fleeting.items()}
        names = {"opened": "opened", "landed": "landed", "gone": "other"}
        for version, name in names.items():
            assert 0 < sums[version] < sum(e["value"] for e in sent if e.get("name") == name)
        accepted, refused = (system.counter(f"{prefix}measure{more}") for prefix, more in
                             ((layout.ACCEPTED, ""), (layout.REJECTED, ":unknown_measure")))  # fmt: skip
        assert accepted + refused == sum(e["type"] == "measure" for e in sent)
        seen = system.kpi()
        for series in found:
            assert seen[series]["total"]["visits"] == had("landed", "visits", series)
    finally:
        system.stop()
