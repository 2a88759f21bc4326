"""Redis that is not a single open server: TLS and a user, Sentinel and its failover, a Cluster and its nodes."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import BusyLoadingError, ClusterDownError, RedisClusterException, SlotNotCoveredError

from kpis.contract import layout
from kpis.contract.redis_client import answers
from kpis.runtime.clock import Clock
from kpis.runtime.errors import LostWrites, Misconfigured, Unreachable
from kpis.settings.shared import Settings
from monitors.alerts.outbox import Outbox, Recorded
from monitors.alerts.outbox.lanes import Lane
from monitors.read.queries import Query
from monitors.read.reader import Reader, connect
from monitors.read.snapshot import ReadProblem
from streams.store.store import Store
from tests.conftest import need
from tests.contract.streams.test_store import NOW, click, fold, opened
from tests.kit.certificates import certificates
from tests.kit.monitor_fakes import MIDNIGHT, NOON, Seed, row
from tests.kit.processes import DEADLINE_S, listens, until
from tests.kit.redis_kinds import Nodes, cluster, encrypted, watched
from tests.kit.spied import spied
from tests.kit.system import Event

PASSWORD = "hunter2/not:for@logs"  # noqa: S105
QUOTED = "hunter2%2Fnot%3Afor%40logs"


def on(settings: Settings, use: Callable[[Store, Any], Awaitable[None]]) -> None:
    """Run a coroutine with a store, and its client, on the Redis of some settings."""

    async def main() -> None:
        redis = connect(settings)
        try:
            await use(Store(redis, settings.redis_address, 40, 24), redis)
        finally:
            await redis.aclose()

    asyncio.run(main())


async def insisted(attempt: Callable[[], Awaitable[object]]) -> list[Unreachable]:
    """What a worker does: try again until Redis answers; gives what it met."""
    met: list[Unreachable] = []
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                await attempt()
            except Unreachable as e:
                met.append(e)
            else:
                return met


async def counts(store: Store, _: Any) -> None:
    """Take, flush and load back."""
    lease, state = await opened(store)
    fold(state, [click(0)])
    await store.write(lease, state.take_flush({}))
    _, again = await opened(store)
    assert again.offsets == {"ads.clicks": 1}


async def refused(store: Store, _: Any) -> None:
    """A login that is refused is said so, without showing it."""
    with pytest.raises(Unreachable, match="refuses the user or the password") as e:
        await store.take(0, NOW)
    assert "hunter2" not in str(e.value)
    assert "wrong" not in str(e.value)


@pytest.fixture
def mastered(tmp_path: Path) -> Any:
    """A master, a replica and a Sentinel."""
    with watched(tmp_path, PASSWORD) as found:
        yield found


def sentinel_url(ports: Any, password: str = QUOTED) -> str:
    """The URL of a watched master; the first of two sentinels is away."""
    return (
        f"redis+sentinel://:{password}@127.0.0.1:1,127.0.0.1:{ports['sentinel']}/mymaster/0?sentinel_password={QUOTED}"
    )


def test_tls_and_a_user_are_asked_for_and_given(tmp_path: Path) -> None:
    """With the CA by setting; without it, or with another, the server is not trusted."""
    need("openssl")
    own = certificates(tmp_path / "tls")
    with encrypted(tmp_path / "data", own, "pacewatch", PASSWORD) as port:
        url = f"rediss://pacewatch:{QUOTED}@127.0.0.1:{port}/0"
        on(Settings.load(redis=url, redis_ca=own.ca), counts)
        on(Settings.load(redis=f"rediss://pacewatch:wrong@127.0.0.1:{port}/0", redis_ca=own.ca), refused)

        async def distrusts(store: Store, _: Any) -> None:
            with pytest.raises(Unreachable, match="certificate verify failed"):
                await store.take(0, NOW)

        on(Settings.load(redis=url), distrusts)
        on(Settings.load(redis=url, redis_ca=own.other_ca), distrusts)


def test_a_failover_loses_no_flush_that_the_replica_had(mastered: Any) -> None:
    """The master is killed; the next flush waits for the new one and goes through."""

    async def use(store: Store, _: Any) -> None:
        lease, state = await opened(store)
        fold(state, [click(0)])
        await store.write(lease, state.take_flush({}))
        until(mastered.synced, "the replica to have the flush")
        mastered.programs["master"].kill()
        fold(state, [click(1)], [b"another!"])
        flush = state.take_flush({})
        met = await insisted(lambda: store.write(lease, flush))
        assert met, "while no master was known"
        with mastered.client("replica") as promoted:
            assert promoted.hget(layout.meta(0), f"{layout.OFFSET}ads.clicks") == b"2"
        _, again = await opened(store)
        assert again.offsets == {"ads.clicks": 2}

    on(Settings.load(redis=sentinel_url(mastered.ports)), use)


def test_a_failover_to_a_replica_that_lags_is_noticed(mastered: Any) -> None:
    """What was flushed and not yet replicated is lost, and the owner hears of it."""

    async def use(store: Store, _: Any) -> None:
        lease, state = await opened(store)
        await store.write(lease, state.take_flush({}))
        until(mastered.synced, "the replica to have the flush")
        mastered.programs["replica"].send(signal.SIGSTOP)
        with mastered.client("master") as master:
            master.client_kill_filter(_type="replica")
        await store.write(lease, state.take_flush({}))
        mastered.programs["master"].kill()
        mastered.programs["replica"].send(signal.SIGCONT)
        with pytest.raises(LostWrites) as lost:
            await insisted(lambda: store.write(lease, state.take_flush({})))
        assert (lost.value.expected, lost.value.found) == (2, 1)

    on(Settings.load(redis=sentinel_url(mastered.ports)), use)


def test_a_replica_and_a_wrong_password_are_said_so(mastered: Any) -> None:
    """A write sent to a replica is refused; so is a master's password that is not its own."""

    async def is_replica(store: Store, _: Any) -> None:
        with pytest.raises(Unreachable, match="it is a replica now"):
            await store.take(0, NOW)

    on(Settings.load(redis=f"redis://:{QUOTED}@127.0.0.1:{mastered.ports['replica']}/0"), is_replica)
    on(Settings.load(redis=sentinel_url(mastered.ports, "wrong")), refused)

    async def is_unknown(store: Store, _: Any) -> None:
        with pytest.raises(Unreachable, match="No master found for 'other'") as e:
            await store.take(0, NOW)
        assert "hunter2" not in str(e.value)

    on(Settings.load(redis=sentinel_url(mastered.ports).replace("mymaster", "other")), is_unknown)


