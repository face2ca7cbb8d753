"""Tests of fixed effects in small samples: Satterthwaite and Kenward-Roger.

"kenward-roger" follows Kenward and Roger (1997, Biometrics 53:983) with the inverse of the
observed information as covariance of the variance parameters, as SAS PROC MIXED has it. Where V
bends in its parameters their term R_ij depends on how these are chosen; "kenward-roger-linear"
leaves it out (the form of Harville and Jeske 1992, J Am Stat Assoc 87:724), and then a balanced
design gives the exact test of analysis of variance. The two are one for the unstructured
covariance and for random effects.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assuage.evidence.distributions import check_level, f_above, t_beyond, t_two_sided
from assuage.evidence.mixed.fitted import F, Fit
from assuage.refusals import Refusal, Refused

KENWARD_ROGER = "kenward-roger"
LINEAR = "kenward-roger-linear"
SATTERTHWAITE = "satterthwaite"
METHODS = (KENWARD_ROGER, LINEAR, SATTERTHWAITE)
DEPENDENT = 1e-9  # of the largest eigenvalue: a row below it follows from the others
TOO_FEW = "Kenward-Roger finds no degrees of freedom for so few people"
ALIKE = 1e-8  # degrees of freedom that differ by less are one


@dataclass(frozen=True)
class Estimate:
    """One linear combination of the effects, its t test and its interval."""

    estimate: float
    se: float
    df: float
    t: float
    p: float
    low: float
    high: float


@dataclass(frozen=True)
class FTest:
    """The test that several linear combinations are all zero."""

    df1: float
    df2: float
    F: float
    p: float


def estimate(fit: Fit, row: F, method: str, *, level: float = 0.95, null: float = 0.0) -> Estimate:
    """Return what the combination `row` (p,) is worth, tested against `null`.

    Raises Refused: VALUE_NOT_ALLOWED for the method or a level outside 0 to 1, FIT_IMPOSSIBLE
    when the row is zero.
    """
    _check(method)
    check_level(level)
    plain = float(row @ fit.covariance @ row)
    if not plain > 0.0:
        raise _untestable("a contrast is zero in every effect")
    df = _one_df(fit, row, plain)
    used = fit.covariance if method == SATTERTHWAITE else adjusted(fit, method)
    value = float(row @ fit.estimate)
    variance = float(row @ used @ row)
    if not variance > 0.0:
        raise _untestable("the adjusted variance of a contrast isn't positive")
    se = math.sqrt(variance)
    t = (value - null) / se
    half = se * t_beyond(1.0 - level, df)
    return Estimate(value, se, df, t, t_two_sided(t, df), value - half, value + half)


def joint(fit: Fit, rows: F, method: str) -> FTest:
    """Return the F test that every combination in `rows` (q, p) is zero.

    Rows that follow from others count once.
    Raises Refused: VALUE_NOT_ALLOWED for the method, FIT_IMPOSSIBLE when the rows are all zero
    or Kenward-Roger finds no degrees of freedom.
    """
    _check(method)
    basis, values = _independent(rows, fit.covariance)
    df1 = len(values)
    if method == SATTERTHWAITE:
        each = np.array(
            [_one_df(fit, row, value) for row, value in zip(basis, values, strict=True)]
        )
        df2, F = _pooled(each), float(np.mean((basis @ fit.estimate) ** 2 / values))
    else:
        df2, scale = _kenward_roger(fit, basis, values)
        used = basis @ adjusted(fit, method) @ basis.T
        effect = basis @ fit.estimate
        F = scale * float(effect @ np.linalg.solve(used, effect)) / df1
    if not F >= 0.0:
        raise _untestable("the adjusted covariance of the tested effects isn't positive")
    return FTest(float(df1), df2, F, f_above(F, df1, df2))


def adjusted(fit: Fit, method: str = KENWARD_ROGER) -> F:
    """Return Kenward and Roger's covariance (p, p) of the effects; worked out once per fit."""
    return fit.grown_linearly if method == LINEAR else fit.grown


def _check(method: str) -> None:
    if method not in METHODS:
        choices = ", ".join(METHODS)
        raise Refused(Refusal.VALUE_NOT_ALLOWED, text=method, what="test method", choices=choices)


def _untestable(why: str) -> Refused:
    remedy = f"test fewer terms at once, or use {SATTERTHWAITE}"
    return Refused(Refusal.FIT_IMPOSSIBLE, model="a test of effects", why=why, remedy=remedy)


def _one_df(fit: Fit, row: F, variance: float) -> float:
    """Return Satterthwaite's degrees of freedom of one row; Kenward-Roger's are the same."""
    reach = fit.covariance @ row
    slope = (fit.first @ reach) @ reach
    spread = float(slope @ fit.theta_covariance @ slope)
    if not spread > 0.0:
        raise _untestable("nothing of the variance of a contrast was estimated")
    return 2.0 * variance**2 / spread


def _independent(rows: F, covariance: F) -> tuple[F, F]:
    """Return combinations (q, p) of the rows that are uncorrelated, and their variances (q,)."""
    size = np.sqrt(np.einsum("qa,ab,qb->q", rows, covariance, rows))
    if not (size > 0.0).any():
        raise _untestable("nothing is asked of any effect")
    kept = rows[size > 0.0]
    values, vectors = np.linalg.eigh(kept @ covariance @ kept.T)
    used = values > DEPENDENT * values[-1]
    return vectors[:, used].T @ kept, values[used]


def _pooled(df: F) -> float:
    """Return the denominator whose F has the mean of the squared t (Fai and Cornelius 1996).

    With a t of two degrees of freedom or fewer that mean is infinite, as an F of two has it.
    """
    if np.ptp(df) < ALIKE:
        return float(df.mean())
    if not (df > 2.0).all():
        return 2.0
    total = float((df / (df - 2.0)).sum())
    return 2.0 * total / (total - len(df))


def _kenward_roger(fit: Fit, basis: F, values: F) -> tuple[float, float]:
    """Return the denominator's degrees of freedom and the factor on F (their section 3.2)."""
    rank = len(values)
    if rank == 1:
        return _one_df(fit, basis[0], float(values[0])), 1.0
    reach = basis @ fit.covariance / np.sqrt(values)[:, None]
    inside = reach @ fit.first @ reach.T  # (k, q, q)
    traces = np.trace(inside, axis1=1, axis2=2)
    first = float(traces @ fit.theta_covariance @ traces)
    flat = inside.reshape(len(inside), -1)
    second = float(np.sum(fit.theta_covariance * (flat @ flat.T)))
    number = float(rank)
    b = (first + 6.0 * second) / (2.0 * number)
    g = ((number + 1.0) * first - (number + 4.0) * second) / ((number + 2.0) * second)
    low = 3.0 * number + 2.0 * (1.0 - g)
    mean = 1.0 - second / number
    below = (low - (number - g) * b) ** 2 * (low - (number + 2.0 - g) * b)
    if not (low > 0.0 and mean > 0.0 and below > 0.0):
        raise _untestable(TOO_FEW)
    ratio = (low + g * b) * low**2 / (number * below) * mean**2
    if not ratio * number > 1.0:
        raise _untestable(TOO_FEW)
    df = 4.0 + (number + 2.0) / (number * ratio - 1.0)
    return df, df * mean / (df - 2.0)
