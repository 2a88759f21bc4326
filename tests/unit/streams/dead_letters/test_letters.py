"""Dead letters and records sent again, as values: nothing is lost, doubled, or told apart wrongly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.measures import Stream
from kpis.reasons import Reject
from kpis.windows import parse_windows
from streams.dead_letters import letters, replays
from streams.dead_letters.letters import KEPT, LARGEST, DeadLetter
from streams.events.decode import Batch, digest
from streams.events.schema import Event
from streams.kafka.chunks import Payload
from streams.state.flush import Flush
from streams.state.partition import Partition
from streams.state.policy import PartitionPolicy
from streams.state.registry import SeriesPolicy

NOW = 1_700_000_000_000
KEY = b"key"
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["a", "reason", "offset", "error", "truncated_from_bytes", replays.HEADER]),
        st.binary(max_size=5),
    )
)


@dataclass(frozen=True)
class Record:
    """What aiokafka hands out, as far as it is looked at."""

    offset: int
    value: bytes | None
    key: bytes | None = None
    headers: tuple[Any, ...] = ()


def payload_of(records: list[Record], topic: str = "ads.clicks") -> Payload:
    """A chunk."""
    first, after = (records[0].offset, records[-1].offset + 1) if records else (0, 0)
    return Payload(topic, 3, records, first, after, 1)


def letter_of(record: Record) -> DeadLetter:
    """The letter of one refused record, after its way through Redis."""
    (raw,) = letters.of_chunk(payload_of([record]), [(0, Reject.NOT_JSON)])
    return letters.read(raw)


@given(st.none() | st.binary(), st.none() | st.binary(), HEADERS)
def test_a_letter_keeps_bytes_and_headers_through_redis_and_kafka(
    value: bytes | None, key: bytes | None, own: list[tuple[str, bytes]]
) -> None:
    """Whatever headers the record has, even with the names of ours."""
    letter = letter_of(Record(7, value, key, tuple(own)))
    assert (letter.value, letter.key, letter.headers, letter.truncated_from) == (value, key, tuple(own), None)
    assert letters.of_kafka(Record(99, letter.value, letter.key, tuple(letter.kafka_headers))) == letter
    assert replays.identity(letter) == "ads.clicks/3/7"


def test_a_letter_of_an_unexpected_error_names_its_type() -> None:
    """In a header of its own, cut or not; no other letter has it, also of the same record number in another topic."""
    record = Record(7, b"v", b"k", (("error", b"own"), ("offset", b"own")))
    errors = {7: "ZeroDivisionError"}
    (raw,) = letters.of_chunk(payload_of([record]), [(0, Reject.INTERNAL_ERROR)], errors)
    letter = letters.read(raw)
    assert letter.kafka_headers[-1] == ("error", b"ZeroDivisionError")
    for sent in (letter, letter.cut(1)):
        assert letters.of_kafka(Record(99, sent.value, sent.key, tuple(sent.kafka_headers))) == sent
        assert sent.error == "ZeroDivisionError"
    (raw,) = letters.of_chunk(payload_of([record]), [(0, Reject.NOT_JSON)], errors)
    assert letters.read(raw).error is None


def test_letters_of_before_there_was_an_error_header_are_read() -> None:
    """Those that wait in Redis have a field less, and those in Kafka a header less."""
    fields = (b"v", b"k", (), "not_json", "ads.clicks", 3, 7)
    expected = DeadLetter(*fields)
    assert letters.read(msgspec.msgpack.encode(fields)) == expected
    assert letters.read(msgspec.msgpack.encode((*fields, 1000))) == DeadLetter(*fields, truncated_from=1000)
    own = (("reason", b"not_json"), ("topic", b"ads.clicks"), ("partition", b"3"), ("offset", b"7"))
    assert letters.of_kafka(Record(0, b"v", b"k", own)) == expected


@pytest.mark.parametrize(
    "record",
    [
        Record(7, b"x" * (LARGEST + 1)),
        Record(7, b"xx", b"k" * LARGEST),
        Record(7, b"xx", None, (("h", b"h" * LARGEST),)),
    ],
)
def test_what_is_too_large_keeps_its_start_and_says_so(record: Record) -> None:
    """However it is large, and however often it is cut."""
    letter = letter_of(record)
    assert letter.value == (record.value or b"")[:KEPT]
    assert (letter.key, letter.headers) == (None, ())
    assert ("truncated_from_bytes", str(len(record.value or b"")).encode()) in letter.kafka_headers
    again = letters.of_kafka(Record(1, letter.cut(1).value, None, tuple(letter.cut(1).kafka_headers)))
    assert again == letter.cut(1)
    assert again is not None
    assert again.truncated_from == len(record.value or b"")


@pytest.mark.parametrize(
    "own", [(), (("reason", b"r"),), (("reason", b"r"), ("topic", b"t"), ("partition", b"x"), ("offset", b"1"))]
)
def test_a_record_that_is_no_letter_is_none(own: Any) -> None:
    """Somebody else's records in the topic are not taken for ours."""
    assert letters.of_kafka(Record(0, b"v", None, own)) is None


@given(st.lists(st.tuples(st.booleans(), st.none() | st.binary(min_size=1, max_size=2))))
def test_records_sent_again_are_found_at_their_place_among_the_accepted(chunk: list[tuple[bool, bytes | None]]) -> None:
    """A refused one is not among them."""
    records = [
        Record(i, b"", None, () if n is None else ((replays.HEADER, replays.signed(n, b"", KEY)),))
        for i, (_, n) in enumerate(chunk)
    ]
    rejected = [(i, Reject.EMPTY) for i, (bad, _) in enumerate(chunk) if bad]
    accepted = [name for bad, name in chunk if not bad]
    expected = {i: replays.digest(name) for i, name in enumerate(accepted) if name is not None}
    assert replays.of_chunk(records, rejected, KEY) == expected


