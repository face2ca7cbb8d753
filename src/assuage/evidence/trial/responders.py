"""Shares of responders and how two arms differ in them, by score intervals.

The interval of a difference holds the differences that Miettinen and Nurminen's test doesn't
reject: the distance from what was seen, over its standard error under that difference, with
N / (N - 1). In strata, differences are weighed by Mantel and Haenszel's n1 n0 / N. Score intervals
stay inside what is possible and have a width where nobody or everybody responded.

Written here, not taken from statsmodels: in its 0.15.0 the shares under a given difference aren't
those of greatest likelihood (56/70 and 48/80 under a difference of 0.1: 0.6447 for 0.6515 in the
second), one interval in three isn't found, none is where a cell is 0, and there are no strata.

Source: Miettinen and Nurminen, Stat Med 1985;4:213-226; Wilson, J Am Stat Assoc 1927;22:209-212;
Altman, BMJ 1998;317:1309-1312 (number needed to treat).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.distributions import z_two_sided, z_within
from assuage.evidence.trial.refused import undefined
from assuage.refusals import Refusal, Refused

F = NDArray[np.float64]

NEAR = 1e-14  # of a limit
FARTHEST_LOG = 700.0  # of a risk ratio: what a float holds


@dataclass(frozen=True)
class Count:
    """How many responded, of how many. Raises Refused: DATA_INVALID."""

    responders: int
    people: int

    def __post_init__(self) -> None:
        if not (
            isinstance(self.responders, int | np.integer)
            and isinstance(self.people, int | np.integer)
            and 0 <= self.responders <= self.people
        ):
            raise Refused(
                Refusal.DATA_INVALID,
                where="responders",
                why=f"{self.responders} of {self.people} can't have responded",
                remedy="count people, and among them those who responded",
            )

    @property
    def share(self) -> float:
        """The share that responded; NaN of nobody."""
        return self.responders / self.people if self.people else float("nan")


@dataclass(frozen=True)
class Interval:
    """An estimate with its score interval; `p` is of no difference, NaN for a single share."""

    estimate: float
    low: float
    high: float
    level: float
    p: float


@dataclass(frozen=True)
class NumberNeeded:
    """How many must be treated for one more, or one fewer, to respond.

    `benefit` and `harm` are each (nearest, farthest), or None where the interval has no such
    side. Where the interval of the difference holds 0 both are there and both end at infinity:
    the number runs from the one through infinity to the other, not through 0.
    """

    estimate: float
    benefit: tuple[float, float] | None
    harm: tuple[float, float] | None

    def sentence(self) -> str:
        """Return the number as a report says it, with its interval."""
        side = "benefit" if self.estimate > 0.0 else "harm"
        if self.estimate == np.inf:
            said = "none: the shares are the same"
        else:
            said = f"{abs(self.estimate):.1f} to {side}"
        if self.benefit and self.harm:
            near, far = self.benefit[0], self.harm[0]
            return f"{said} (from {near:.1f} to benefit through infinity to {far:.1f} to harm)"
        ends = self.benefit or self.harm
        assert ends is not None
        return f"{said} (from {ends[0]:.1f} to {ends[1]:.1f})"


def share(count: Count, *, level: float = 0.95) -> Interval:
    """Return the share that responded with Wilson's interval. Raises Refused: NOT_ESTIMABLE."""
    z = z_within(level)
    if count.people == 0:
        raise _empty("the share of responders")
    n, p = count.people, count.share
    centre = (p + z**2 / (2.0 * n)) / (1.0 + z**2 / n)
    reach = z / (1.0 + z**2 / n) * np.sqrt(p * (1.0 - p) / n + z**2 / (4.0 * n**2))
    low = 0.0 if count.responders == 0 else float(centre - reach)
    high = 1.0 if count.responders == n else float(centre + reach)
    return Interval(p, low, high, level, float("nan"))


def difference(
    treated: Sequence[Count], reference: Sequence[Count], *, level: float = 0.95
) -> Interval:
    """Return the difference of shares over strata, one or more, with its interval.

    A stratum with nobody in one arm says nothing of a difference and weighs nothing. Raises
    Refused: NOT_ESTIMABLE, DATA_INVALID, VALUE_NOT_ALLOWED.
    """
    z = z_within(level)
    x1, n1, x0, n0 = _strata(treated, reference)
    weights = n1 * n0 / (n1 + n0)
    weights = weights / weights.sum()
    seen = float(weights @ (x1 / n1 - x0 / n0))

    def distance(delta: float) -> float:
        p1, p0 = _constrained(x1, n1, x0, n0, delta)
        total = n1 + n0
        spread = (p1 * (1.0 - p1) / n1 + p0 * (1.0 - p0) / n0) * total / (total - 1.0)
        return _over(seen - delta, float(weights**2 @ spread))

    low = -1.0 if seen == -1.0 else _limit(distance, z, -1.0, seen)
    high = 1.0 if seen == 1.0 else _limit(distance, -z, seen, 1.0)
    return Interval(seen, low, high, level, z_two_sided(distance(0.0)))


