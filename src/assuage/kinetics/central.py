"""Whether all that is asked is the level where the drug goes in, and it exchanges both ways.

What decides that level is then one block of places joined as a tree. Its rate matrix is symmetric
but for a scaling, and `kernels.central` solves it by its modes, whatever else the model holds
downstream. Every mode adds to the level of the place that drug enters, so nothing cancels; other
outputs start from nothing, as differences of modes, and are left to the matrix exponential.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Central:
    """places (m,) of the block; pairs (m - 1, 2): each reaches a new one from one known."""

    places: Counts
    pairs: Counts

    def within(self, places: Sequence[int]) -> Counts:
        """Return where places stand in the block, -1 outside it."""
        index = {int(place): n for n, place in enumerate(self.places)}
        return np.array([index.get(int(place), -1) for place in places], dtype=np.int64)


def central_of(
    filled: NDArray[np.bool_], seen: NDArray[np.bool_], entered: set[int]
) -> Central | None:
    """Return the block that decides all outputs, or None where there is none.

    filled (m, m) is true where some patient's matrix isn't zero, seen (k, m) where an output has
    a weight; `entered` are the places that hold drug at the start or get some later.
    """
    filled = filled & ~np.eye(len(filled), dtype=bool)
    shown = {int(place) for place in np.nonzero(seen.any(axis=0))[0]}
    wanted, pending = set(shown), sorted(shown)
    while pending:
        sources = np.nonzero(filled[pending.pop()])[0]
        pending += [int(one) for one in sources if int(one) not in wanted]
        wanted |= {int(one) for one in sources}
    if len(shown) != 1 or entered & wanted != shown:
        return None
    places = sorted(wanted)
    part = filled[np.ix_(places, places)]
    if not (part == part.T).all() or part.sum() != 2 * (len(places) - 1):
        return None
    known, pairs = [0], []
    for near in known:
        for far in np.nonzero(part[near])[0]:
            if int(far) not in known:
                known.append(int(far))
                pairs.append((near, int(far)))
    if len(known) != len(places):
        return None
    return Central(np.array(places, dtype=np.int64), np.array(pairs, dtype=np.int64).reshape(-1, 2))
