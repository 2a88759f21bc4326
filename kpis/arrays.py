"""The array types of the write side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]
"""Integers: times, indices, measures. What shape they have is said where they are used."""
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
"""Which of some things are meant."""
