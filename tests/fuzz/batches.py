"""Record batches: what a fetch brings.

The input is laid over a good batch at some places, with a checksum that fits, so that it reaches the parser; or it is
taken as it is. Reading any of it twice must end, raise nothing, and move on.
"""

from __future__ import annotations

import logging

from tests.kit.wire import CODECS, Broker, Written, batch, sealed

logging.disable(logging.CRITICAL)
ROWS = [(i, b"key", b"value" * i, (("name", b"x"), ("none", None))) for i in range(6)]
GOOD = [batch(0, ROWS, codec).raw for codec in CODECS]


def one_input(data: bytes) -> None:
    """One fuzz input."""
    if len(data) < 3:
        return
    raw = bytearray(GOOD[data[0] % len(GOOD)]) if data[0] < 200 else bytearray(data[1:])
    if data[0] < 200:
        for at, value in zip(data[1::2], data[2::2], strict=False):
            # Behind the first offset and the length.
            raw[16 + at % (len(raw) - 16)] = value
        raw = bytearray(sealed(raw)) if data[0] % 2 else raw
    after = batch(1 << 20, [(1 << 20, None, b"after", ())]).raw
    broker = Broker([Written(bytes(raw) + after, 0, 1 << 21)])
    for _ in range(2):
        pieces = list(broker.fetch(0))
    assert pieces
    assert all(piece.skipped >= 0 and piece.next_offset > 0 for piece in pieces)
    # Within a batch a record may name any offset; where reading stands never goes back. A header whose checksum fits is
    # believed: brokers write them.
    ends = [piece.next_offset for piece in pieces]
    assert ends == sorted(ends)
    assert sum(len(piece.records) for piece in pieces) <= len(ROWS) + 1 or data[0] >= 200
