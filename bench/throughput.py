"""One worker beside what people would write instead: events per second on the same broker, in the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import redis

from bench.kit.backlog import Backlog, produce, records, truth
from bench.kit.ledger import Ledger, differences
from bench.kit.place import system
from bench.kit.process import cpu_s
from bench.peers.run import Counts, Outcome, Peer, PeerFailed, run
from kpis.contract import layout
from kpis.measures import Stream
from tests.kit.processes import until
from tests.kit.system import System

EVENTS, CAMPAIGNS, ROUNDS = 2_000_000, (200, 5_000), 3
WORKER, RAW = "pacewatch worker", "raw aiokafka getmany"
_BARE = "no dedupe, fence, history, dead letters; money as floats"
_HOPS = "windows of 1m by 10 s and 5m by 30 s only"
_CLOSED = f"{_HOPS}, known when they close"
PEERS = (
    Peer(RAW, "raw_aiokafka", counts=False, remark="looks at no record"),
    Peer("raw confluent-kafka consume", "raw_confluent", counts=False, remark="looks at no record"),
    Peer("by hand over aiokafka", "hand_aiokafka", remark=_BARE),
    Peer("by hand over confluent-kafka", "hand_confluent", remark=_BARE),
    Peer("PyFlink SQL", "flink_sql", remark=_CLOSED),
    Peer("Bytewax", "bytewax_sliding", slow=150_000, remark=_CLOSED),
    Peer("Pathway", "pathway_sliding", slow=100_000, remark=f"{_HOPS}; licence BSL 1.1"),
    Peer("Quix Streams", "quix_hopping", slow=20_000, remark=_HOPS),
    Peer("Faust with tables", "faust_tables", slow=2_000, remark=_HOPS),
)


Figures = dict[str, dict[str, float | str]]
"""Rows of the table: figures by contender."""


@dataclass
class Row:
    """The runs of one contender, a round each; none after one that failed."""

    events: int
    remark: str = ""
    failure: str = ""
    runs: list[Outcome] = field(default_factory=list)

    def summary(self, worker: Row) -> dict[str, float | str]:
        """Medians over the rounds, the spread of the rounds, and all that was wrong in any of them."""
        said = "; ".join(dict.fromkeys(filter(None, [self.failure, *(r.wrong for r in self.runs), self.remark])))
        if not self.runs:
            return {"remark": said}
        rates = [r.events_per_s for r in self.runs]
        return {
            "events": self.events,
            "events_per_s": statistics.median(rates),
            "spread_ratio": max(rates) / min(rates) - 1,
            "us_per_event": statistics.median(r.us_per_event for r in self.runs),
            # Ratios of the same round, before the median: what slows the machine for a while slows both.
            "worker_over_this": statistics.median(
                mine.events_per_s / rate for mine, rate in zip(worker.runs, rates, strict=False)
            ),
            "remark": said,
        }


def measure(address: str, directory: Path) -> Figures:
    """A row for each contender at each number of campaigns; the slow ones, and Flink, at the fewest campaigns only."""
    found: Figures = {}
    for campaigns in CAMPAIGNS:
        peers = PEERS if campaigns == CAMPAIGNS[0] else PEERS[:4]
        for name, row in compare(address, directory / str(campaigns), Backlog(EVENTS, campaigns), peers).items():
            found[f"{name}, {campaigns:,} campaigns"] = row
    return found


def quick(address: str, directory: Path) -> Figures:
    """One round of the quick contenders over a tenth of the events: whether all works, more than how fast."""
    return compare(address, directory, Backlog(EVENTS // 10, CAMPAIGNS[0]), PEERS[:4], rounds=1)


def compare(address: str, directory: Path, shape: Backlog, peers: tuple[Peer, ...], rounds: int = ROUNDS) -> Figures:
    """All contenders take turns over one backlog; a slow one has a shorter backlog of its own, of the same shape."""
    worker = Row(shape.events)
    rows = {p: Row(p.slow or shape.events, p.remark) for p in peers}
    with ExitStack() as stack:
        place, now_ms = stack.enter_context(loaded(address, directory / "all", shape))
        ledger, counts = Ledger(records(shape, now_ms)), truth(shape)
        turns: dict[Peer, tuple[System, Counts]] = {}
        for peer in peers:
            turns[peer] = place, counts
            if peer.slow:
                short = replace(shape, events=peer.slow)
                turns[peer] = stack.enter_context(loaded(address, directory / peer.script, short))[0], truth(short)
        for _ in range(rounds):
            worker.runs.append(run_worker(place, shape.events, ledger))
            for peer, row in rows.items():
                attempt(row, peer, *turns[peer])
    return {WORKER: worker.summary(worker), **{peer.name: row.summary(worker) for peer, row in rows.items()}}


@contextmanager
def loaded(address: str, directory: Path, shape: Backlog) -> Iterator[tuple[System, int]]:
    """A system whose topics hold a backlog, and the time in epoch ms that its events lead up to."""
    with system(address, directory) as place:
        place.worker().stop()  # Makes the topics.
        yield place, produce(place, shape)


def attempt(row: Row, peer: Peer, place: System, counts: Counts) -> None:
    """One turn of a peer; its row says so when it fails, and it has no more turns."""
    if row.failure:
        return
    try:
        row.runs.append(run(peer, place, counts))
    except PeerFailed as e:
        row.failure = f"failed: {e.reason}"


def run_worker(place: System, events: int, ledger: Ledger) -> Outcome:
    """One turn of the worker, on an empty Redis and as a new group.

    The time runs from the log line that says it reads, a moment before the first fetch, to the flush of the last event.
    Its start, the joining of its group and the check are outside. Money and all windows of every series must be right.
    """
    with redis.Redis.from_url(place.redis_url) as client:
        client.flushall()
    place.settings["GROUP"] = f"g{uuid4().hex[:8]}"
    worker = place.start("worker")
    until(lambda: "ready: reading" in worker.output(), "the worker to read")
    started, used = time.perf_counter(), cpu_s(worker.pid)
    until(lambda: place.counted() >= events, "all events to be counted", 180)
    took, used = time.perf_counter() - started, cpu_s(worker.pid) - used
    until(lambda: all(m[layout.CAUGHT_UP] == "1" for m in place.meta()), "the worker to know that it has caught up")
    worker.kill()
    accepted = sum(place.counter(f"{layout.ACCEPTED}{s}") for s in Stream)
    assert accepted == events, f"{accepted} of {events} events were accepted"
    wrong = differences(documents(place), ledger)
    assert not wrong, f"{len(wrong)} rows of the worker are wrong, such as {wrong[0]}"
    return Outcome(events / took, used / events * 1e6, "")


def documents(place: System) -> dict[str, bytes]:
    """The KPI documents of all series; each series is in one partition, as its campaign is the key of its records."""
    with redis.Redis.from_url(place.redis_url) as client:
        found = [client.hgetall(layout.kpi(p)) for p in range(len(place.meta()))]
    return {series.decode(): raw for partition in found for series, raw in partition.items()}