def test_a_cluster_node_that_dies_and_comes_back_empty(tmp_path: Path) -> None:
    """While it is away Redis does not answer; then its partitions have lost writes, the others have not."""
    with cluster(tmp_path) as nodes:
        port = nodes.port_of(layout.meta(0))
        other = next(n for n in range(1, 100) if nodes.port_of(layout.meta(n)) != port)

        async def use(store: Store, _: Any) -> None:
            lease, state = await opened(store)
            kept, its_state = await opened(store, other)
            await store.write(lease, state.take_flush({}))
            nodes.programs[port].kill()
            with pytest.raises(Unreachable):
                await store.write(lease, state.take_flush({}))
            nodes.programs[port].start()
            until(lambda: listens(port) and nodes.whole(), "the cluster to be whole again")
            with pytest.raises(LostWrites):
                await insisted(lambda: store.write(lease, state.take_flush({})))
            await store.write(kept, its_state.take_flush({}))

        on(Settings.load(redis=nodes.url), use)


def test_a_cluster_with_a_password_refuses_a_wrong_one(tmp_path: Path) -> None:
    """On every node the same."""
    with cluster(tmp_path, PASSWORD) as nodes:
        on(Settings.load(redis=nodes.url), counts)
        on(Settings.load(redis=nodes.url.replace(QUOTED, "wrong")), refused)


