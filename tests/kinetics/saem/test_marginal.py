"""The likelihood by importance sampling against quadrature and against an exact one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_t, norm

from assuage.kinetics.saem.marginal import FREEDOM, Marginal, draw_t
from assuage.kinetics.saem.modes import find_modes
from assuage.kinetics.saem.problem import Observations, Problem, Theta, pack, unpack
from assuage.kinetics.saem.sampler import generator
from saem import linear

TIMES = np.array([0.5, 1.0, 2.0, 4.0, 8.0])


def bolus(censored: bool) -> Problem:
    """One compartment, a bolus of 100 mg, elimination that varies: not linear in eta."""
    rng = np.random.default_rng(8)
    rate = 0.4 * np.exp(0.5 * rng.standard_normal(12))
    exact = 100.0 / 20.0 * np.exp(-rate[:, None] * TIMES)
    y = np.abs(exact + 0.2 * rng.standard_normal(exact.shape))
    below = (y < 0.3) & censored
    observed = Observations(
        np.where(below, 0.3, y), y > 0.0, np.zeros(y.shape, dtype=np.intp), below
    )
    return Problem(
        names=("k", "V"),
        logit=np.zeros(2, dtype=bool),
        offset=np.zeros((12, 2)),
        estimated=(0, 1),
        random=(0,),
        blocks=(),
        forms=("combined",),
        observed=observed,
        predict=lambda psi, _: 100.0 / psi[:, 1:] * np.exp(-psi[:, :1] * TIMES),
        start=Theta(np.log([0.35, 22.0]), np.eye(1) * 0.3, np.array([0.2]), np.array([0.1])),
    )


def by_quadrature(problem: Problem, theta: Theta) -> np.ndarray:
    """Return (people,) log likelihoods by the trapezoid rule on a fine grid of eta."""
    sd = float(np.sqrt(theta.omega[0, 0]))
    eta = np.linspace(-9.0 * sd, 9.0 * sd, 6001)
    rate, volume = np.exp(theta.mu[0] + eta), np.exp(theta.mu[1])
    found = []
    for y, below in zip(problem.observed.values, problem.observed.censored, strict=True):
        f = 100.0 / volume * np.exp(-rate[:, None] * TIMES)
        spread = np.hypot(theta.additive[0], theta.proportional[0] * f)
        each = np.where(below, norm.logcdf(y, f, spread), norm.logpdf(y, f, spread))
        density = np.exp(each.sum(axis=1)) * norm.pdf(eta, 0.0, sd)
        found.append(np.log(np.trapezoid(density, eta)))
    return np.array(found)


@pytest.mark.parametrize("censored", [False, True])
def test_the_likelihood_of_one_random_effect_is_that_of_quadrature(censored: bool) -> None:
    problem = bolus(censored)
    theta = problem.start
    assert problem.observed.censored.any() == censored
    modes = find_modes(problem, theta, np.full((12, 1), theta.mu[0]))
    marginal = Marginal(problem, theta, modes, seed=1)
    level, wanted = marginal.level(theta), by_quadrature(problem, theta)
    assert abs(level.log_likelihood - wanted.sum()) < 4.0 * level.error
    assert 0.0 < level.error < 0.1  # source: 1,500 draws a person, nearly all of them effective
    assert level.effective > 500.0  # source: of 1,500
    elsewhere = theta.moved(mu=theta.mu + 0.1, omega=theta.omega * 1.2)
    moved = marginal.level(elsewhere)
    far = by_quadrature(problem, elsewhere).sum()
    assert abs(moved.log_likelihood - far) < 4.0 * moved.error
    assert abs(level.log_likelihood - far) > 10.0 * level.error  # a canary: the tolerance can fail


@pytest.mark.parametrize("random", [(0,), (0, 1)])
def test_slopes_and_information_are_those_of_the_exact_likelihood(random: tuple[int, ...]) -> None:
    blocks = ((0, 1),) if len(random) > 1 else ()
    problem = linear.problem(random=random, blocks=blocks)
    packed = linear.exact(problem) + 0.02
    theta = unpack(problem, packed)
    modes = find_modes(problem, theta, np.tile(theta.mu[list(random)], (problem.people, 1)))
    marginal = Marginal(problem, theta, modes, seed=1)
    score, information = marginal.slopes(theta)
    wanted = linear.exact_information(problem, packed)
    scale = np.sqrt(np.outer(np.diagonal(wanted), np.diagonal(wanted)))
    np.testing.assert_allclose(information / scale, wanted / scale, atol=0.03)
    level = marginal.level(theta)
    assert abs(level.log_likelihood - linear.log_likelihood(problem, theta)) < 4.0 * level.error
    step = 1e-4
    for place in range(len(packed)):
        ends = []
        for sign in (1.0, -1.0):
            moved = packed.copy()
            moved[place] += sign * step
            ends.append(linear.log_likelihood(problem, unpack(problem, moved)))
        slope = (ends[0] - ends[1]) / (2.0 * step)
        # source: a tenth of a standard error in the estimate, by far enough for NEAR
        assert abs(score[place] - slope) < 0.1 * np.sqrt(wanted[place, place])


def test_what_is_remembered_changes_nothing() -> None:
    problem = bolus(censored=False)
    theta = problem.start
    modes = find_modes(problem, theta, np.full((12, 1), theta.mu[0]))
    warm = Marginal(problem, theta, modes, seed=1)
    warm.slopes(theta)
    moved = unpack(problem, pack(problem, theta) + 0.01)
    cold = Marginal(problem, theta, modes, seed=1)
    assert warm.individual(moved).tobytes() == cold.individual(moved).tobytes()
    other = Marginal(replace(problem), theta, modes, seed=2)
    assert other.individual(moved).tobytes() != cold.individual(moved).tobytes()


def test_draws_of_t_have_the_density_of_t() -> None:
    mean, covariance = np.array([[1.0, -2.0]]), np.array([[[0.5, 0.2], [0.2, 0.3]]])
    found = draw_t(generator(1, 0), mean, covariance, 20_000)
    law = multivariate_t(mean[0], covariance[0], df=FREEDOM)
    np.testing.assert_allclose(found.log_density[0], law.logpdf(found.phi[0]), rtol=1e-9)
    spread = np.cov(found.phi[0].T) * (FREEDOM - 2.0) / FREEDOM
    np.testing.assert_allclose(spread, covariance[0], atol=0.05)