def ratio(treated: Count, reference: Count, *, level: float = 0.95) -> Interval:
    """Return the ratio of shares with its interval; `high` is infinite where the reference's is 0.

    Raises Refused: NOT_ESTIMABLE where nobody responded in either arm.
    """
    z = z_within(level)
    x1, n1, x0, n0 = (float(one[0]) for one in _strata([treated], [reference]))
    if x1 + x0 == 0.0:
        remedy = "report the difference, which has an interval"
        raise undefined("the ratio of shares", "nobody responded in either arm", remedy)
    total = n1 + n0

    def distance(log_ratio: float) -> float:
        times = float(np.exp(log_ratio))
        # The smaller root of total * times * p^2 - b p + (x1 + x0): p0 of greatest likelihood.
        b = n1 * times + x1 + n0 + x0 * times
        p0 = 2.0 * (x1 + x0) / (b + np.sqrt(b**2 - 4.0 * total * times * (x1 + x0)))
        p1 = times * p0
        spread = p1 * (1.0 - p1) / n1 + times**2 * p0 * (1.0 - p0) / n0
        return _over(x1 / n1 - times * x0 / n0, spread * total / (total - 1.0))

    estimate = (x1 / n1) / (x0 / n0) if x0 else float("inf")
    middle = float(np.log(estimate)) if 0.0 < estimate < np.inf else 0.0
    far = FARTHEST_LOG / 2.0
    low = 0.0 if x1 == 0.0 else np.exp(_limit(distance, z, -far, middle if x0 else far))
    high = np.inf if x0 == 0.0 else np.exp(_limit(distance, -z, middle if x1 else -far, far))
    return Interval(estimate, float(low), float(high), level, z_two_sided(distance(0.0)))


def number_needed(found: Interval, *, response_is_good: bool = True) -> NumberNeeded:
    """Return the number needed to treat of a difference of shares."""
    sign = 1.0 if response_is_good else -1.0
    estimate = sign * found.estimate
    low, high = sorted((sign * found.low, sign * found.high))
    benefit = (_one_over(high), _one_over(max(low, 0.0))) if high > 0.0 else None
    harm = (_one_over(-low), _one_over(max(-high, 0.0))) if low < 0.0 else None
    if benefit is None and harm is None:  # the interval is 0 alone
        benefit = harm = (np.inf, np.inf)
    return NumberNeeded(1.0 / estimate if estimate else np.inf, benefit, harm)


def _one_over(value: float) -> float:
    return 1.0 / value if value else np.inf


def _strata(treated: Sequence[Count], reference: Sequence[Count]) -> tuple[F, F, F, F]:
    if len(treated) != len(reference):
        raise Refused(
            Refusal.DATA_INVALID,
            where="strata",
            why=f"the arms have {len(treated)} and {len(reference)} of them",
            remedy="give each stratum a count in both arms, 0 of 0 where there was nobody",
        )
    pairs = [(a, b) for a, b in zip(treated, reference, strict=True) if a.people and b.people]
    if not pairs:
        raise _empty("the difference of shares")
    numbers = [(a.responders, a.people, b.responders, b.people) for a, b in pairs]
    x1, n1, x0, n0 = np.array(numbers, float).T
    return x1, n1, x0, n0


def _constrained(x1: F, n1: F, x0: F, n0: F, delta: float) -> tuple[F, F]:
    """Return the shares of greatest likelihood among those that differ by delta, (k,) each.

    The likelihood's derivative is a cubic in p0, of which one root is possible; the
    trigonometric form is Miettinen and Nurminen's.
    """
    total = n1 + n0
    l3 = total
    l2 = (n1 + 2.0 * n0) * delta - total - (x1 + x0)
    l1 = (n0 * delta - total - 2.0 * x0) * delta + (x1 + x0)
    l0 = x0 * delta * (1.0 - delta)
    q = l2**3 / (27.0 * l3**3) - l1 * l2 / (6.0 * l3**2) + l0 / (2.0 * l3)
    root = np.sqrt(np.maximum(l2**2 / (9.0 * l3**2) - l1 / (3.0 * l3), 0.0))
    p = np.where(q > 0.0, root, -root)
    cosine = np.divide(q, p**3, out=np.zeros_like(q), where=p != 0.0)
    angle = (np.pi + np.arccos(np.clip(cosine, -1.0, 1.0))) / 3.0
    p0 = 2.0 * p * np.cos(angle) - l2 / (3.0 * l3)
    # Rounding may leave the root an ulp outside what is possible.
    p0 = np.clip(p0, max(0.0, -delta), min(1.0, 1.0 - delta))
    return p0 + delta, p0


def _over(gap: float, variance: float) -> float:
    """Return gap over its standard error; what lies away from a certainty lies infinitely far."""
    if variance > 0.0:
        return gap / float(np.sqrt(variance))
    return float(np.copysign(np.inf, gap)) if gap else 0.0


def _limit(distance: Callable[[float], float], z: float, low: float, high: float) -> float:
    """Return where a falling distance passes z; the end beyond which it would."""
    from scipy.optimize import brentq

    def above(value: float) -> float:
        return math.atan(distance(value)) - math.atan(z)  # a distance may be infinite

    if above(low) <= 0.0:
        return low
    if above(high) >= 0.0:
        return high
    return float(brentq(above, low, high, xtol=NEAR, rtol=NEAR))


def _empty(what: str) -> Refused:
    return undefined(what, "an arm has nobody in it", "leave the comparison out")
