"""Chunks, generations and the scheduler that makes them."""

from dataclasses import dataclass

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.kafka.chunks import Chunk, ChunkScheduler, Position, ReadPositions
from streams.kafka.fetch import Fetched, Piece

A, B = TP("ads.clicks", 0), TP("ads.spend", 0)


@dataclass(frozen=True)
class Record:
    """The attributes of a ConsumerRecord that a chunk looks at."""

    offset: int
    value: bytes = b"{}"
    timestamp: int = 0
    timestamp_type: int = 0


def scheduler(*tps: TP, at: int = 0) -> tuple[ChunkScheduler, ReadPositions]:
    """A scheduler whose partitions were sought once, to the same offset, in generation 1."""
    positions = ReadPositions()
    for tp in tps:
        positions.open(tp, Position(at, 1))
    return ChunkScheduler(positions), positions


def pieces_of(records: list[Record], size: int) -> list[Piece]:
    """As a fetch makes them."""
    cut = [records[at : at + size] for at in range(0, len(records), size)]
    return [Piece(part, part[-1].offset + 1) for part in cut]


@given(st.lists(st.integers(1, 300), min_size=1, max_size=3), st.integers(1, 100))
def test_every_record_is_in_exactly_one_chunk_in_order(sizes: list[int], size: int) -> None:
    """And no chunk is larger than a piece of the fetch."""
    tps = [TP("t", i) for i in range(len(sizes))]
    schedule, _ = scheduler(*tps)
    records = {tp: [Record(o) for o in range(n)] for tp, n in zip(tps, sizes, strict=True)}
    got: dict[TP, list[Record]] = {tp: [] for tp in tps}
    for tp, chunk in schedule.iterate({tp: Fetched(pieces_of(rows, size), len(rows)) for tp, rows in records.items()}):
        assert 0 < len(chunk.value.records) <= size
        assert chunk.offset == chunk.value.records[-1].offset
        got[tp] += chunk.value.records
    assert got == records


def test_partitions_take_turns() -> None:
    """A long backlog of one topic does not starve the others."""
    schedule, _ = scheduler(A, B)
    backlog = Fetched(pieces_of([Record(o) for o in range(20)], 10), 20)
    assert [tp for tp, _ in schedule.iterate({A: backlog, B: Fetched([Piece([Record(0)], 1)], 1)})] == [A, B, A]


def chunks(schedule: ChunkScheduler, tp: TP, *offsets: int, position: int | None = None) -> list[Chunk]:
    """The chunks of one fetch, after which reading stands right after the last record or at ``position``."""
    records = [Record(o) for o in offsets]
    pieces = pieces_of(records, len(records)) if records else []
    fetched = Fetched(pieces, offsets[-1] + 1 if position is None else position)
    return [chunk for _, chunk in schedule.iterate({tp: fetched})]


def test_each_chunk_says_where_reading_stood_before_it() -> None:
    """So a chunk that was dropped on the way is noticed; offsets that Kafka leaves out are not taken for one."""
    schedule, _ = scheduler(A, at=10)
    first, second = chunks(schedule, A, 10, 11) + chunks(schedule, A, 15)
    assert (first.value.after, first.value.next_offset) == (10, 12)
    assert (second.value.after, second.value.next_offset) == (12, 16)


def test_control_records_after_the_last_record_belong_to_its_chunk() -> None:
    """So a topic whose end is the mark of a committed transaction is known to be read to its end."""
    schedule, _ = scheduler(A)
    (chunk,) = chunks(schedule, A, 0, 1, position=3)
    assert (chunk.value.next_offset, chunk.offset) == (3, 2)
    (after,) = chunks(schedule, A, 3)
    assert after.value.after == 3


def test_offsets_without_an_event_make_a_chunk_of_their_own() -> None:
    """Aborted transactions move reading on; where it stood already, there is nothing to say."""
    schedule, _ = scheduler(A)
    (chunk,) = chunks(schedule, A, position=4)
    assert (chunk.value.records, chunk.value.after, chunk.value.next_offset) == ([], 0, 4)
    assert chunk.value.first_offset == 4
    assert chunks(schedule, A, position=4) == []


def test_a_seek_opens_a_new_lane() -> None:
    """Chunks read before it can be told from those after."""
    schedule, positions = scheduler(A)
    (before,) = chunks(schedule, A, 7)
    positions.open(A, Position(3, 2))
    (after,) = chunks(schedule, A, 3)
    assert (before.value.generation, after.value.generation, after.value.after) == (1, 2, 3)


def test_records_that_nobody_sought_are_left_out() -> None:
    """After a revocation nothing of the partition is delivered until it is resumed."""
    schedule, positions = scheduler(A)
    positions.close([A])
    assert chunks(schedule, A, 1) == []