def test_the_read_side_reads_judges_and_tells_on_a_cluster(redis_cluster: Nodes) -> None:
    """The reader, history and the outbox, whose partitions and alerts lie on different nodes."""
    redis_cluster.flush()
    settings = Settings.load(redis=redis_cluster.url)

    async def main() -> None:
        redis = connect(settings)
        try:
            seed = Seed(redis, 8)
            await seed.layout()
            for number in range(8):
                await seed.meta(number, NOON)
                await seed.series(number, "c1", NOON, {"5m": row(100, 1), "total": row(1000, 10)})
                await seed.history(number, "c1", MIDNIGHT, row(5, 1))
            assert len({redis_cluster.port_of(layout.meta(n)) for n in range(8)}) == 3
            reader = Reader(redis, settings.redis_address, Clock())
            snapshot = await reader.read()
            assert snapshot.row("c1", "total") == row(8000, 80)
            query = Query("c1", MIDNIGHT, NOON)
            assert (await reader.flights.to_date(8, [query]))[query].row == row(40, 8)
            await redis.delete(layout.kpi(3))
            await redis.set(layout.kpi(3), "not a hash")
            damaged = await reader.read()
            assert (damaged.row("c1", "total"), damaged.problems[ReadProblem.BAD_KEY]) == (row(7000, 70), 1)

            one, two = (Outbox(redis, settings.redis_address, token, 60_000) for token in ("one", "two"))
            assert (await one.lead(), await two.lead()) == (True, False)
            lanes = [Lane(redis, settings.redis_address, token, "slack") for token in ("one", "two")]
            assert await one.record("g", None, b"A", b'{"m":1}', lanes=["slack"]) is Recorded.WRITTEN
            assert await two.record("g", b"A", b"B", b'{"n":1}', lanes=["slack"]) is Recorded.FOLLOWER
            assert (await one.states(), (await lanes[0].backlog()).count) == ({"g": b"A"}, 1)
            (waiting,) = await lanes[0].read()
            assert b'{"m":1}' in waiting.raw
            assert await lanes[1].settle([waiting]) == 0
            assert await lanes[0].settle([waiting]) == 1
            await one.resign()
            assert await two.lead()
        finally:
            await redis.aclose()

    asyncio.run(main())


def clicks(first: int, last: int) -> list[Event]:
    """Clicks with numbered ids."""
    now = int(time.time() * 1000)
    return [{"type": "click", "event_id": f"e{i}", "ts": now, "campaign_id": "c"} for i in range(first, last)]


@pytest.mark.slow
def test_services_and_commands_on_tls_and_a_user(embedded_broker: str, tmp_path: Path) -> None:
    """Worker, monitor, kpi and doctor; and what doctor says of a wrong password."""
    need("openssl")
    own = certificates(tmp_path / "tls")
    with encrypted(tmp_path / "data", own, "pacewatch", PASSWORD) as port:
        url = f"rediss://pacewatch:{QUOTED}@127.0.0.1:{port}/0"
        with spied(embedded_broker, url, tmp_path, ["hunter2"], REDIS_CA=str(own.ca)) as spy:
            spy.system.worker()
            spy.system.monitor()
            spy.system.send(clicks(0, 100))
            until(lambda: spy.total("c", "clicks") == 100, "100 clicks to be counted")
            until(lambda: 'campaign="c"' in spy.system.get("/metrics")[1], "the monitor to show them")
            assert f"OK    Redis at 127.0.0.1:{port} (a single server over TLS) answers" in spy.run("doctor")
            spy.system.settings["REDIS"] = url.replace(QUOTED, "wrong-hunter2")
            cause = "does not answer: it refuses the user or the password"
            assert f"FAIL  Redis at 127.0.0.1:{port} (a single server over TLS) {cause}" in spy.run("doctor")
            assert cause in spy.run("kpi")
            worker = spy.system.start("worker")
            until(lambda: worker.output().count(cause) >= 2 or not worker.running, "the worker to try again")
            assert worker.running


@pytest.mark.slow
def test_services_and_commands_on_a_cluster(embedded_broker: str, tmp_path: Path) -> None:
    """With partitions on all of its nodes."""
    with (
        cluster(tmp_path / "cluster", PASSWORD) as nodes,
        spied(embedded_broker, nodes.url, tmp_path, ["hunter2"], PARTITIONS="8") as spy,
    ):
        spy.system.worker()
        spy.system.monitor()
        spy.system.send(clicks(0, 100))
        until(lambda: spy.total("c", "clicks") == 100, "100 clicks to be counted")
        until(lambda: 'campaign="c"' in spy.system.get("/metrics")[1], "the monitor to show them")
        said = spy.run("doctor")
        assert said.count(f"OK    Redis at {Settings.load(redis=nodes.url).redis_address} (Cluster) answers") == 1
        assert "data in Redis: 8 partitions" in said


