"""Draws from the posterior: importance sampling from a multivariate t about the mode.

A draw is z = centre + C t, with t from a t distribution with 5 degrees of freedom (heavier tails
than the posterior's, so that no weight runs away) and C C' the proposal's covariance. Its weight
is posterior over proposal. Where the effective sample size stays under ENOUGH of the draws, the
proposal is moved to the weighted mean and covariance, widened, and drawn from again, ROUNDS times
at most; the round with the largest size is kept.

The t's come from a counter keyed by the seed and the round, and are the same for every patient:
the same data and seed give the same draws whichever patients stand beside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from assuage.kinetics.exact import Array
from assuage.kinetics.individual.mode import Forward, Mode, Places, objective
from assuage.kinetics.individual.readings import Readings
from assuage.kinetics.population import uniforms
from assuage.kinetics.portable import normal_quantile

FREEDOM = 5  # of the t distribution
ENOUGH = 0.2  # effective draws, as a share of all
ROUNDS = 4
WIDER = 1.3  # covariance of a moved proposal, times the weighted one's
AT_ONCE = 16_384  # parameter sets in one call


@dataclass(frozen=True)
class Draws:
    """Weighted draws from each patient's posterior.

    z (patients, draws, effects); weight (patients, draws), summing to one; size (patients,) the
    effective sample size 1 / sum(weight**2); log_evidence (patients,) the log of the data's
    density under the prior, up to the constant that `readings` leaves out; rounds (patients,)
    how often the proposal was drawn from.
    """

    z: Array
    weight: Array
    size: Array
    log_evidence: Array
    rounds: Array

    def mean(self) -> Array:
        """Return the posterior means, (patients, effects)."""
        return np.asarray(np.einsum("pd,pde->pe", self.weight, self.z))

    def covariance(self) -> Array:
        """Return the posterior covariances, (patients, effects, effects)."""
        return _covariance(self.z, self.weight)

    def picked(self, draws: int, seed: int) -> NDArray[np.intp]:
        """Return (patients, draws) numbers of draws to keep as equals: systematic resampling."""
        out = np.empty((len(self.z), draws), dtype=np.intp)
        steps = (uniforms(seed, "posterior resample", 1)[0] + np.arange(draws)) / draws
        for place, weight in enumerate(self.weight):
            total = np.cumsum(weight)
            out[place] = np.searchsorted(total / total[-1], steps)
        return out


def _covariance(z: Array, weight: Array) -> Array:
    middle = np.einsum("pd,pde->pe", weight, z)
    gap = z - middle[:, None, :]
    return np.asarray((gap * weight[..., None]).transpose(0, 2, 1) @ gap)


def draw(
    forward: Forward,
    readings: Readings,
    mode: Mode,
    covariance: Array,
    *,
    draws: int,
    seed: int,
    kernels: bool | None = None,
) -> Draws:
    """Draw from the posterior of each patient, about its mode with the covariance found there.

    A patient without a measurement is drawn from the prior itself, with equal weights.
    """
    patients, effects = mode.z.shape
    z = np.empty((patients, draws, effects))
    weight = np.empty((patients, draws))
    size, evidence = np.zeros(patients), np.zeros(patients)
    rounds = np.zeros(patients)
    bare = ~readings.present.any(axis=1)
    if bare.any():
        z[bare] = prior_draws(seed, draws, effects)
        weight[bare], size[bare] = 1.0 / draws, float(draws)
    centre, spread = mode.z.copy(), covariance.copy()
    left = np.nonzero(~bare)[0]
    for number in range(ROUNDS):
        for some in np.array_split(left, max(1, math.ceil(len(left) * draws / AT_ONCE))):
            found = _round(
                forward,
                readings,
                some,
                (centre[some], spread[some]),
                _students(seed, number, draws, effects),
                kernels,
            )
            rounds[some] += 1
            for row, one in enumerate(some):
                if found.size[row] > size[one]:
                    z[one], weight[one] = found.z[row], found.weight[row]
                    size[one], evidence[one] = found.size[row], found.log_evidence[row]
        left = left[~(size[left] >= ENOUGH * draws)]
        left = left[size[left] > 0.0]
        if not len(left):
            break
        centre[left] = np.einsum("pd,pde->pe", weight[left], z[left])
        fresh = _covariance(z[left], weight[left]) * WIDER
        spread[left] = fresh + 0.05 * covariance[left]  # few effective draws: never flat
    return Draws(z, weight, size, evidence, rounds)


def _round(
    forward: Forward,
    readings: Readings,
    some: Places,
    proposal: tuple[Array, Array],
    t: Array,
    kernels: bool | None,
) -> Draws:
    """Draw once for some patients from t distributions with these centres and covariances."""
    if not len(some):
        return Draws(np.empty((0, 0, 0)), *(np.empty((0, 0)),) * 4)
    centre, spread = proposal
    patients, (draws, effects) = len(some), t.shape
    factor = np.linalg.cholesky(spread)
    z = centre[:, None, :] + t @ factor.transpose(0, 2, 1)
    who = np.repeat(some, draws)
    flat = z.reshape(-1, effects)
    fit = -0.5 * objective(forward, readings, flat, who, kernels=kernels).reshape(patients, draws)
    distance = (t * t).sum(axis=1)
    log_t = -0.5 * (FREEDOM + effects) * np.log1p(distance / FREEDOM) + _log_constant(effects)
    log_t = log_t - np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)[:, None]
    log_weight = fit - 0.5 * effects * math.log(2.0 * math.pi) - log_t
    log_weight = np.where(np.isfinite(log_weight), log_weight, -np.inf)
    highest = log_weight.max(axis=1, keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0.0)
    weight = np.exp(log_weight - highest)
    total = weight.sum(axis=1, keepdims=True)
    evidence = np.log(np.maximum(total, 1e-300) / draws) + highest
    weight = np.where(total > 0.0, weight / np.maximum(total, 1e-300), 0.0)
    squares = (weight**2).sum(axis=1)
    size = np.where(squares > 0.0, 1.0 / np.maximum(squares, 1e-300), 0.0)
    return Draws(z, weight, size, evidence[:, 0], np.ones(patients))


def _log_constant(effects: int) -> float:
    """Return the log of a standard multivariate t's density at its centre."""
    top = math.lgamma(0.5 * (FREEDOM + effects)) - math.lgamma(0.5 * FREEDOM)
    return top - 0.5 * effects * math.log(FREEDOM * math.pi)


def prior_draws(seed: int, draws: int, effects: int) -> Array:
    """Return (draws, effects) of the prior: what a patient without measurements is drawn from."""
    flat = uniforms(seed, "individual prior", draws * effects)
    return normal_quantile(flat).reshape(draws, effects)


@lru_cache(maxsize=8)
def _students(seed: int, number: int, draws: int, effects: int) -> Array:
    """Return (draws, effects) of a standard t: normals over the root of a chi-squared's mean.

    With 5 degrees of freedom the chi-squared is -2 log of two uniforms and a squared normal.
    """
    flat = uniforms(seed, f"posterior round {number}", draws * (effects + 3)).reshape(draws, -1)
    normal = normal_quantile(flat[:, 2:])
    chi = normal[:, -1] ** 2 - 2.0 * np.log(flat[:, 0] * flat[:, 1])
    return normal[:, :-1] * np.sqrt(FREEDOM / chi)[:, None]
