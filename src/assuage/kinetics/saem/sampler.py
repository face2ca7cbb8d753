"""Draws random effects given the data: three Metropolis-Hastings kernels, every set at once.

Kuhn and Lavielle, Comput Stat Data Anal 2005;49:1020: proposals from the population itself, a
random walk in all directions, and a random walk one direction at a time. The walks' widths adapt
to the share of proposals that is accepted. A set is one person in one chain, and each kernel asks
for all sets in one prediction.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from assuage.kinetics.exact import Array
from assuage.kinetics.saem.problem import Index, Problem, Theta
from assuage.kinetics.saem.residual import Residual, residual_of

WANTED_TOGETHER, WANTED_ALONE = 0.3, 0.4  # shares accepted that the walks are steered to
ADAPTATION = 0.4
PRIOR_ROUNDS, TOGETHER_ROUNDS, ALONE_ROUNDS = 2, 2, 2


def generator(seed: int, stream: int) -> np.random.Generator:
    """Return a counter-based generator: one for each seed and use."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, stream], dtype=np.uint64)))


def log_likelihood(
    problem: Problem, rows: Residual, theta: Theta, phi: Array, subject: Index
) -> Array:
    """Return (sets,) log p(y | phi); minus infinity where a parameter leaves what numbers hold."""
    psi, held = problem.held_psi(theta.mu, phi, subject)
    found = rows.log_likelihood(problem.predict(psi, subject), theta)
    return np.where(held, found, -np.inf)


@dataclass
class Chains:
    """Where every chain of every person stands: phi = mu + eta (sets, random)."""

    problem: Problem
    chains: int
    rng: np.random.Generator
    subject: Index = field(init=False)
    rows: Residual = field(init=False)
    phi: Array = field(init=False)
    width_alone: Array = field(init=False)
    width_together: float = 0.3
    accepted: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.subject = np.repeat(np.arange(self.problem.people), self.chains)
        self.rows = residual_of(self.problem).take(self.subject)
        theta = self.problem.start
        center = theta.mu[list(self.problem.random)]
        noise = self.rng.standard_normal((len(self.subject), len(center)))
        self.phi = center + noise @ np.linalg.cholesky(theta.omega).T
        self.width_alone = np.full(len(center), 0.5)

    def sweep(self, theta: Theta) -> Array:
        """Move every set through the three kernels; return (sets,) log p(y | phi)."""
        root = np.linalg.cholesky(theta.omega)
        inverse: Array = np.asarray(np.linalg.inv(theta.omega), dtype=np.float64)
        center = theta.mu[list(self.problem.random)]
        level = log_likelihood(self.problem, self.rows, theta, self.phi, self.subject)
        sets, width = self.phi.shape
        for _ in range(PRIOR_ROUNDS):
            new = center + self.rng.standard_normal((sets, width)) @ root.T
            level = self._step(theta, "prior", new, level, np.zeros(sets))
        sd = np.sqrt(np.diagonal(theta.omega))
        for _ in range(TOGETHER_ROUNDS):
            new = self.phi + self.rng.standard_normal((sets, width)) * sd * self.width_together
            level = self._step(theta, "together", new, level, self._prior(new, center, inverse))
            gap = self.accepted["together"] - WANTED_TOGETHER
            self.width_together *= 1.0 + ADAPTATION * gap
        for _ in range(ALONE_ROUNDS):
            for place in range(width):
                new = self.phi.copy()
                new[:, place] += (
                    self.rng.standard_normal(sets) * sd[place] * self.width_alone[place]
                )
                change = self._prior(new, center, inverse)
                level = self._step(theta, f"alone {place}", new, level, change)
                gap = self.accepted[f"alone {place}"] - WANTED_ALONE
                self.width_alone[place] *= 1.0 + ADAPTATION * gap
        return level

    def _prior(self, new: Array, center: Array, inverse: Array) -> Array:
        """Return (sets,) log p(new) - log p(phi) of the population."""
        before, after = self.phi - center, new - center
        return np.asarray(
            0.5 * (((before @ inverse) * before).sum(1) - ((after @ inverse) * after).sum(1))
        )

    def _step(self, theta: Theta, kernel: str, new: Array, level: Array, change: Array) -> Array:
        """Accept or keep, set by set. `change` is what the target gains beside the data."""
        found = log_likelihood(self.problem, self.rows, theta, new, self.subject)
        with np.errstate(divide="ignore"):
            threshold = np.log(self.rng.random(len(level)))
        gain = np.where(np.isneginf(found), -np.inf, found + change)
        yes = threshold < gain - np.where(np.isneginf(level), -1e300, level)
        self.phi[yes] = new[yes]
        self.accepted[kernel] = float(yes.mean())
        return np.where(yes, found, level)
