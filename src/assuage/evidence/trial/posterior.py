"""Draws from the posterior of a multivariate normal regression with missing values.

The prior is flat in the coefficients and |Sigma|^-(m+1+k)/2 in the covariance: Jeffreys' for
k = 0, and for k above it an inverse Wishart with k degrees of freedom whose scale has shrunk to
nothing. Where everybody's values end at some visit and have no gap before it, the posterior falls
into one ordinary regression for each visit on the covariates and the visits before, so draws are
exact and independent. Gaps are filled by Gibbs steps around that (monotone data augmentation), in
a chain for each draw that starts at the REML fit, so draws stay independent of each other.

Draw k takes its numbers from a Philox generator keyed by the seed and k, so it is the same
whatever else is drawn, where, and in what order.

Source: Schafer, Analysis of incomplete multivariate data, 1997, 6.5; Tang, Stat Med
2016;35:1971-1990 (the prior's share in each visit's degrees of freedom).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assuage.evidence.trial.normal import Normal, fit, not_estimable, patterns

F = NDArray[np.float64]
I = NDArray[np.int64]  # noqa: E741
B = NDArray[np.bool_]

SWEEPS = 30  # Gibbs steps before a draw is taken, where there are gaps


@dataclass(frozen=True)
class _Gap:
    """People with one pattern of values that has a gap: places among those with gaps."""

    people: I
    seen: I
    holes: I


@dataclass(frozen=True)
class Posterior:
    """What all draws share: y (n, m) and x (n, p), scaled; coefficients come back by `back`."""

    y: F
    x: F
    back: F  # (p, p)
    centre: F  # (m,)
    scale: F  # (m,)
    last: I  # (n,) how many visits until a person's values end
    gapped: I  # the people with gaps
    gaps: tuple[_Gap, ...]
    products: tuple[F, ...]  # by visit, of [x, y up to it] over the people without gaps
    degrees: F  # (m,)
    start: Normal

    @property
    def holes(self) -> int:
        """How many values the gaps lack."""
        return sum(len(one.people) * len(one.holes) for one in self.gaps)


def prepare(y: F, x: F, prior_df: float = 0.0) -> Posterior:
    """Return what draws need: y (n, m) NaN where missing, x (n, p) whose first column is 1.

    `prior_df` is the prior's k.

    Raises Refused: NOT_ESTIMABLE, FIT_NOT_CONVERGED.
    """
    kept = ~np.isnan(y).all(axis=1)
    y, x = y[kept], x[kept]
    (n, m), p = y.shape, x.shape[1]
    centre, scale = np.nanmean(y, axis=0), np.nanstd(y, axis=0)
    if not bool((scale > 0.0).all()):
        raise not_estimable("all values of a visit are the same")
    basis, upper = np.linalg.qr(x)
    y, x = (y - centre) / scale, basis * np.sqrt(n)
    seen = ~np.isnan(y)
    last = m - np.argmax(seen[:, ::-1], axis=1)
    many = (last[:, None] > np.arange(m)).sum(0)
    degrees = many - p + np.arange(1.0, m + 1.0) - m + prior_df
    if not bool((degrees > 0.0).all() and (many > p + np.arange(m)).all()):
        raise not_estimable("too few people were followed to the later visits")
    gapped = np.flatnonzero(seen.sum(1) < last)
    whole = np.setdiff1d(np.arange(n), gapped)
    both = np.column_stack([x, y])
    products = []
    for visit in range(m):
        part = both[whole[last[whole] > visit], : p + visit + 1]
        products.append(part.T @ part)
    return Posterior(
        *(y, x, np.linalg.inv(upper) * np.sqrt(n), centre, scale, last, gapped),
        tuple(_gap(kind, people) for kind, people in patterns(seen[gapped])),
        tuple(products),
        degrees,
        fit(y, x, np.ones((1, n))),
    )


def _gap(kind: B, people: I) -> _Gap:
    seen = np.flatnonzero(kind)
    return _Gap(people, seen, np.setdiff1d(np.arange(seen[-1]), seen))


def generator(seed: int, draw: int) -> np.random.Generator:
    """Return the generator of one draw."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, draw], dtype=np.uint64)))


