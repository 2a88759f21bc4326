"""A flush as what its script takes: the keys, and all commands packed into one argument.

One packed argument costs a tenth of what a hundred thousand separate ones cost to send. Values are text or bytes, never
numbers: Lua's would lose digits beyond 2**53.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import msgpack

from kpis.contract import layout
from kpis.measures import fits, pack_within, wide
from kpis.times import QUARTER_MS, day_of, quarter_of
from streams.state.added.levels import merged
from streams.state.flush import Flush
from streams.state.packed_rows import PackedRows

Arg = str | bytes
Command = tuple[str, int, int, Sequence[Arg] | PackedRows]
"""Name, place of the key, seconds to live (0: for ever), arguments; rows stand for their fields and values."""
_DAY_S = 86_400
_SKETCH_S = 25 * 3600
"""Seconds that the ids of a quarter hour are kept: as long as any window may ask for them, and an hour more."""
_STEPS = {"HSET": 2, "SADD": 1, "HDEL": 1, "PFADD": 1}
"""The commands that may be carried out in parts, and how many of their arguments belong together."""
# Redis's Lua reads no MessagePack of after 2013, when bytes got a type of their own.
_packer = msgpack.Packer(use_bin_type=False)


class Script:
    """Collects keys and commands in the form that the scripts read."""

    def __init__(self, *keys: str) -> None:
        self.keys = [*keys]
        self.commands: list[Command] = []
        self.values = self.size = 0
        self._places = {key: i + 1 for i, key in enumerate(keys)}

    def call(
        self, name: str, key: str, values: Sequence[Arg] | PackedRows = (), ttl_s: int = 0, size: int | None = None
    ) -> None:
        """Append one command; with ``ttl_s`` its key expires that many seconds after it was made.

        ``size`` is how many bytes the values have, where that is known already.
        """
        place = self._places.setdefault(key, len(self.keys) + 1)
        if place > len(self.keys):
            self.keys.append(key)
        self.commands.append((name, place, ttl_s, values))
        self.values += 1 + len(values)
        self.size += size if size is not None else _size(values)

    def packed(self) -> bytes:
        """All commands, as ``flush.lua`` reads them."""
        parts = [_packer.pack_array_header(len(self.commands))]
        for *command, values in self.commands:
            parts.append(_packer.pack((*command, _flat(values))))
        return b"".join(parts)

    def piece(self) -> bytes:
        """Keys and commands, as ``apply.lua`` reads them."""
        return b"".join([_packer.pack_array_header(2), _packer.pack(self.keys), self.packed()])

    def pieces(self, values: int, size: int) -> list[Script]:
        """The same commands in scripts of at most so many values and bytes each, but for one value that is larger.

        A command that can be carried out a part at a time is cut; the last command is alone in the last script.
        """
        made = [Script()]
        *commands, last = self.commands
        for name, place, ttl_s, all_values in commands:
            flat = _flat(all_values)
            needed, step = _size(flat), _STEPS.get(name, 0)
            is_small = not step or (len(flat) <= values and needed <= size)
            for part, part_size in ((flat, needed),) if is_small else _cut(flat, step, values, size):
                now = made[-1]
                if now.commands and (now.values + len(part) > values or now.size + part_size > size):
                    made.append(now := Script())
                now.call(name, self.keys[place - 1], part, ttl_s, part_size)
        made.append(Script())
        made[-1].call(last[0], self.keys[last[1] - 1], _flat(last[3]), last[2])
        return made


def _flat(values: Sequence[Arg] | PackedRows) -> Sequence[Arg]:
    return pairs(values.pairs()) if isinstance(values, PackedRows) else values


def _size(values: Sequence[Arg] | PackedRows) -> int:
    return values.size if isinstance(values, PackedRows) else sum(map(len, values))


def _cut(flat: Sequence[Arg], step: int, values: int, size: int) -> Iterator[tuple[Sequence[Arg], int]]:
    """The arguments of a command in parts, and their bytes; ``step`` of them belong together.

    They are much alike: parts of equal number are of about equal size, and a part that is not is cut again.
    """
    fits = min(values, len(flat) * size // max(1, _size(flat)))
    each = max(step, fits // step * step)
    for at in range(0, len(flat), each):
        part = flat[at : at + each]
        needed = _size(part)
        if needed > size and len(part) > step:
            yield from _cut(part, step, max(step, len(part) // 2), size)
        else:
            yield part, needed


def pairs(items: Iterable[tuple[Arg, Arg]]) -> list[Arg]:
    """Fields and values in one flat list."""
    return list(chain.from_iterable(items))


def script(
    partition: int, flush: Flush, older: dict[tuple[str, int], Sequence[int]], keep_s: int, seen_s: int
) -> Script:
    """The commands of a flush.

    Args:
        partition: whose.
        flush: what to write.
        older: for each entry of ``flush.late`` the row that Redis holds.
        keep_s: seconds that history is kept.
        seen_s: seconds that an hour of event ids is kept.
    """
    s = Script(layout.meta(partition))
    if flush.documents:
        s.call("HSET", layout.kpi(partition), pairs(flush.documents.items()))
    _panes(s, partition, flush)
    _history(s, partition, flush, older, keep_s)
    for (stream, hour), digests in flush.seen.items():
        s.call("SADD", layout.seen(partition, stream, hour), digests, seen_s)
    for (measure, name, quarter), ids in flush.sketches.items():
        s.call("PFADD", layout.sketch(partition, measure, name, quarter), ids, 0 if quarter is None else _SKETCH_S)
    if flush.early:
        s.call("HSET", layout.early(partition), pairs((str(n), block) for n, block in flush.early.items()))
    if flush.dropped_early:
        s.call("HDEL", layout.early(partition), [str(n) for n in flush.dropped_early])
    for letter in flush.letters:
        s.call("XADD", layout.letters(partition), ("*", layout.LETTER, letter))
    if flush.letters:
        s.call("HINCRBY", layout.meta(partition), (layout.LETTERS, str(len(flush.letters))))
        s.call("HINCRBY", layout.meta(partition), (layout.LETTERS_BYTES, str(flush.letters_size)))
    meta: list[tuple[Arg, Arg]] = [(f"{layout.OFFSET}{t}", str(o)) for t, o in flush.offsets.items()]
    meta += [(name, str(value)) for name, value in (*flush.counters.items(), *flush.gauges.items())]
    if flush.watermark_ms is not None:
        meta.append((layout.CLOCK, str(flush.watermark_ms)))
    if meta:
        # After all else: until then, offsets and clock are those that readers know.
        s.call("HSET", layout.meta(partition), pairs(meta))
    return s


def _panes(s: Script, partition: int, flush: Flush) -> None:
    """Append what a flush writes into panes, and takes away."""
    for (window, start), rows in flush.panes.items():
        # A worker deletes the panes it has passed; the time to live is for those of a worker that never came back.
        s.call("HSET", layout.pane(partition, window, start), rows, 2 * _DAY_S)
    for window, start in flush.dropped_panes:
        s.call("UNLINK", layout.pane(partition, window, start))


def _history(s: Script, partition: int, flush: Flush, older: dict[tuple[str, int], Sequence[int]], keep_s: int) -> None:
    """Append what a flush writes into the quarter hours of history; a row keeps what it had where 64 bits end."""
    grown = {place: merged(older[place], gain, flush.levels) for place, gain in flush.late.items()}
    late = {place: pack_within(row, wide(older[place], len(row))) for place, row in grown.items()}
    by_key: dict[str, list[tuple[Arg, Arg]]] = {}
    for (series, number), row in (*flush.history.items(), *late.items()):
        at = number * QUARTER_MS
        key = layout.history(partition, series, day_of(at))
        by_key.setdefault(key, []).append((str(quarter_of(at)), row))
    for key, fields in by_key.items():
        s.call("HSET", key, pairs(fields), keep_s)
    full = flush.history_full + sum(not fits(row) for row in grown.values())
    if full:
        s.call("HINCRBY", layout.meta(partition), (layout.HISTORY_FULL, str(full)))


def announce(s: Script, partition: int, at: str, series: Iterable[str]) -> None:
    """Append what tells readers which documents a flush wrote; one that wrote none too, so that a gap means a loss.

    Args:
        s: the commands of the flush.
        partition: whose.
        at: ``<epoch>-<seq>`` of the flush.
        series: whose documents it writes.
    """
    names = "\n".join(series)
    changed = (layout.CHANGED, names) if len(names) <= layout.CHANGES_LIMIT else (layout.TOO_MANY, "1")
    s.call("XADD", layout.changes(partition), ("MAXLEN", str(layout.CHANGES_KEPT), at, *changed))
