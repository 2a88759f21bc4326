"""What stood in Redis when this monitor looked last: states, acknowledgements and mutes. Pure.

Every monitor looks at each cycle, those that follow too. Redis counts what is written; where it counts less than was
seen, it has lost some of it, and whoever leads writes back what it saw (:mod:`monitors.alerts.outbox.journal` has the
messages). A monitor that follows keeps what it saw until another one has written since: then that one has led, and
Redis is right again.
"""

from __future__ import annotations

from collections.abc import Mapping

KEEP_GONE = 10_000
"""Names of what was taken away that are remembered: an old backup has them again."""

Fields = Mapping[bytes, bytes]


class LastSeen:
    """It.

    Args:
        keys: the hashes that are looked at.

    Attributes:
        is_lost: whether Redis is known to have lost some of it, until that is written back.
    """

    def __init__(self, keys: tuple[str, ...]) -> None:
        self.is_lost = False
        self._number = 0
        self._behind: int | None = None
        self._known: dict[str, dict[bytes, bytes]] = {key: {} for key in keys}
        self._gone: dict[str, dict[bytes, None]] = {key: {} for key in keys}

    def compare(self, number: int) -> None:
        """Take note of how many writes Redis has counted."""
        self.is_lost = self.is_lost or number < self._number

    def see(self, number: int, found: Mapping[str, Fields], *, leads: bool) -> None:
        """Take what stands in Redis now, unless it is less than was seen."""
        if number < self._number:
            if leads:
                self.is_lost = True
                return
            if self._behind is None or self._behind == number:
                self._behind = number
                return
        self.accept(number, found)

    def accept(self, number: int, found: Mapping[str, Fields]) -> None:
        """Take what stands in Redis now, whatever was seen before."""
        self._number, self._behind, self.is_lost = number, None, False
        for key, fields in found.items():
            for field in self._known[key].keys() - fields.keys():
                self._drop(key, field)
            for field in self._gone[key].keys() & fields.keys():
                del self._gone[key][field]
            self._known[key] = dict(fields)

    def note(self, number: int, key: str, field: bytes, value: bytes) -> None:
        """Take what this monitor wrote itself; ``value`` is empty for what it took away."""
        if number - 1 < self._number:
            self.is_lost = True
        else:
            self._number = number
        self.put(key, field, value)

    def put(self, key: str, field: bytes, value: bytes) -> None:
        """The same of what Redis does not count."""
        if value:
            self._known[key][field] = value
            self._gone[key].pop(field, None)
        elif field in self._known[key]:
            del self._known[key][field]
            self._drop(key, field)

    def lacking(self, found: Mapping[str, Fields]) -> dict[str, dict[bytes, bytes]]:
        """What is to be written, by hash, so that Redis holds what was seen; empty values are to be taken away.

        What was never seen is younger, and stays.
        """
        wanted: dict[str, dict[bytes, bytes]] = {}
        for key, fields in found.items():
            wanted[key] = {f: v for f, v in self._known[key].items() if fields.get(f) != v}
            wanted[key] |= dict.fromkeys(self._gone[key].keys() & fields.keys(), b"")
        return wanted

    def _drop(self, key: str, field: bytes) -> None:
        gone = self._gone[key]
        gone[field] = None
        if len(gone) > KEEP_GONE:
            del gone[next(iter(gone))]
