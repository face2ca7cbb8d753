"""The likelihood of the population values, by importance sampling, and its curvature.

For fixed draws phi from a proposal q around each person's mode,

    log L(theta) = sum over people of log mean over draws of p(y | phi, theta) p(phi | theta) / q

is a smooth function of theta whose Monte-Carlo error is known. Its slopes and curvature by
differences, with the draws held, give the distance to the maximum and the observed Fisher
information, with no linearisation of the model. The proposal is a multivariate t at the mode, then
a second one at the weighted mean and covariance of the first one's draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lgamma

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.saem.modes import Modes
from assuage.kinetics.saem.problem import Problem, Theta, pack, unpack
from assuage.kinetics.saem.residual import residual_of
from assuage.kinetics.saem.sampler import generator

FREEDOM = 5.0  # degrees of freedom of the t: heavier tails than any posterior here
FIRST_DRAWS = 200
MOST_NUMBERS = 3_000_000  # people x draws x places held at once
FEWEST_DRAWS, MOST_DRAWS = 300, 1500
PROBE = 2e-3  # on the scale of `pack`, for differences


@dataclass(frozen=True)
class Proposal:
    """Draws phi (people, draws, random) and their log density (people, draws)."""

    phi: Array
    log_density: Array


@dataclass(frozen=True)
class Level:
    """The log likelihood, its Monte-Carlo SD, and the fewest effective draws of any person."""

    log_likelihood: float
    error: float
    effective: float
    draws: int


def draw_t(rng: np.random.Generator, mean: Array, covariance: Array, draws: int) -> Proposal:
    """Draw from a multivariate t for each person: mean (people, d), covariance (people, d, d)."""
    people, width = mean.shape
    root = np.linalg.cholesky(covariance)
    z = rng.standard_normal((people, draws, width))
    shrink = rng.chisquare(FREEDOM, (people, draws)) / FREEDOM
    phi = mean[:, None] + np.einsum("ide,ise->isd", root, z) / np.sqrt(shrink)[..., None]
    distance = (z**2).sum(axis=-1) / shrink
    scale = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    constant = lgamma((FREEDOM + width) / 2.0) - lgamma(FREEDOM / 2.0)
    constant -= 0.5 * width * np.log(FREEDOM * np.pi)
    tail = -0.5 * (FREEDOM + width) * np.log1p(distance / FREEDOM)
    return Proposal(phi, constant - scale[:, None] + tail)


class Marginal:
    """The likelihood as a function of the population values, over one set of draws."""

    def __init__(self, problem: Problem, theta: Theta, modes: Modes, seed: int) -> None:
        self.problem = problem
        self.rows = residual_of(problem).spread()
        rng = generator(seed, 1)
        places = problem.observed.values.shape[1]
        wanted = MOST_NUMBERS // (problem.people * places)
        self.draws = int(min(max(wanted, FEWEST_DRAWS), MOST_DRAWS))
        first = draw_t(
            rng, modes.phi, np.asarray(np.linalg.inv(modes.curvature), dtype=float), FIRST_DRAWS
        )
        mean, covariance = self._moments(theta, first)
        self.proposal = draw_t(rng, mean, covariance, self.draws)
        self._predicted: dict[bytes, Array] = {}
        self._data: dict[bytes, Array] = {}

    def _moments(self, theta: Theta, proposal: Proposal) -> tuple[Array, Array]:
        """Return the weighted mean and covariance of draws, person by person."""
        predicted = self._predict(theta, proposal.phi)
        log_weight = self.rows.log_likelihood(predicted, theta) - proposal.log_density
        log_weight += self._population(theta, proposal.phi)
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        mean = np.einsum("is,isd->id", weight, proposal.phi)
        away = proposal.phi - mean[:, None]
        covariance = np.einsum("is,isd,ise->ide", weight, away, away)
        # Few effective draws give a covariance that is too narrow; the population's share keeps
        # the proposal wider than the posterior.
        return mean, 1.1 * covariance + 0.01 * theta.omega

    def _predict(self, theta: Theta, phi: Array) -> Array:
        people, draws, width = phi.shape
        subject = np.repeat(np.arange(people), draws)
        psi, held = self.problem.held_psi(theta.mu, phi.reshape(-1, width), subject)
        predicted = self.problem.predict(psi, subject)
        predicted[~held] = np.nan
        return predicted.reshape(people, draws, -1)

    def _population(self, theta: Theta, phi: Array) -> Array:
        """Return (people, draws) log p(phi | theta)."""
        away = phi - theta.mu[list(self.problem.random)]
        root = np.linalg.cholesky(theta.omega)
        inverse = np.linalg.inv(theta.omega)
        distance = ((away @ inverse) * away).sum(axis=-1)
        scale = np.log(np.diagonal(root)).sum() + 0.5 * len(root) * np.log(2.0 * np.pi)
        return np.asarray(-0.5 * distance - scale)

    def _given(self, theta: Theta) -> Array:
        """Return (people, draws) log p(y | phi, theta), remembered while little changes."""
        steady = theta.mu[list(self.problem.steady)].tobytes()
        key = steady + theta.additive.tobytes() + theta.proportional.tobytes()
        if key not in self._data:
            if steady not in self._predicted:
                _forget(self._predicted)
                self._predicted[steady] = self._predict(theta, self.proposal.phi)
            _forget(self._data)
            self._data[key] = self.rows.log_likelihood(self._predicted[steady], theta)
        return self._data[key]

    def log_weights(self, theta: Theta) -> Array:
        """Return (people, draws) log of p(y | phi) p(phi) / q."""
        given = self._given(theta)
        return given + self._population(theta, self.proposal.phi) - self.proposal.log_density

    def individual(self, theta: Theta) -> Array:
        """Return (people,) log likelihoods."""
        weights = self.log_weights(theta)
        most = weights.max(axis=1)
        return np.asarray(most + np.log(np.exp(weights - most[:, None]).mean(axis=1)))

    def level(self, theta: Theta) -> Level:
        """Return the log likelihood with its Monte-Carlo error."""
        weights = self.log_weights(theta)
        ratio = np.exp(weights - weights.max(axis=1, keepdims=True))
        mean = ratio.mean(axis=1)
        variance = ratio.var(axis=1) / self.draws / mean**2
        effective = ratio.sum(axis=1) ** 2 / (ratio**2).sum(axis=1)
        total = float(self.individual(theta).sum())
        return Level(total, float(np.sqrt(variance.sum())), float(effective.min()), self.draws)

    def slopes(self, theta: Theta) -> tuple[Array, Array]:
        """Return the score (c,) and the observed information (c, c) on the scale of `pack`.

        Differences are taken steady parameter by steady parameter and residual by residual, so
        that predictions and densities are remembered between neighbours.
        """
        center = pack(self.problem, theta)
        wanted = _points(len(center))
        order = sorted(wanted, key=lambda one: self._group(one))
        found = {one: self._at(center, one) for one in order}
        size = len(center)
        middle = found[()]
        score, curvature = np.zeros(size), np.zeros((size, size))
        for a in range(size):
            up, down = found[((a, 1),)], found[((a, -1),)]
            score[a] = (up - down) / (2.0 * PROBE)
            curvature[a, a] = (up - 2.0 * middle + down) / PROBE**2
            for b in range(a):
                crossed = [found[((b, s), (a, t))] * s * t for s in (1, -1) for t in (1, -1)]
                curvature[a, b] = curvature[b, a] = sum(crossed) / (4.0 * PROBE**2)
        return score, -curvature

    def _at(self, center: Array, moves: tuple[tuple[int, int], ...]) -> float:
        packed = center.copy()
        for place, sign in moves:
            packed[place] += sign * PROBE
        return float(self.individual(unpack(self.problem, packed)).sum())

    def _group(self, moves: tuple[tuple[int, int], ...]) -> tuple[object, ...]:
        """Return what to sort by: what is dearest to change comes first."""
        estimated = self.problem.estimated
        steady = {n for n, one in enumerate(estimated) if one in self.problem.steady}
        first_residual = len(estimated) + len(self.problem.random) + len(self.problem.pairs)
        dear = tuple(one for one in moves if one[0] in steady)
        middle = tuple(one for one in moves if one[0] >= first_residual)
        return dear, middle, moves


def _points(size: int) -> list[tuple[tuple[int, int], ...]]:
    """Return the moves that a central difference of second order needs."""
    found: list[tuple[tuple[int, int], ...]] = [()]
    found += [((a, s),) for a in range(size) for s in (1, -1)]
    found += [
        ((b, s), (a, t)) for a in range(size) for b in range(a) for s in (1, -1) for t in (1, -1)
    ]
    return found


def _forget(kept: dict[bytes, Array]) -> None:
    """Leave room for one more: the oldest but the first goes, since neighbours share the first."""
    while len(kept) > 2:
        kept.pop(list(kept)[1])