def test_a_record_refused_twice_keeps_its_first_identity() -> None:
    """Else its first and its second letter would both count."""
    first = letter_of(Record(7, b"v", None, (("h", b"1"),)))
    second = letter_of(Record(50, b"v", None, tuple(replays.headers(first, KEY))))
    assert replays.identity(second) == "ads.clicks/3/50"
    named = replays.signed(b"ads.clicks/3/7", first.value, KEY)
    assert replays.headers(second, KEY) == replays.headers(first, KEY) == [("h", b"1"), (replays.HEADER, named)]


POLICY = PartitionPolicy(parse_windows("1m"), SeriesPolicy((), 100), frozenset({Stream.CLICK}), 24)
EVENT = st.one_of(
    st.just("bad"),
    st.tuples(st.just("new"), st.integers(0, 10**6)),
    st.tuples(st.just("again"), st.integers(0, 3)),
)
STEPS = st.lists(st.one_of(st.lists(EVENT, min_size=1, max_size=6), st.sampled_from(["flush", "crash"])), max_size=40)


class Stored:
    """What Redis would hold: only what was flushed."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []
        self.offset = 0
        self.accepted = 0
        self.seen: dict[tuple[str, int], list[bytes]] = {}

    def write(self, flush: Flush, stream: Stream) -> None:
        """One fenced write."""
        self.letters += map(letters.read, flush.letters)
        self.offset = flush.offsets.get("ads", 0)
        self.accepted = flush.counters.get(f"accepted:{stream}", 0)
        for place, digests in flush.seen.items():
            self.seen.setdefault(place, []).extend(digests)

    def load(self, stream: Stream) -> Partition:
        """A state that goes on from there."""
        state = Partition(0, POLICY)
        state.offsets["ads"] = self.offset
        state.counters[f"accepted:{stream}"] = self.accepted
        for (name, hour), digests in self.seen.items():
            state.deduplicator.restore(Stream(name), hour, digests)
        return state


@given(STEPS, st.sampled_from([Stream.IMPRESSION, Stream.CLICK]))
def test_letters_and_records_sent_again_are_exact_through_flushes_and_crashes(steps: list[Any], stream: Stream) -> None:
    """Every refused record has one letter; every identity counts once, also where event ids are not compared."""
    stored = Stored()
    state = stored.load(stream)
    log: list[Any] = []
    for step in [*steps, "flush"]:
        if step == "crash":
            state = stored.load(stream)
        elif step != "flush":
            log += step
        fold(state, log, stream)
        if step == "flush":
            stored.write(state.take_flush({}), stream)
    assert [letter.offset for letter in stored.letters] == [i for i, e in enumerate(log) if e == "bad"]
    new = [i for i, e in enumerate(log) if e != "bad" and e[0] == "new"]
    assert stored.accepted == len(new) + len({e for e in log if e != "bad" and e[0] == "again"})


def fold(state: Partition, log: list[Any], stream: Stream) -> None:
    """Count what of the log the state has not read."""
    start = state.offsets.get("ads", 0)
    records, batch = [], Batch(stream)
    for offset, one in list(enumerate(log))[start:]:
        again = one != "bad" and one[0] == "again"
        own = ((replays.HEADER, replays.signed(str(one[1]).encode(), b"v", KEY)),) if again else ()
        records.append(Record(offset, b"v", None, own))
        if one == "bad":
            batch.rejected.append((offset - start, Reject.EMPTY))
            continue
        batch.times.append(NOW)
        batch.events.append(Event("id", NOW, "c"))
        batch.quantities.append(1)
        batch.money.append(0)
        if stream in POLICY.dedupe:
            # The id goes with the identity: what is sent again has the same bytes.
            batch.digests.append(digest(f"{one[1] if again else offset + 100}"))
    numbers = state.register(batch)
    state.adopt({})
    refused = letters.of_chunk(payload_of(records), batch.rejected)
    again = replays.of_chunk(records, batch.rejected, KEY)
    state.add(batch, numbers, "ads", len(log), records=len(records), now_ms=NOW, letters=refused, replays=again)


@pytest.mark.parametrize(
    "said", [b"ads.clicks/3/7", b"ads.clicks/3/7 ", b" ", b"ads.clicks/3/7 " + b"0" * 32, b"\xff\x00"]
)
def test_a_header_that_we_did_not_sign_is_one_like_any_other(said: bytes) -> None:
    """Whoever may produce events may write anything there."""
    record = Record(0, b"v", None, ((replays.HEADER, said),))
    assert replays.of_chunk([record], (), KEY) == {}


def test_a_signature_is_good_for_its_value_and_its_key_only() -> None:
    """Copied onto other events it says nothing."""
    header = ((replays.HEADER, replays.signed(b"ads.clicks/3/7", b"v", KEY)),)
    assert replays.of_chunk([Record(0, b"v", None, header)], (), KEY) == {0: replays.digest(b"ads.clicks/3/7")}
    assert replays.of_chunk([Record(0, b"w", None, header)], (), KEY) == {}
    assert replays.of_chunk([Record(0, b"v", None, header)], (), b"another") == {}
