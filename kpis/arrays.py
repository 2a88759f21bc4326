"""The array types of the write side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
"""Integers: times, indices, measures. What shape they have is said where they are used."""
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
"""Which of some things are meant."""


def used(rows: Int64s) -> Int64s:
    """How many columns each row has up to its last one that is not zero."""
    is_used: Mask = np.not_equal(rows, 0)
    width = rows.shape[1]
    return np.where(is_used.any(axis=1), width - is_used[:, ::-1].argmax(axis=1), 0)
