"""The checks of a fit, where they can be known.

source: the definitions in checks.py, and the exact linear mixed model.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assuage.kinetics.saem.checks import check, simulate
from assuage.kinetics.saem.estimate import Path
from assuage.kinetics.saem.fit import Fit, judged
from assuage.kinetics.saem.problem import Theta, coordinates, unpack
from saem import linear

PROBLEM = linear.problem(people=60)


def at(problem: object, theta: Theta, seed: int = 1) -> Fit:
    """Return a fit that stands at given values, without a search."""
    assert isinstance(problem, type(PROBLEM))
    start = np.tile(theta.mu[list(problem.random)], (problem.people, 1))
    path = Path(theta, coordinates(problem), np.zeros((1, 1)), 0, 0, 1, {}, start)
    return judged(problem, path, seed)


BEST = at(PROBLEM, unpack(PROBLEM, linear.exact(PROBLEM)))
FOUND = check(BEST, replicates=400)


def test_conditional_residuals_of_a_linear_model_are_its_marginal_ones() -> None:
    """source: for a linear model E = design mu and V = z omega z' + a^2, whatever the mode."""
    theta = BEST.theta
    for person, design in enumerate(linear.designs(PROBLEM)):
        used = PROBLEM.observed.used[person]
        away = np.log(PROBLEM.observed.values[person][used]) - design @ theta.mu
        z = design[:, :1]
        covariance = z @ theta.omega @ z.T + theta.additive[0] ** 2 * np.eye(len(away))
        values, vectors = np.linalg.eigh(covariance)
        wanted = vectors @ ((vectors.T @ away) / np.sqrt(values))
        np.testing.assert_allclose(FOUND.cwres[person][used], wanted, atol=1e-4)


def test_predictions_and_residuals_belong_together() -> None:
    used = PROBLEM.observed.used
    apart = np.log(PROBLEM.observed.values) - np.log(FOUND.individual)
    np.testing.assert_allclose(FOUND.iwres[used], (apart / BEST.theta.additive[0])[used])
    assert np.isnan(FOUND.iwres[~used]).all()
    assert np.isnan(FOUND.npde[~used]).all()
    wanted = 1.0 - FOUND.eta.std(axis=0) / np.sqrt(np.diagonal(BEST.theta.omega))
    np.testing.assert_allclose(FOUND.eta_shrinkage, wanted)
    assert 0.0 < FOUND.eta_shrinkage[0] < 0.2
    assert 0.0 < FOUND.residual_shrinkage[0] < 0.3


def test_distribution_errors_are_standard_normal_for_a_true_model_and_not_for_a_false_one() -> None:
    used = PROBLEM.observed.used
    found = FOUND.npde[used]
    # source: 228 samples: 0.2 is three standard errors of a mean and four of an SD
    assert abs(found.mean()) < 0.2
    assert found.std() == pytest.approx(1.0, abs=0.2)
    off = BEST.theta.moved(mu=BEST.theta.mu + np.array([0.5, 0.0]))
    false = check(at(PROBLEM, off), replicates=200).npde[used]
    assert abs(false.mean()) > 0.2


def test_simulated_people_have_the_moments_of_the_model() -> None:
    theta = BEST.theta
    drawn = np.log(simulate(PROBLEM, theta, 500, seed=3)[:, 1:5])  # people with every sample
    x = linear.designs(PROBLEM)[1][:, 1]
    mean = theta.mu[0] + x * theta.mu[1]
    np.testing.assert_allclose(drawn.mean(axis=(0, 1)), mean, atol=0.05)
    variance = theta.omega[0, 0] + theta.additive[0] ** 2
    np.testing.assert_allclose(drawn.var(axis=(0, 1)), variance, rtol=0.05)
    assert simulate(PROBLEM, theta, 2, 3).tobytes() == simulate(PROBLEM, theta, 2, 3).tobytes()


def test_a_sample_below_quantification_has_no_residual() -> None:
    below = np.zeros_like(PROBLEM.observed.used)
    below[1, 0] = True
    observed = replace(PROBLEM.observed, censored=below)
    found = check(at(replace(PROBLEM, observed=observed), BEST.theta), replicates=50)
    for one in (found.iwres, found.cwres, found.npde):
        assert np.isnan(one[1, 0])
        assert np.isfinite(one[1, 1])
