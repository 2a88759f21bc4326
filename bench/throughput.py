"""One worker beside what people would write instead: events per second on the same broker, in the same run."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import redis

from bench.backlog import Backlog, produce, truth
from bench.peers.run import Outcome, Peer, PeerFailed, difference, run
from bench.place import system
from bench.process import cpu_s
from streams import layout
from streams.measures import Stream
from tests.processes import until
from tests.system import System

EVENTS, CAMPAIGNS, ROUNDS = 2_000_000, (200, 5_000), 3
WORKER, RAW = "pacewatch worker", "raw aiokafka getmany"
_BARE = "no dedupe, fence, history, dead letters; money as floats"
_HOPS = "windows of 1m by 10 s and 5m by 30 s only"
PEERS = (
    Peer(RAW, "raw_aiokafka", counts=False, remark="looks at no record"),
    Peer("raw confluent-kafka consume", "raw_confluent", counts=False, remark="looks at no record"),
    Peer("by hand over aiokafka", "hand_aiokafka", remark=_BARE),
    Peer("by hand over confluent-kafka", "hand_confluent", remark=_BARE),
    Peer("PyFlink SQL", "flink_sql", remark=_HOPS),
    Peer("Bytewax", "bytewax_sliding", slow=300_000, remark=_HOPS),
    Peer("Pathway", "pathway_sliding", slow=100_000, remark=_HOPS),
    Peer("Quix Streams", "quix_hopping", slow=40_000, remark=_HOPS),
    Peer("Faust with tables", "faust_tables", slow=8_000, remark=_HOPS),
)


@dataclass
class Row:
    """The runs of one contender."""

    remark: str = ""
    events: int = 0
    runs: list[Outcome] = field(default_factory=list)

    def summary(self) -> dict[str, float | str]:
        """Medians, and what was wrong in any run."""
        said = "; ".join(dict.fromkeys(filter(None, [*(r.wrong for r in self.runs), self.remark])))
        if not self.runs:
            return {"remark": said}
        return {
            "events": self.events,
            "events_per_s": statistics.median(r.events_per_s for r in self.runs),
            "us_per_event": statistics.median(r.us_per_event for r in self.runs),
            "remark": said,
        }


def measure(address: str, directory: Path) -> dict[str, dict[str, float | str]]:
    """A row for each contender at each number of campaigns: medians of interleaved rounds, and ratios to the worker."""
    found: dict[str, dict[str, float | str]] = {}
    for campaigns in CAMPAIGNS:
        peers = PEERS if campaigns == CAMPAIGNS[0] else PEERS[:4]
        for name, row in compare(address, directory / str(campaigns), Backlog(EVENTS, campaigns), peers).items():
            found[f"{name}, {campaigns} campaigns"] = row
    return found


def compare(
    address: str, directory: Path, shape: Backlog, peers: tuple[Peer, ...], rounds: int = ROUNDS
) -> dict[str, dict[str, float | str]]:
    """All contenders over one backlog, taking turns; a slow one has a shorter backlog of its own, and one turn."""
    rows = {WORKER: Row(events=shape.events), **{p.name: Row(p.remark, p.slow or shape.events) for p in peers}}
    with system(address, directory / "all") as place:
        place.worker().stop()  # Makes the topics.
        produce(place, shape)
        expected = truth(shape)
        for _ in range(rounds):
            rows[WORKER].runs.append(run_worker(place, expected))
            for peer in peers:
                if not peer.slow:
                    attempt(rows[peer.name], peer, place, expected)
    for peer in peers:
        if peer.slow:
            short = replace(shape, events=peer.slow)
            with system(address, directory / peer.script) as place:
                place.worker().stop()
                produce(place, short)
                attempt(rows[peer.name], peer, place, truth(short))
    found = {name: row.summary() for name, row in rows.items()}
    worker = float(found[WORKER]["events_per_s"])
    for row in found.values():
        if "events_per_s" in row:
            row["worker_over_this"] = worker / float(row["events_per_s"])
    return found


def attempt(row: Row, peer: Peer, place: System, expected: dict[str, int]) -> None:
    """One turn of a peer; its row says so when it fails."""
    try:
        row.runs.append(run(peer, place, expected))
    except PeerFailed as e:
        row.remark = f"failed: {e.reason}"


def run_worker(place: System, expected: dict[str, int]) -> Outcome:
    """One turn of the worker, on an empty Redis and as a new group; its totals are checked too.

    The time runs from the log line that says it reads, a moment before the first fetch, to the flush of the last event.
    """
    events = sum(expected.values())
    with redis.Redis.from_url(place.redis_url) as client:
        client.flushall()
    place.settings["GROUP"] = f"g{uuid4().hex[:8]}"
    worker = place.start("worker")
    until(lambda: "ready: reading" in worker.output(), "the worker to read")
    started, used = time.perf_counter(), cpu_s(worker.pid)
    until(lambda: place.counted() >= events, "all events to be counted", 180)
    took, used = time.perf_counter() - started, cpu_s(worker.pid) - used
    wrong = "" if place.counter(f"{layout.ACCEPTED}{Stream.IMPRESSION}") else "nothing was accepted"
    wrong = wrong or difference(counts_of(place), {k: v for k, v in expected.items() if not k.endswith(":spend")})
    worker.kill()
    return Outcome(events / took, used / events * 1e6, wrong)


def counts_of(place: System) -> dict[str, int]:
    """What the worker counted, as the truth names it; spend has no count in a KPI document."""
    names = {"impressions": "impression", "clicks": "click", "conversions": "conversion"}
    found = place.kpi().items()
    return {
        f"{campaign}:{stream}": int(windows["total"][measure])
        for campaign, windows in found
        if "|" not in campaign
        for measure, stream in names.items()
        if windows["total"][measure]
    }
