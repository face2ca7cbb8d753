"""The restricted likelihood of repeated measures, with exact first and second derivatives.

With P = V^-1 - V^-1 X Phi X' V^-1 and symmetric V_i = dV/dtheta_i, minus twice the restricted
log likelihood of y ~ N(X beta, V) has (Lindstrom and Bates 1988, J Am Stat Assoc 83:1014)

    value        (n - p) log 2 pi + log|V| + log|X' V^-1 X| + y' P y
    gradient_i   tr(P V_i) - y' P V_i P y
    curvature_ij -tr(P V_i P V_j) + 2 y' P V_i P V_j P y + tr(P V_ij) - y' P V_ij P y

V holds one block per person, a part of one matrix of visits, so each is a weighted sum over the
entries of that matrix; the weights are kept, and a covariance structure needs only its own
derivatives.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.patterns import Layout


@dataclass(frozen=True)
class Point:
    """The criterion at one covariance of visits, in the orthonormal basis of the layout.

    inverse (G, m, m)   V^-1 of each pattern, zero where it lacks a visit
    root (p, p)         root root' is Phi
    weighed (N, m, p)   V^-1 x root
    effects (p,)        generalised least squares; `left` (N, m) is V^-1 (y - x effects)
    """

    value: float
    inverse: F
    weighed: F
    root: F
    effects: F
    left: F


def at(layout: Layout, y: F, covariance: F) -> Point | None:
    """Return the criterion for y (N, m) at a covariance (m, m); None where it isn't definite."""
    visits = covariance.shape[0]
    seen = layout.patterns
    absent = np.zeros((len(seen), visits, visits))
    absent[:, np.arange(visits), np.arange(visits)] = ~seen
    blocks = np.where(seen[:, :, None] & seen[:, None, :], covariance, 0.0) + absent
    try:
        lower = np.linalg.cholesky(blocks)
        unwhiten = np.linalg.inv(lower)
        root_of = unwhiten[layout.which]
        white = root_of @ layout.x
        flat = white.reshape(-1, white.shape[2])
        upper = np.linalg.cholesky(flat.T @ flat)
        root = np.linalg.inv(upper).T
    except np.linalg.LinAlgError:
        return None
    plain = (root_of @ y[:, :, None])[:, :, 0]
    effects = root @ (root.T @ (flat.T @ plain.reshape(-1)))
    left = plain - (flat @ effects).reshape(plain.shape)
    people = np.diff(np.append(layout.begin, len(y)))
    rows, rank = layout.rows, flat.shape[1]
    value = (
        (rows - rank) * math.log(2.0 * math.pi)
        + 2.0 * float(people @ np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1))
        + 2.0 * float(np.log(np.diagonal(upper)).sum())
        + 2.0 * float(np.log(np.abs(np.diagonal(layout.basis))).sum())
        + float(np.vdot(left, left))
    )
    turned = root_of.transpose(0, 2, 1)
    inverse = unwhiten.transpose(0, 2, 1) @ unwhiten - absent
    return Point(
        value, inverse, turned @ (white @ root), root, effects, (turned @ left[:, :, None])[:, :, 0]
    )


@dataclass(frozen=True)
class Slopes:
    """Derivatives of the criterion by the entries of the covariance of visits.

    gradient (m, m)   its entries times those of V_i add up to gradient_i; times those of V_ij,
                      to the last two terms of curvature_ij
    outer (m^2, p^2)  row ab: weighed[a] weighed[b]' added over people
    pulled (m^2, p)   row ab: weighed[a] left[b] added over people
    observed, average (m^2, m^2)  the part of curvature and of average information between row
                      ab of V_i and column cd of V_j that goes person by person
    """

    gradient: F
    outer: F
    pulled: F
    observed: F
    average: F


def slopes(layout: Layout, point: Point) -> Slopes:
    """Return the derivatives at a point."""
    people, visits, effects = point.weighed.shape
    square = visits * visits
    fitted = layout.by_pattern(point.weighed @ point.weighed.transpose(0, 2, 1))
    residual = layout.by_pattern(point.left[:, :, None] * point.left[:, None, :])
    number = np.diff(np.append(layout.begin, people))[:, None, None]
    known = number * point.inverse
    gradient = (known - fitted - residual).sum(axis=0)
    inverse = point.inverse.reshape(-1, square)
    average = _chained(inverse, residual)
    observed = _chained(inverse, 2.0 * (residual + fitted) - known)
    wide = point.weighed.reshape(people, visits * effects)
    outer = (wide.T @ wide).reshape(visits, effects, visits, effects).transpose(0, 2, 1, 3)
    pulled = (wide.T @ point.left).reshape(visits, effects, visits).transpose(0, 2, 1)
    return Slopes(
        gradient,
        np.ascontiguousarray(outer).reshape(square, effects * effects),
        np.ascontiguousarray(pulled).reshape(square, effects),
        observed,
        average,
    )


def _chained(inverse: F, other: F) -> F:
    """Return C with sum V_i[a, b] C[ab, cd] V_j[c, d] = sum over patterns tr(V_i M V_j T)."""
    visits = other.shape[1]
    square = visits * visits
    product = inverse.T @ other.reshape(-1, square)
    chained = product.reshape(visits, visits, visits, visits).transpose(3, 0, 1, 2)
    return np.ascontiguousarray(chained).reshape(square, square)


def curvature(slopes_at: Slopes, first: F, bent: F | None) -> tuple[F, F]:
    """Return (observed, average) second derivatives (k, k) of the criterion.

    `first` (k, m^2) holds dV/dtheta_i; `bent` (k, k) is the share of d2V/dtheta_i dtheta_j, or
    None. `average` is twice the average information of Gilmour et al. (1995, Biometrics
    51:1440), never indefinite.
    """
    moved = first @ slopes_at.outer
    pulled = first @ slopes_at.pulled
    pulling = pulled @ pulled.T
    average = first @ slopes_at.average @ first.T - pulling
    observed = first @ slopes_at.observed @ first.T - moved @ moved.T - 2.0 * pulling
    observed = (observed + observed.T) / 2.0
    if bent is not None:
        observed = observed + bent
    return observed, (average + average.T) / 2.0
