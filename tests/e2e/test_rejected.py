"""Refused events, end to end: seen, sent again after a fix, and never counted twice."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import redis
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from kpis.contract import layout
from kpis.units import how_many
from streams.dead_letters.relay import MAX_WAITING
from streams.kafka.batches import MAX_RECORDS
from tests.e2e.conftest import Build
from tests.e2e.test_main_job import event
from tests.kit.processes import until
from tests.kit.system import Event, System

NAMES = ("impressions", "clicks", "conversions", "spend_micros", "revenue_micros")


def listed(system: System, *words: str) -> dict[str, Any]:
    """What ``pacewatch rejected list --json`` prints."""
    done = system.run("rejected", "list", "--json", *words)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def await_letters(system: System, count: int) -> dict[str, Any]:
    """Wait until the relay has brought that many letters to Kafka."""
    until(lambda: listed(system)["letters"] >= count, f"{count} letters")
    return listed(system)


def replay(system: System, *words: str, sent: int) -> str:
    """Send refused events again; gives the summary."""
    before = system.counted()
    done = system.run("rejected", "replay", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{how_many(sent, 'record')} sent again"), done.stdout
    system.await_counted(before + sent)
    return done.stdout


def totals(system: System) -> list[Any]:
    """The totals of the campaign."""
    return [system.kpi("c1")["c1"]["total"][name] for name in NAMES]


def foreign(count: int) -> list[Event]:
    """Events of all kinds in a currency without a rate; a hundred micros each."""
    euro = {"currency": "EUR"}
    return [
        one
        for i in range(count)
        for one in (
            event("impression", i, cost="0.0001", **euro),
            event("click", i, cost="0.0001", **euro),
            event("conversion", i, revenue="0.0001", **euro),
            event("spend", i, **(euro | {"amount": "0.0001"})),
        )
    ]


def test_refused_events_count_exactly_once_after_the_fix_however_often_they_are_sent(build: Build) -> None:
    """Impressions too, whose ids are not compared; also those that were refused a second time in between."""
    system = build()
    worker = system.worker()
    system.send([event("impression", 100, cost="0.0001"), *foreign(5)])
    click = system.topic("click")
    system.send_raw([(click, b"k\x1b[2J", b"{\x1b[31m"), (click, b"", b"x" * 1_000_001)])
    system.await_counted(23)
    found = await_letters(system, 22)
    assert (found["letters"], found["strange"], len(found["samples"])) == (22, 0, 10)
    assert {(c["reason"], c["topic"]): c["letters"] for c in found["counts"]} == {
        **{("unknown_currency", system.topic(k)): 5 for k in ("impression", "click", "conversion", "spend")},
        ("not_json", click): 1,
        ("too_large", click): 1,
    }
    (poison,) = listed(system, "--reason", "not_json", "--topic", click)["samples"]
    assert (poison["key"], poison["value"], poison["replayed"]) == ("k\\x1b[2J", "{\\x1b[31m", False)
    plain = system.run("rejected", "list", "--limit", "30")
    assert (plain.returncode, "\x1b" in plain.stdout, "\\x1b[31m" in plain.stdout) == (0, False, True)
    assert "20 records would be sent again" in system.run("rejected", "replay", "--dry-run").stdout

    # Too early: all are refused again, and have letters of their own.
    assert "1 have a reason" in replay(system, sent=20)
    found = await_letters(system, 42)
    assert sum(c["replayed"] for c in found["counts"]) == 20

    system.settings["FX_RATES"] = "EUR=2"
    assert worker.stop() == 0
    system.worker()
    replay(system, "--topic", system.topic("impression"), sent=5)
    # An impression costs 200 micros: 100 euro micros at a rate of 2.
    assert totals(system) == [6, 0, 0, 100 + 5 * 200, 0]
    assert "25 were sent again before" in replay(system, "--since", "2000-01-01T00:00:00Z", sent=15)
    exact = [6, 5, 5, 100 + 15 * 200, 5 * 200]
    assert totals(system) == exact
    replay(system, sent=0)
    replay(system, "--again", sent=40)
    with redis.Redis.from_url(system.redis_url) as client:
        # As if it had died after Kafka took them and before that was remembered.
        client.delete(layout.REPLAYED)
    replay(system, sent=40)
    assert totals(system) == exact
    # Two rounds, of a first and a second letter for each of five.
    assert system.counter("duplicate:impression") == 2 * 2 * 5
    summary = replay(system, "--reason", "not_json", "--reason", "too_large", sent=1)
    assert "1 are not sent: only their start was kept" in summary
    until(lambda: system.counter("rejected:click:not_json") == 2, "the poison to be refused again")
    assert totals(system) == exact


def administer(broker: str, call: str, argument: Any) -> None:
    """One call of Kafka's admin client."""

    async def main() -> None:
        client = AIOKafkaAdminClient(bootstrap_servers=broker)
        await client.start()
        try:
            await getattr(client, call)([argument])
        finally:
            await client.close()

    asyncio.run(main())


