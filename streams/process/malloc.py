"""How the process asks the system for memory (glibc; elsewhere nothing happens)."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # malloc.h
_LARGE = 8 << 20
"""Above what one fetch brings, which comes and goes many times a second; below what a large flush takes."""


def return_large_blocks() -> None:
    """Give large blocks back to the system as soon as they are free.

    glibc lets its limit grow to 32 MB by and by; then what a flush is made of stays on the heap, with gaps between.
    """
    with suppress(AttributeError, OSError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _LARGE)
        mallopt(_TRIM_THRESHOLD, 2 * _LARGE)
