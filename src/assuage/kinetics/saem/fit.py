"""One population fit from beginning to end: estimates, their errors, and whether it got there.

SAEM runs, the likelihood around its end is computed by importance sampling, and a Newton step on
that likelihood says how far the maximum still is, in standard errors. While it is too far SAEM
starts over from there and goes on for longer, up to a limit. The step is a measure and is never
taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.saem.estimate import Path, Progress, Search, Settings, unseen
from assuage.kinetics.saem.marginal import Level, Marginal
from assuage.kinetics.saem.modes import Modes, find_modes
from assuage.kinetics.saem.problem import Mask, Problem, Theta, coordinates, pack

NEAR = 0.25  # standard errors from the maximum: the interval then keeps its level within 1 %
CONTINUATIONS = 3
FEWEST_EFFECTIVE = 10.0  # draws; below it the likelihood of that person isn't known


@dataclass(frozen=True)
class Fit:
    """What a fit found. Arrays (coordinates,) are on the scale of `pack`.

    away      distance to the maximum in standard errors; NaN where there is no standard error
    error     standard errors; NaN where the data don't bound the coordinate
    """

    problem: Problem
    theta: Theta
    names: tuple[str, ...]
    packed: Array
    covariance: Array
    error: Array
    away: Array
    level: Level
    modes: Modes
    path: Path
    seed: int

    @property
    def bounded(self) -> bool:
        """Whether every estimate has a standard error."""
        return bool(np.isfinite(self.error).all())

    @property
    def converged(self) -> bool:
        """Whether the maximum was reached, as far as the errors can tell."""
        near = bool((np.abs(self.away[np.isfinite(self.away)]) <= NEAR).all())
        return near and self.bounded and self.level.effective >= FEWEST_EFFECTIVE


def fit(problem: Problem, settings: Settings, progress: Progress = unseen) -> Fit:
    """Fit a population. The same problem, settings and seed give the same bytes."""
    search = Search(problem, settings)
    found = judged(problem, search.run(settings.smoothing, progress), settings.seed)
    for number in range(CONTINUATIONS):
        if found.converged:
            break
        search.start_over()
        path = search.run(settings.smoothing * (number + 2), progress)
        found = judged(problem, path, settings.seed)
    return found


def judged(problem: Problem, path: Path, seed: int) -> Fit:
    """Return the end of a path with its errors, its likelihood and how far the maximum is."""
    modes = find_modes(problem, path.theta, path.phi)
    marginal = Marginal(problem, path.theta, modes, seed)
    score, information = marginal.slopes(path.theta)
    covariance, bounded = _inverse(information)
    error = np.where(bounded, np.sqrt(np.where(bounded, np.diagonal(covariance), 1.0)), np.nan)
    away = covariance @ np.where(bounded, score, 0.0) / error
    return Fit(
        problem,
        path.theta,
        coordinates(problem),
        pack(problem, path.theta),
        covariance,
        error,
        away,
        marginal.level(path.theta),
        modes,
        path,
        seed,
    )


def _inverse(information: Array) -> tuple[Array, Mask]:
    """Return the covariance, and which coordinates the data bound.

    A direction along which the likelihood doesn't fall has no standard error, nor has any
    coordinate with a share in it; the others keep theirs given that those stay where they are.
    """
    size = len(information)
    covariance = np.full((size, size), 0.0)
    bounded: Mask = np.asarray(np.isfinite(information).all(axis=1))
    while bounded.any():
        inner = information[np.ix_(bounded, bounded)]
        values, vectors = np.linalg.eigh(inner)
        if values[0] > 1e-6:
            covariance[np.ix_(bounded, bounded)] = np.linalg.inv(inner)
            break
        worst = np.nonzero(bounded)[0][int(np.abs(vectors[:, 0]).argmax())]
        bounded[worst] = False
    return covariance, bounded
