"""Text that others chose, made safe to show: it moves no cursor, and turns no writing direction round. Pure."""

from __future__ import annotations

_JOINERS = "\u200c\u200d"
"""They join letters and emoji, and do nothing else."""


def printable(text: str) -> str:
    """The text with control, bidirectional and invisible characters as ``\\uXXXX``, which JSON reads as the same."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _JOINERS else _escaped(c) for c in text)


def printable_lines(text: str) -> str:
    """The same of a text of several lines."""
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in text.split("\n"))


def blanked(text: str) -> str:
    """The text with a space for each of them, where a name should look like one: it stays as long as it is."""
    return "".join(c if c.isprintable() else " " for c in text)


def _escaped(character: str) -> str:
    data = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(data[i : i + 2]):04x}" for i in range(0, len(data), 2))