def draw(posterior: Posterior, generators: list[np.random.Generator]) -> Normal:
    """Return one draw for each generator, on the scale of the values and covariates given."""
    one = posterior
    d, m, p = len(generators), one.y.shape[1], one.x.shape[1]
    rounds = SWEEPS + 1 if one.holes else 1
    numbers = p * m + m * (m - 1) // 2
    normal = np.empty((d, rounds, numbers + one.holes))
    chi = np.empty((d, rounds, m))
    for place, each in enumerate(generators):
        normal[place] = each.standard_normal((rounds, numbers + one.holes))
        chi[place] = each.chisquare(one.degrees, (rounds, m))
    filled = np.repeat(one.y[one.gapped][None], d, axis=0)
    state = Normal(
        np.repeat(one.start.coefficients, d, axis=0), np.repeat(one.start.covariance, d, axis=0)
    )
    for step in range(rounds):
        if one.holes:
            _fill(one, state, normal[:, step, numbers:], filled)
        state = _given_no_gaps(one, filled, normal[:, step, :numbers], chi[:, step])
    coefficients = one.back @ (state.coefficients * one.scale)
    coefficients[:, 0] += one.centre
    return Normal(coefficients, state.covariance * one.scale[:, None] * one.scale)


def _fill(one: Posterior, state: Normal, normal: F, filled: F) -> None:
    """Draw the values in the gaps, given all values seen; filled (d, g, m) is changed."""
    used = 0
    for gap in one.gaps:
        seen, holes = gap.seen, gap.holes
        here = state.covariance[:, holes[:, None], holes]
        across = state.covariance[:, holes[:, None], seen]
        onto = across @ np.linalg.inv(state.covariance[:, seen[:, None], seen])
        spread = np.linalg.cholesky(here - onto @ np.swapaxes(across, 1, 2))
        mean = one.x[one.gapped[gap.people]] @ state.coefficients
        rest = filled[:, gap.people[:, None], seen] - mean[:, :, seen]
        size = len(gap.people) * len(holes)
        noise = normal[:, used : used + size].reshape(-1, len(gap.people), len(holes))
        used += size
        new = mean[:, :, holes] + rest @ np.swapaxes(onto, 1, 2)
        filled[:, gap.people[:, None], holes] = new + noise @ np.swapaxes(spread, 1, 2)


def _given_no_gaps(one: Posterior, filled: F, normal: F, chi: F) -> Normal:
    """Draw coefficients and covariance, visit by visit, given that nobody has a gap."""
    d, m, p = len(chi), one.y.shape[1], one.x.shape[1]
    slopes = np.zeros((d, m, m))
    own = np.zeros((d, p, m))
    sd = np.empty((d, m))
    used = 0
    x = np.broadcast_to(one.x[one.gapped], (d, len(one.gapped), p))
    both = np.concatenate([x, filled], axis=2)
    for visit in range(m):
        k = p + visit
        part = both[:, one.last[one.gapped] > visit, : k + 1]
        products = one.products[visit] + np.swapaxes(part, 1, 2) @ part
        lower = np.linalg.cholesky(products)
        # The last row of the factor of [Z y]'[Z y] holds L^-1 Z'y and the root of the residual
        # sum of squares.
        sd[:, visit] = lower[:, k, k] / np.sqrt(chi[:, visit])
        noise = normal[:, used : used + k] * sd[:, visit, None]
        used += k
        right = (lower[:, k, :k] + noise)[:, :, None]
        found = np.linalg.solve(np.swapaxes(lower[:, :k, :k], 1, 2), right)[:, :, 0]
        own[:, :, visit] = found[:, :p]
        slopes[:, visit, :visit] = found[:, p:]
    total = np.linalg.inv(np.eye(m) - slopes)  # unit lower triangular
    root = total * sd[:, None, :]
    return Normal(own @ np.swapaxes(total, 1, 2), root @ np.swapaxes(root, 1, 2))
