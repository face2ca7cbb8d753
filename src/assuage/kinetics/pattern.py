"""Which entries of a rate matrix's exponential can differ from zero, worked out once.

Drug flows along few paths, so most entries of exp(A h) are zero for every patient. A pattern
numbers the entries that are not, and lists the products that a multiplication of two such
matrices needs. Entry (i, j) stands where place i is reached from place j.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Pattern:
    """The entries of exp(A h) joined with one column for each place that drug flows into.

    size     places; entering: the places that drug flows into, one column each after them
    slot     (size + entering, size + entering) number of each entry, -1 where it is zero
    diagonal (size + entering,) slots of the diagonal
    first, left, right: entry number d of a product is the sum of left x right from first[d] on
    """

    size: int
    entering: tuple[int, ...]
    slot: Counts
    diagonal: Counts
    first: Counts
    left: Counts
    right: Counts

    @property
    def slots(self) -> int:
        """How many entries are not zero."""
        return len(self.first) - 1


def pattern_of(filled: NDArray[np.bool_], entering: Sequence[int]) -> Pattern:
    """Return the pattern of a rate matrix.

    `filled` (m, m) is true where an entry of the matrix differs from zero for some patient.
    """
    size = len(filled)
    joined = np.zeros((size + len(entering),) * 2, dtype=bool)
    joined[:size, :size] = filled
    for column, place in enumerate(entering):
        joined[place, size + column] = True
    return _pattern(joined.tobytes(), size, tuple(int(place) for place in entering))


@lru_cache(maxsize=256)
def _pattern(joined: bytes, size: int, entering: tuple[int, ...]) -> Pattern:
    every = size + len(entering)
    reached = np.frombuffer(joined, dtype=bool).reshape(every, every) | np.eye(every, dtype=bool)
    for place in range(every):
        reached |= reached[:, place : place + 1] & reached[place : place + 1, :]
    slot = np.full((every, every), -1, dtype=np.int64)
    slot[reached] = np.arange(reached.sum())
    first, left, right = [0], [], []
    for row, column in zip(*np.nonzero(reached), strict=True):
        through = np.nonzero(reached[row, :] & reached[:, column])[0]
        left += [slot[row, k] for k in through]
        right += [slot[k, column] for k in through]
        first.append(len(left))
    found = (np.array(one, dtype=np.int64) for one in (np.diagonal(slot), first, left, right))
    return Pattern(size, entering, slot, *found)