def places(letters: list[Any]) -> list[tuple[bytes, ...]]:
    """Where refused records came from."""
    return [tuple(v for k, v in r.headers if k in {"partition", "offset"}) for r in letters]


def test_a_flood_of_bad_events_fills_redis_to_a_bound_and_is_kept_whole(
    apache_kafka: str, redis_url: str, tmp_path: Path
) -> None:
    """Counting waits at the bound, and goes on where it stopped when the dead letter topic is back."""
    system = System(apache_kafka, redis_url, tmp_path, PARTITIONS="1")
    topic = f"{system.prefix}rejected"
    flood = 3 * MAX_WAITING
    try:
        worker = system.worker()
        administer(apache_kafka, "delete_topics", topic)
        system.send_raw([(system.topic("click"), b"k", b"{") for _ in range(flood)])
        until(lambda: system.counter(layout.LETTERS) >= MAX_WAITING, "the bound")
        system.send([event("click", i) for i in range(50)])
        bound = MAX_WAITING + 2 * MAX_RECORDS
        until(lambda: "did not take" in worker.output(), "the relay to have tried")
        assert system.counter(layout.LETTERS) <= bound
        assert system.counted() <= bound
        administer(apache_kafka, "create_topics", NewTopic(topic, 1, 1))
        system.await_counted(flood + 50)
        until(lambda: system.counter(layout.LETTERS) == 0, "the letters to leave")
        assert sorted(int(at[1]) for at in places(system.consume(topic, flood))) == list(range(flood))
        assert system.kpi("c1")["c1"]["total"]["clicks"] == 50
    finally:
        system.stop()


def test_counting_goes_on_while_the_dead_letter_topic_is_away(
    apache_kafka: str, redis_url: str, tmp_path: Path
) -> None:
    """Its letters wait, through a restart of the worker, and arrive when it is back, each once."""
    system = System(apache_kafka, redis_url, tmp_path)
    topic = f"{system.prefix}rejected"
    try:
        worker = system.worker()
        administer(apache_kafka, "delete_topics", topic)
        system.send_raw([(system.topic("click"), str(i).encode(), b"{") for i in range(100)])
        system.await_counted(100)
        system.send([event("click", i) for i in range(50)])
        system.await_counted(150)
        assert system.kpi("c1")["c1"]["total"]["clicks"] == 50
        assert system.counter(layout.LETTERS) == 100
        assert worker.stop() == 0
        system.worker()
        system.monitor()
        until(lambda: "pacewatch_dead_letters_waiting{" in system.get("/metrics")[1], "the waiting letters on /metrics")
        system.send([event("click", i) for i in range(50, 60)])
        system.await_counted(160)
        administer(apache_kafka, "create_topics", NewTopic(topic, 4, 1))
        until(lambda: system.counter(layout.LETTERS) == 0, "the letters to leave")
        arrived = places(system.consume(topic, 100))
        assert (len(arrived), len(set(arrived))) == (100, 100)
        assert system.counter(layout.LETTERS_BYTES) == 0
        assert system.kpi("c1")["c1"]["total"]["clicks"] == 60
    finally:
        system.stop()
