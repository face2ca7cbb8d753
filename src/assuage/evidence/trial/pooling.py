"""Rubin's rules: estimates of many completed data sets become one, with its degrees of freedom.

Source: Rubin, Multiple imputation for nonresponse in surveys, 1987, 3.1; Barnard and Rubin,
Biometrika 1999;86:948-955.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.distributions import check_level, t_beyond, t_two_sided
from assuage.evidence.trial.refused import undefined

F = NDArray[np.float64]
Degrees = Literal["barnard-rubin", "rubin"]


@dataclass(frozen=True)
class Pooled:
    """An estimate over imputed data sets, with t test and interval.

    `within` and `between` are variances. `monte_carlo_error` is the standard error that the
    number of draws leaves in `estimate`; it is 0 where nothing is drawn. A jackknife has infinite
    `df`, and `within` and `between` are NaN there.
    """

    name: str
    estimate: float
    se: float
    df: float
    t: float
    p: float
    low: float
    high: float
    within: float
    between: float
    draws: int
    monte_carlo_error: float


def pool(
    name: str,
    estimates: F,
    variances: F,
    complete_df: float,
    *,
    degrees: Degrees = "barnard-rubin",
    level: float = 0.95,
) -> Pooled:
    """Return the pooled estimate of (d,) estimates with their (d,) variances.

    `complete_df` are the residual degrees of freedom that complete data would have. `rubin` takes
    them for infinite, as SAS's PROC MIANALYZE does unless told otherwise. Raises Refused:
    NOT_ESTIMABLE.
    """
    d = len(estimates)
    if d < 2:
        raise undefined(name, "it needs two imputed data sets or more", "ask for more draws")
    within, between = float(variances.mean()), float(estimates.var(ddof=1))
    total = within + (1.0 + 1.0 / d) * between
    if not (np.isfinite(total) and total > 0.0):
        raise undefined(name, "it doesn't vary", "look for an outcome that is the same in all")
    lost = (1.0 + 1.0 / d) * between / total
    if lost > 0.0:
        old = (d - 1.0) / lost**2
        seen = (complete_df + 1.0) / (complete_df + 3.0) * complete_df * (1.0 - lost)
        df = old if degrees == "rubin" else 1.0 / (1.0 / old + 1.0 / seen)
    else:
        df = np.inf if degrees == "rubin" else complete_df
    error = float(np.sqrt(between / d))
    return judged(name, float(estimates.mean()), total, df, level, (within, between, d, error))


def judged(
    name: str,
    estimate: float,
    variance: float,
    df: float,
    level: float,
    worth: tuple[float, float, int, float],
) -> Pooled:
    """Return an estimate with its t test; `worth` are the last four fields of Pooled."""
    check_level(level)
    se = float(np.sqrt(variance))
    t = estimate / se
    # SciPy's t distribution takes no infinite df; at 1e10 it is normal to 1e-10.
    df_finite = df if np.isfinite(df) else 1e10
    reach = t_beyond(1.0 - level, df_finite) * se
    p = t_two_sided(t, df_finite)
    low, high = estimate - reach, estimate + reach
    return Pooled(name, estimate, se, float(df), t, p, low, high, *worth)
