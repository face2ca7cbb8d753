"""Ordinary least squares: one variance, independent rows, exact t and F (an ANCOVA)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.evidence.distributions import f_above, t_beyond, t_two_sided
from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.inference import Estimate, FTest
from assuage.refusals import Refusal, Refused

EXACT = 1e-10  # residuals this small beside the outcome are rounding


@dataclass(frozen=True)
class Ordinary:
    """A fit: estimate (p,), covariance (p, p), the residual variance and its degrees of freedom.

    `reml_criterion` is -2 times the residual log likelihood at this variance.
    """

    estimate: F
    covariance: F
    variance: float
    df: int
    reml_criterion: float


def fit(x: F, y: F) -> Ordinary:
    """Return the fit of x (n, p) of full rank, n > p, and y (n,). Raises Refused."""
    n, p = x.shape
    q, turn = np.linalg.qr(x)
    estimate = np.linalg.solve(turn, q.T @ y)
    left = y - x @ estimate
    if not float(np.abs(left).max()) > EXACT * float(np.abs(y).max()):
        raise Refused(
            Refusal.FIT_IMPOSSIBLE,
            model="least squares",
            why="the effects explain the outcome exactly, and no variance is left",
            remedy="drop a term, or check that the outcome isn't one of them",
        )
    df = n - p
    variance = float(left @ left) / df
    back = np.linalg.inv(turn)
    logs = 2.0 * float(np.log(np.abs(np.diag(turn))).sum()) - p * np.log(variance)
    criterion = df * (np.log(2.0 * np.pi) + 1.0) + n * np.log(variance) + logs
    return Ordinary(estimate, variance * back @ back.T, variance, df, float(criterion))


def estimate(fit: Ordinary, row: F, *, level: float = 0.95) -> Estimate:
    """Return a row (p,) times the effects, with Student's t."""
    value, se = float(row @ fit.estimate), float(np.sqrt(row @ fit.covariance @ row))
    t = value / se
    reach = t_beyond(1.0 - level, fit.df) * se
    p = t_two_sided(t, fit.df)
    return Estimate(value, se, float(fit.df), t, p, value - reach, value + reach)


def joint(fit: Ordinary, rows: F) -> FTest:
    """Return the F test that rows (q, p) of full rank times the effects are all zero."""
    values = rows @ fit.estimate
    between = np.linalg.solve(rows @ fit.covariance @ rows.T, values)
    found = float(values @ between) / len(rows)
    return FTest(float(len(rows)), float(fit.df), found, f_above(found, len(rows), fit.df))
