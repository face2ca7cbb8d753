"""Conditional modes against the exact posterior of a linear mixed model."""

from __future__ import annotations

import numpy as np
import pytest

from assuage.kinetics.saem.modes import find_modes
from saem import linear
from saem.test_sampler import PROBLEM, THETA, posterior


@pytest.mark.parametrize("start", [0.0, 2.0, 50.0])
def test_modes_and_curvature_are_those_of_the_posterior(start: float) -> None:
    modes = find_modes(PROBLEM, THETA, np.full((6, 2), start))
    for person in range(6):
        mean, covariance = posterior(PROBLEM, THETA, person)
        np.testing.assert_allclose(modes.phi[person], mean, atol=2e-6)
        np.testing.assert_allclose(np.linalg.inv(modes.curvature[person]), covariance, rtol=1e-5)


def test_slopes_and_predictions_are_those_of_the_model() -> None:
    modes = find_modes(PROBLEM, THETA, np.zeros((6, 2)))
    for person, design in enumerate(linear.designs(PROBLEM)):
        used = PROBLEM.observed.used[person]
        np.testing.assert_allclose(modes.slopes[person][:, used], design.T, atol=1e-6)
        wanted = np.exp(design @ modes.phi[person])
        np.testing.assert_allclose(modes.predicted[person, used], wanted, rtol=1e-12)
