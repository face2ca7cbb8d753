"""A multivariate normal regression with missing values, fitted by REML, many weightings at once.

Each person's values at m visits are normal about x'B, with one covariance matrix in every arm:
the model `y ~ visit * x` with an unstructured covariance. It is fitted by the EM algorithm in
which the fixed effects are missing data too, which climbs the REML likelihood. Only cross
products by pattern of missing values enter, so a step costs the same however many people there
are, and all leave-one-out fits of a jackknife are made as one array.

Source: Dempster, Laird and Rubin, J R Stat Soc B 1977;39:1-38 (EM); Laird and Ware, Biometrics
1982;38:963-974 (EM for REML).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.refusals import Refusal, Refused

F = NDArray[np.float64]
I = NDArray[np.int64]  # noqa: E741
B = NDArray[np.bool_]

MOST_STEPS = 5000
NEAR = 1e-10  # change of the covariance in a step, in standard deviations
LEVERAGE = 1e-9  # how far from 1 a person's leverage must stay to be left out


@dataclass(frozen=True)
class Normal:
    """Coefficients (d, p, m) and covariance (d, m, m) for d weightings of the people."""

    coefficients: F
    covariance: F


def patterns(seen: B) -> list[tuple[B, I]]:
    """Return each pattern of seen visits, (m,), with the people who have it; seen is (n, m)."""
    kinds, which = np.unique(seen, axis=0, return_inverse=True)
    which = which.reshape(-1)
    return [(kind, np.flatnonzero(which == number)) for number, kind in enumerate(kinds)]


def check(y: F, x: F) -> None:
    """Refuse what no such model can be fitted to: y (n, m) NaN where missing, x (n, p).

    Raises Refused: NOT_ESTIMABLE.
    """
    m, p = y.shape[1], x.shape[1]
    if not bool(np.isfinite(x).all()) or bool(np.isinf(y).any()):
        raise not_estimable("a covariate is missing or a value is infinite")
    for visit in range(m):
        seen = ~np.isnan(y[:, visit])
        part = x[seen]
        if len(part) < p + m or np.linalg.matrix_rank(part) < p:
            why = (
                f"at visit {visit + 1} of {m} the {len(part)} values seen don't tell the "
                f"{p} effects and {m} visits apart"
            )
            raise not_estimable(why)


def not_estimable(why: str) -> Refused:
    """Return the refusal of an imputation model."""
    return Refused(
        Refusal.NOT_ESTIMABLE,
        what="the imputation model",
        why=why,
        remedy="take covariates or visits out of it, or join small arms",
    )


@dataclass(frozen=True)
class _Sums:
    """Weighted cross products of the people of one pattern, for d weightings."""

    seen: I  # indices of the visits that the pattern has
    many: F  # (d,)
    xx: F  # (d, p, p)
    xy: F  # (d, p, o)
    yy: F  # (d, o, o)


def fit(y: F, x: F, weights: F) -> Normal:
    """Return the REML fit for each row of `weights`, (d, n), which are 0 or 1.

    Raises Refused: NOT_ESTIMABLE, FIT_NOT_CONVERGED.
    """
    sums = [
        _sums(y[people][:, kind], x[people], weights[:, people], np.flatnonzero(kind))
        for kind, people in patterns(~np.isnan(y))
        if kind.any()
    ]
    people = np.sum([one.many for one in sums], axis=0)
    covariance = np.repeat(np.diag(np.nanvar(y, axis=0))[None], len(weights), axis=0)
    try:
        for _ in range(MOST_STEPS):
            coefficients, new = _step(sums, covariance, people)
            sd = np.sqrt(np.einsum("djj->dj", new))
            moved = np.abs(new - covariance) / (sd[:, :, None] * sd[:, None, :])
            covariance = new
            if not bool((moved > NEAR).any()):
                break
        else:
            raise _not_converged(float(moved.max()))
        np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise not_estimable("the covariance of the visits is singular") from error
    if not bool(np.isfinite(covariance).all()):
        raise not_estimable("the covariance of the visits is not finite")
    return Normal(coefficients, covariance)


def _not_converged(moved: float) -> Refused:
    return Refused(
        Refusal.FIT_NOT_CONVERGED,
        why=f"the imputation model still moved by {moved:.1e} after {MOST_STEPS} steps",
        remedy="use fewer visits or covariates; too little was seen of some pair of visits",
    )


def _sums(y: F, x: F, weights: F, seen: I) -> _Sums:
    def weighted(left: F, right: F) -> F:
        products = (left[:, :, None] * right[:, None, :]).reshape(len(left), -1)
        found: F = (weights @ products).reshape(len(weights), left.shape[1], right.shape[1])
        return found

    return _Sums(seen, weights.sum(1), weighted(x, x), weighted(x, y), weighted(y, y))


def _step(sums: list[_Sums], covariance: F, people: F) -> tuple[F, F]:
    """Return the generalised least squares fit at a covariance, and the next covariance."""
    d, m, _ = covariance.shape
    p = sums[0].xx.shape[1]
    information = np.zeros((d, p, m, p, m))
    right = np.zeros((d, p, m))
    inverses = []
    for one in sums:
        inverse = np.linalg.inv(covariance[:, one.seen[:, None], one.seen])
        inverses.append(inverse)
        block = one.xx[:, :, None, :, None] * inverse[:, None, :, None, :]
        information[:, :, one.seen[:, None, None], np.arange(p)[:, None], one.seen] += block
        right[:, :, one.seen] += one.xy @ inverse
    spread = np.linalg.inv(information.reshape(d, p * m, p * m))
    coefficients = (spread @ right.reshape(d, p * m, 1)).reshape(d, p, m)
    spread = spread.reshape(d, p, m, p, m)
    total = np.zeros_like(covariance)
    for one, inverse in zip(sums, inverses, strict=True):
        own = coefficients[:, :, one.seen]
        cross = np.swapaxes(own, 1, 2) @ one.xy
        residual = one.yy - cross - np.swapaxes(cross, 1, 2)
        residual += np.swapaxes(own, 1, 2) @ one.xx @ own
        part = spread[:, :, one.seen][:, :, :, :, one.seen]
        residual += np.einsum("dajbk,dab->djk", part, one.xx)
        onto = covariance[:, :, one.seen] @ inverse
        rest = covariance - onto @ covariance[:, one.seen, :]
        total += onto @ residual @ np.swapaxes(onto, 1, 2) + one.many[:, None, None] * rest
    return coefficients, total / people[:, None, None]


def left_out(x: F, y: F) -> F:
    """Return the weights, (n, n), of the fits that leave each person out in turn.

    Raises Refused: NOT_ESTIMABLE where one person alone carries an effect at some visit.
    """
    for visit in range(y.shape[1]):
        people = np.flatnonzero(~np.isnan(y[:, visit]))
        basis, _ = np.linalg.qr(x[people])
        leverage = (basis**2).sum(1)
        if not bool((leverage < 1.0 - LEVERAGE).all()):
            worst = int(people[leverage.argmax()])
            why = f"person {worst} alone carries an effect at visit {visit + 1}"
            raise not_estimable(why)
    return 1.0 - np.eye(len(x))
