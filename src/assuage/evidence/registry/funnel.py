"""Control limits of a funnel plot of shares: how far chance alone takes a site of its size.

The exact binomial limits, interpolated between counts so that the funnel has no steps, as in
Spiegelhalter's paper on funnel plots (Stat Med 2005;24:1185, appendix A.1.1). A site outside them
is a question, not a verdict: who it treats isn't taken into account.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from assuage.care.outcomes.shares import exactly

LEVELS = (0.95, 0.998)


def limits(centre: float, of: int, level: float) -> tuple[float, float]:
    """Return the limits of the share of a site with `of` people, whose true share is `centre`.

    ValueError unless 0 <= centre <= 1, 0 < level < 1 and there is somebody. A limit lies between
    0 and 1 as the share itself does.
    """
    if not (0.0 <= centre <= 1.0 and 0.0 < level < 1.0 and of > 0):
        raise ValueError(f"no limits for {centre} of {of} at {level}")
    tail = (1.0 - level) / 2.0
    reached = list(accumulate(exactly(k, of, centre) for k in range(of + 1)))
    return _limit(reached, tail), _limit(reached, 1.0 - tail)


def _limit(reached: Sequence[float], chance: float) -> float:
    """Return the share up to which the chance lies: the count that reaches it, less a part."""
    last = len(reached) - 1
    count = next((k for k in range(last) if reached[k] >= chance), last)
    before = reached[count - 1] if count else 0.0
    part = (reached[count] - chance) / (reached[count] - before)
    share = (count - part) / last
    return share if share > 0.0 else 0.0


def outside(count: int, of: int, centre: float) -> float | None:
    """Return the widest level outside which a site lies, or None when it lies inside all."""
    found = [
        level
        for level in LEVELS
        for low, high in (limits(centre, of, level),)
        if not low <= count / of <= high
    ]
    return found[-1] if found else None
