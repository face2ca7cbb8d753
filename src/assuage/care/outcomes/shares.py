"""A count out of so many, with its exact interval.

Clopper and Pearson's: each limit is the share at which a count as extreme as the one seen would
have half of what the level leaves. No approximation, so it also holds for none and for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, fsum, lgamma, log, log1p

_STEPS = 60  # halvings; a double has 53 bits


@dataclass(frozen=True)
class Share:
    """`count` of `of`, with the exact limits of the share. Without anybody there is no share."""

    count: int
    of: int
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        """The share, None of nobody."""
        return self.count / self.of if self.of else None


def share(count: int, of: int, level: float = 0.95) -> Share:
    """Return a share with its Clopper-Pearson interval. ValueError unless 0 <= count <= of."""
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of}")
    if not 0.0 < level < 1.0:
        raise ValueError(f"{level} is no level")
    if of == 0:
        return Share(0, 0, None, None)
    tail = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else _where(lambda p: 1.0 - at_most(count - 1, of, p), tail)
    high = 1.0 if count == of else _where(lambda p: -at_most(count, of, p), -tail)
    return Share(count, of, low, high)


def exactly(count: int, of: int, p: float) -> float:
    """Return the binomial chance of `count` out of `of`. ValueError unless 0 <= p <= 1."""
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{p} is no chance")
    if not 0 <= count <= of:
        return 0.0
    if p in (0.0, 1.0):
        return float(count == (of if p else 0))
    choose = lgamma(of + 1) - lgamma(count + 1) - lgamma(of - count + 1)
    return exp(choose + count * log(p) + (of - count) * log1p(-p))


def at_most(count: int, of: int, p: float) -> float:
    """Return the binomial chance of `count` or fewer out of `of`."""
    return fsum(exactly(k, of, p) for k in range(count + 1))


def _where(rising: Callable[[float], float], value: float) -> float:
    """Return the share at which a function that rises with it reaches a value."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if rising(middle) < value:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
