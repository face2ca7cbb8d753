"""How surprising a count or a mean is, beside colleagues who are honest but not alike.

Small clinics leave little to compare with, and honest people differ in their cases and habits. So
the colleagues' share counts as what a limited number of events says about it, however many there
are, and a mean carries a spread between people that no number of events removes.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, sqrt
from statistics import fmean, median, stdev

MAD_TO_SD = 1.4826  # of a normal distribution: 1 / its upper quartile


def tail(count: int, of: int, a: float, b: float) -> float:
    """Return the chance of `count` or more out of `of` when the share is Beta(a, b) distributed.

    Exact: the sum of the beta-binomial probabilities. As a + b grows it is the binomial's.
    """
    if count <= 0:
        return 1.0
    if count > of:
        return 0.0
    j = count
    log_choose = lgamma(of + 1) - lgamma(j + 1) - lgamma(of - j + 1)
    term = exp(log_choose + _log_beta(j + a, of - j + b) - _log_beta(a, b))
    total = term
    while j < of:
        term *= (of - j) * (j + a) / ((j + 1) * (of - j - 1 + b))
        total += term
        j += 1
    return total


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def excess(values: Sequence[float], expected: float, error: float, spread: float) -> float:
    """Return how many standard errors the mean of `values` lies above `expected`.

    `error` is the standard error of `expected`; `spread` the standard deviation between people.
    """
    own = stdev(values) / sqrt(len(values)) if len(values) > 1 else 0.0
    return (fmean(values) - expected) / sqrt(spread**2 + own**2 + error**2)


def slow(minutes: Sequence[float], score: float, least_spread: float) -> float:
    """Return the minutes from which a time has a robust z of `score` among `minutes`.

    On the scale of log(1 + minutes), by median and MAD; `least_spread` is the least standard
    deviation on that scale that is believed.
    """
    logs = [log(1.0 + one) for one in minutes]
    middle = median(logs)
    spread = MAD_TO_SD * median(abs(one - middle) for one in logs)
    believed = spread if spread > least_spread else least_spread
    return exp(middle + score * believed) - 1.0
