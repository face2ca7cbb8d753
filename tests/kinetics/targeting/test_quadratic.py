"""Least squares under limits, against SciPy's own solver.

source: the limits are the tests' own; 1e-7 is SciPy's tolerance and 1e-8 room for rounding.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from assuage.kinetics.targeting.quadratic import minimise


@pytest.mark.parametrize("seed", range(25))
def test_the_least_is_scipys(seed: int) -> None:
    rng = np.random.default_rng(seed)
    size, rows = int(rng.integers(1, 7)), int(rng.integers(1, 20))
    factor = rng.normal(size=(size + 3, size))
    square, linear = factor.T @ factor, 5.0 * rng.normal(size=size)
    limits = np.vstack([rng.normal(size=(rows, size)), np.eye(size), -np.eye(size)])
    bounds = np.concatenate([rng.uniform(0.0, 1.0, rows), np.ones(size), np.zeros(size)])
    ours = minimise(square, linear, limits, bounds)
    assert ours is not None
    judged = minimize(
        lambda x: x @ square @ x - 2.0 * linear @ x,
        np.zeros(size),
        jac=lambda x: 2.0 * (square @ x - linear),
        constraints={"type": "ineq", "fun": lambda x: bounds - limits @ x},
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    cost = ours @ square @ ours - 2.0 * linear @ ours
    assert (limits @ ours <= bounds + 1e-8).all()
    assert cost <= judged.fun + 1e-7 * max(1.0, abs(judged.fun))


def test_limits_that_leave_nothing_are_seen() -> None:
    limits = np.array([[1.0], [-1.0]])
    assert minimise(np.eye(1), np.ones(1), limits, np.array([-1.0, -1.0])) is None


def test_a_singular_problem_is_seen() -> None:
    assert minimise(np.zeros((2, 2)), np.ones(2), np.eye(2), np.ones(2)) is None
