"""Draws against posteriors known otherwise: closed form, a grid, and simulation itself.

source: tolerances are a few standard errors of the number of draws.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from assuage.kinetics.individual.course import Batch, Course, Error
from assuage.kinetics.individual.mode import find, laplace, objective
from assuage.kinetics.individual.sampling import Draws, draw, prior_draws

from .patients import ADULT, INFUSION, exact_readings, levels_batch


def drawn(batch: Batch, effects: int, draws: int = 2000, seed: int = 1, **more: bool) -> Draws:
    mode = find(batch.predicted, batch.readings, effects)
    spread, _ = laplace(batch.predicted, batch.readings, mode)
    return draw(batch.predicted, batch.readings, mode, spread, draws=draws, seed=seed, **more)


def test_a_straight_line_with_normal_error_has_its_closed_form() -> None:
    random = np.random.default_rng(4)
    slope, y = random.normal(size=(6, 3)), random.normal(size=(1, 6))
    readings = exact_readings(y, 0.4)

    def forward(z: np.ndarray, _: np.ndarray) -> np.ndarray:
        return z @ slope.T

    mode = find(forward, readings, 3)
    spread, _ = laplace(forward, readings, mode)
    found = draw(forward, readings, mode, spread, draws=20_000, seed=1)
    cov = np.linalg.inv(np.eye(3) + slope.T @ slope / 0.16)
    assert_allclose(found.mean()[0], cov @ slope.T @ y[0] / 0.16, atol=0.02)
    assert_allclose(found.covariance()[0], cov, rtol=0.08, atol=0.002)
    marginal = 0.16 * np.eye(6) + slope @ slope.T
    log_density = -0.5 * (y[0] @ np.linalg.solve(marginal, y[0]) + np.linalg.slogdet(marginal)[1])
    assert found.log_evidence[0] == pytest.approx(log_density, abs=0.05)


def test_two_effects_agree_with_a_grid() -> None:
    batch, _ = levels_batch(1, 8, Error(proportional=0.3), ("CL", "V1"))
    axis = np.linspace(-6.0, 6.0, 301)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    who = np.zeros(len(grid), dtype=np.intp)
    mass = np.exp(-0.5 * objective(batch.predicted, batch.readings, grid, who))
    mass /= mass.sum()
    mean = mass @ grid
    cov = (grid - mean).T @ ((grid - mean) * mass[:, None])
    found = drawn(batch, 2, 20_000)
    assert_allclose(found.mean()[0], mean, atol=0.03)
    assert_allclose(found.covariance()[0], cov, rtol=0.06, atol=0.01)


def test_without_data_the_draws_are_the_priors_own() -> None:
    batch = Batch(levels_batch(1, 1)[0].setting, [Course(ADULT, INFUSION)])
    found = drawn(batch, 5)
    assert (found.z[0] == prior_draws(1, 2000, 5)).all()
    assert found.size[0] == 2000
    assert (found.weight == found.weight[0, 0]).all()


def test_the_same_seed_gives_the_same_draws_whoever_stands_beside() -> None:
    batch, _ = levels_batch(20, 9)
    whole = drawn(batch, 5)
    again = drawn(batch, 5)
    other = drawn(batch, 5, seed=2)
    alone = drawn(Batch(batch.setting, [batch.courses[7]]), 5)
    assert (whole.z == again.z).all()
    assert (whole.picked(500, 1) == again.picked(500, 1)).all()
    assert not (whole.z == other.z).any()
    assert_allclose(alone.z[0], whole.z[7], atol=1e-6)
    assert_allclose(alone.size[0], whole.size[7], rtol=1e-3)


def test_numpy_and_kernels_draw_alike() -> None:
    batch, _ = levels_batch(3, 10)
    fast, plain = drawn(batch, 5, 400, kernels=True), drawn(batch, 5, 400, kernels=False)
    assert_allclose(fast.weight, plain.weight, rtol=1e-8, atol=1e-14)


def test_resampling_keeps_what_the_weights_say() -> None:
    batch, _ = levels_batch(5, 11)
    found = drawn(batch, 5)
    picked = found.picked(2000, 1)
    for k in range(5):
        assert_allclose(found.z[k, picked[k]].mean(axis=0), found.mean()[k], atol=0.03)


def test_a_poor_proposal_is_moved_until_it_serves() -> None:
    """A reading at the far end of a bent curve: the first proposal sits beside the mass."""
    readings = exact_readings(np.array([[1.0]]), 0.02)

    def ring(z: np.ndarray, _: np.ndarray) -> np.ndarray:
        return (0.25 * (z * z).sum(axis=1) + 0.2 * z[:, 0])[:, None]

    mode = find(ring, readings, 2)
    spread, _ = laplace(ring, readings, mode)
    found = draw(ring, readings, mode, spread, draws=2000, seed=1)
    assert found.rounds[0] > 1
    assert found.size[0] < 2000


def test_truths_drawn_from_the_prior_rank_evenly_among_the_draws() -> None:
    """Simulation-based calibration (Talts 2018): ranks are uniform if and only if all is right."""
    patients = 400
    batch, truth = levels_batch(patients, 12, Error(additive=0.002, proportional=0.2))
    found = drawn(batch, 5, 1000)
    below = ((found.z < truth[:, None, :]) * found.weight[..., None]).sum(axis=1)
    for effect in range(5):
        counts = np.histogram(below[:, effect], bins=10, range=(0.0, 1.0))[0]
        chi = float(((counts - patients / 10) ** 2 / (patients / 10)).sum())
        assert chi < 33.7  # source: chi-squared with 9 degrees of freedom, 1e-4
    inside = ((below > 0.05) & (below < 0.95)).mean(axis=0)
    assert (np.abs(inside - 0.9) < 4.0 * np.sqrt(0.09 / patients)).all()


def test_the_calibration_test_can_fail() -> None:
    """Canary: a fit that believes half of the error there is puts truths at the ends."""
    patients = 400
    batch, truth = levels_batch(patients, 12, Error(additive=0.002, proportional=0.2))
    batch.readings.proportional[:] *= 0.5
    found = drawn(batch, 5, 1000)
    below = ((found.z < truth[:, None, :]) * found.weight[..., None]).sum(axis=1)
    counts = np.histogram(below[:, 0], bins=10, range=(0.0, 1.0))[0]
    assert ((counts - patients / 10) ** 2 / (patients / 10)).sum() > 33.7  # source: as above