@pytest.mark.slow
def test_a_worker_goes_on_after_a_failover_with_exact_totals(
    embedded_broker: str, mastered: Any, tmp_path: Path
) -> None:
    """Whether or not the replica had the last flush: what it lacks is read again."""
    url = sentinel_url(mastered.ports)
    with spied(embedded_broker, url, tmp_path, ["hunter2"]) as spy:
        spy.system.worker()
        spy.system.monitor()
        spy.system.send(clicks(0, 100))
        until(lambda: spy.total("c", "clicks") == 100, "100 clicks to be counted")
        mastered.programs["master"].kill()
        spy.system.send(clicks(50, 200))
        until(lambda: spy.total("c", "clicks") == 200, "200 clicks to be counted")
        where = f"127.0.0.1:1,127.0.0.1:{mastered.ports['sentinel']}/mymaster (Sentinel)"
        assert f"OK    Redis at {where} answers" in spy.run("doctor")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (BusyLoadingError("Redis is loading the dataset in memory"), "it is loading its data"),
        (ClusterDownError("CLUSTERDOWN The cluster is down"), "the cluster is down"),
        (SlotNotCoveredError("Slot 7 not covered"), "the cluster does not cover all slots"),
        (RedisClusterException("cannot be connected: invalid username-password pair"), "it refuses the user or"),
    ],
)
def test_every_error_of_the_client_has_a_cause_for_people(error: Exception, cause: str) -> None:
    """Whatever base the client gave it."""
    with pytest.raises(Unreachable) as told, answers("here"):
        raise error
    assert f"Redis at here does not answer: {cause}" in str(told.value)


@pytest.mark.parametrize(
    ("url", "address", "kind"),
    [
        ("redis://u:p@h", "h:6379", "a single server"),
        ("rediss://:p@h:7/2", "h:7", "a single server over TLS"),
        ("redis://[::1]:7/0", "[::1]:7", "a single server"),
        ("unix:///run/redis.sock", "/run/redis.sock", "a single server"),
        ("redis+sentinel://u:p@a,b:7/main/1?sentinel_password=q", "a:26379,b:7/main", "Sentinel"),
        ("rediss+sentinel://a/main", "a:26379/main", "Sentinel over TLS"),
        ("redis+cluster://u:p@a,b:7", "a:6379,b:7", "Cluster"),
        ("rediss+cluster://a/0", "a:6379", "Cluster over TLS"),
    ],
)
def test_every_kind_of_url_has_an_address_without_credentials(url: str, address: str, kind: str) -> None:
    """And says what it is."""
    place = Settings.load(redis=url).redis_place
    assert (place.address, str(place)) == (address, kind)


@pytest.mark.parametrize(
    "url",
    [
        "redis://:se/cret@h/0",
        "redis://:se?cret@h/0",
        "redis://user:12?cret@h/0",
        "redis://:se#cret@h/0",
        "redis://:secret@h:cret/0",
        "redis://:secret@/0",
        "redis://:secret@h/zero",
        "redis://:secret@a,b/0",
        "redis+sentinel://:secret@h",
        "redis+cluster://:secret@h/1",
        "unix://:se/cret@/run/redis.sock",
        "unix://",
        "http://:secret@h",
        "secret",
    ],
)
def test_what_is_no_redis_url_is_refused_without_showing_it(url: str) -> None:
    """A password that was not escaped must not pass for a host or a path."""
    with pytest.raises(Misconfigured, match=r"^PACEWATCH_REDIS: it is no Redis URL") as e:
        _ = Settings.load(redis=url).redis_address
    assert "cret" not in str(e.value)


def test_a_ca_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """Missing, not a certificate, or for a URL without TLS."""
    (tmp_path / "text").write_text("no certificate")
    for url, ca in (("rediss://h", "missing"), ("rediss://h", "text"), ("redis://h", "text")):
        with pytest.raises(Misconfigured, match=r"^PACEWATCH_REDIS_CA: "):
            connect(Settings.load(redis=url, redis_ca=tmp_path / ca))
