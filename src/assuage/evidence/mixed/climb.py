"""The least of the restricted criterion, by Newton's method with a guarded step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.evidence.mixed import criterion
from assuage.evidence.mixed.covariance import Structure
from assuage.evidence.mixed.criterion import Point
from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.patterns import Layout

MOST = 100  # steps
LEVEL = 1e-7  # standard errors: how far the optimum may still be, in any parameter
LEAST_STEP = 2.0**-30
SUFFICIENT = 1e-4  # share of the promised gain that a step must bring (Armijo 1966)
SINGULAR = 1e-9  # smallest eigenvalue of the correlations of visits
EDGE = 1e-5  # the same, where no step is left: a Toeplitz matrix ends between definite and not
DEAD = 1e-12  # root of a parameter's own curvature, of the largest: below it there is none
FLAT = 1e-10  # smallest eigenvalue of the information of scaled parameters
FLOOR = 1e-3  # the same of the average information, where the observed has none to go by
ROUNDING = 1e-11  # of the criterion
LONGEST = 4.0  # step of a free number near nought; one that runs away may double each time


@dataclass(frozen=True)
class Climb:
    """Where the search ended.

    inverse (k, k)  the inverse of the observed information, at an optimum
    weak            which parameters (k,), or visits (m,), the data leave open
    """

    free: F
    point: Point
    iterations: int
    slope: float
    outcome: str  # "optimum", "singular", "flat" or "slow"
    weak: F | None = None
    inverse: F | None = None


def least(layout: Layout, y: F, structure: Structure, start: F) -> Climb:
    """Return the least of the criterion for y (N, m), from a start (k,)."""
    free = start
    point = criterion.at(layout, y, structure.covariance(free))
    if point is None:
        raise ArithmeticError("the start has no criterion")  # a start is definite by its making
    slope, iteration = np.inf, 0
    for iteration in range(MOST):
        gradient, observed, average = derivatives(layout, structure, free, point)
        step, slope, weak, inverse = guarded(gradient, observed, average)
        if slope <= LEVEL and weak is not None:
            return Climb(free, point, iteration, slope, "flat", weak)
        if slope <= LEVEL:
            return Climb(free, point, iteration, slope, "optimum", inverse=inverse)
        moved = _move(layout, y, structure, free, point, step, float(gradient @ step))
        free, point = moved if moved is not None else (free, point)
        thin = _thin(structure.covariance(free), SINGULAR if moved is not None else EDGE)
        if thin is not None:
            return Climb(free, point, iteration + 1, slope, "singular", thin)
        if moved is None:
            break
    return Climb(free, point, iteration + 1, slope, "slow")


def derivatives(layout: Layout, structure: Structure, free: F, point: Point) -> tuple[F, F, F]:
    """Return gradient (k,), observed and average second derivatives (k, k)."""
    slopes = criterion.slopes(layout, point)
    first = structure.first(free)
    bent = structure.bent(free, slopes.gradient)
    observed, average = criterion.curvature(slopes, first, bent)
    return first @ slopes.gradient.reshape(-1), observed, average


def guarded(gradient: F, observed: F, average: F) -> tuple[F, float, F | None, F]:
    """Return step (k,), scaled gradient, flattest direction (k,) if any, inverse information.

    Where the observed curvature isn't positive the average information serves, with a floor
    under its eigenvalues; it never is negative.
    """
    size = np.sqrt(np.maximum(np.maximum(np.diagonal(observed), np.diagonal(average)), 0.0))
    size = np.where(size > DEAD * size.max(), size, size.max())
    values, vectors = np.linalg.eigh(observed / (size[:, None] * size))
    weak = None if values[0] > FLAT else np.abs(vectors[:, 0])
    if weak is not None:
        values, vectors = np.linalg.eigh(average / (size[:, None] * size))
        values = np.maximum(values, FLOOR)
    half = vectors / np.sqrt(values) / size[:, None]
    inverse = np.asarray(2.0 * half @ half.T)  # the criterion is minus twice a log likelihood
    slope = np.max(np.abs(gradient) * np.sqrt(np.diagonal(inverse))) / 2.0
    return -inverse @ gradient / 2.0, float(slope), weak, inverse


def _move(
    layout: Layout, y: F, structure: Structure, free: F, point: Point, step: F, gain: float
) -> tuple[F, Point] | None:
    """Return the first of ever shorter steps that lowers the criterion enough, or None."""
    share = 1.0 / max(1.0, float(np.max(np.abs(step) / (LONGEST + np.abs(free)))))
    blur = ROUNDING * (1.0 + abs(point.value))
    while share > LEAST_STEP:
        candidate = free + share * step
        there = criterion.at(layout, y, structure.covariance(candidate))
        if there is not None and there.value <= point.value + SUFFICIENT * share * gain + blur:
            return candidate, there
        share /= 2.0
    return None


def _thin(covariance: F, least: float) -> F | None:
    """Return the share (m,) of each visit in what all but determines them, if anything does."""
    spread = np.sqrt(np.diagonal(covariance))
    if not spread.min() > SINGULAR * spread.max():
        return np.asarray((spread <= SINGULAR * spread.max()).astype(np.float64))
    values, vectors = np.linalg.eigh(covariance / (spread[:, None] * spread))
    return None if values[0] > least else np.asarray(np.abs(vectors[:, 0]))
