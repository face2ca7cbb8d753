"""The Markov chains against a posterior that is known exactly.

source: the posterior of a linear mixed model is normal with precision z'z / a^2 + 1 / omega^2.
"""

from __future__ import annotations

import numpy as np
import pytest

from assuage.kinetics.saem.problem import Problem, Theta
from assuage.kinetics.saem.sampler import Chains, generator
from saem import linear

PROBLEM = linear.problem(people=6, random=(0, 1), blocks=((0, 1),))
THETA = Theta(
    np.array([1.0, -0.5]), np.array([[0.16, 0.05], [0.05, 0.09]]), np.array([0.2]), np.zeros(1)
)


def posterior(problem: Problem, theta: Theta, person: int) -> tuple[np.ndarray, np.ndarray]:
    design = linear.designs(problem)[person]
    y = np.log(problem.observed.values[person][problem.observed.used[person]])
    precision = design.T @ design / theta.additive[0] ** 2 + np.linalg.inv(theta.omega)
    pull = design.T @ y / theta.additive[0] ** 2 + np.linalg.solve(theta.omega, theta.mu)
    covariance = np.linalg.inv(precision)
    return covariance @ pull, covariance


def drawn(seed: int, rounds: int = 250, chains: int = 50) -> np.ndarray:
    run = Chains(PROBLEM, chains, generator(seed, 0))
    kept = []
    for number in range(rounds):
        run.sweep(THETA)
        if number >= 50:
            kept.append(run.phi.reshape(6, chains, 2).copy())
    return np.concatenate(kept, axis=1)


def test_draws_have_the_mean_and_covariance_of_the_posterior() -> None:
    found = drawn(1)
    for person in range(6):
        mean, covariance = posterior(PROBLEM, THETA, person)
        sd = np.sqrt(np.diagonal(covariance))
        # source: 10,000 draws, of which about one in ten counts: three of their standard errors
        assert np.abs((found[person].mean(axis=0) - mean) / sd).max() < 0.1
        scaled = np.cov(found[person].T) / np.outer(sd, sd)
        np.testing.assert_allclose(scaled, covariance / np.outer(sd, sd), atol=0.12)


def test_the_check_sees_a_posterior_that_is_off() -> None:
    """A canary: the same draws against the posterior for twice the residual error."""
    found = drawn(1, rounds=120)
    _, covariance = posterior(PROBLEM, THETA.moved(additive=np.array([0.4])), 0)
    sd = np.sqrt(np.diagonal(covariance))
    scaled = np.cov(found[0].T) / np.outer(sd, sd)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(scaled, covariance / np.outer(sd, sd), atol=0.12)


def test_the_walks_are_steered_to_useful_widths() -> None:
    run = Chains(PROBLEM, 50, generator(1, 0))
    shares = []
    for number in range(150):
        run.sweep(THETA)
        if number >= 100:
            shares.append(dict(run.accepted))
    for kernel in ("together", "alone 0", "alone 1"):
        assert 0.2 < np.mean([one[kernel] for one in shares]) < 0.55


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    assert drawn(4, rounds=55, chains=3).tobytes() == drawn(4, rounds=55, chains=3).tobytes()
    assert drawn(4, rounds=55, chains=3).tobytes() != drawn(5, rounds=55, chains=3).tobytes()
