"""The mesh and the falling bound are the oracle's. source: `turnover.fineness`, its NumPy twin."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from assuage.kinetics import fast_turnover as fast
from assuage.kinetics import turnover as to
from assuage.kinetics.exact import Push
from assuage.kinetics.turnover import TurnoverRates


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 7), st.integers(1, 70), st.integers(0, 4))
def test_random_patients_have_the_oracles_mesh_and_bound(
    seed: int, size: int, patients: int, doses: int
) -> None:
    """Patients drive from other places than those beside them, or from none; some get nothing."""
    rng = np.random.default_rng(seed)
    moves = rng.random((patients, size, size)) < rng.choice([0.3, 0.9])
    matrix = 10.0 ** rng.uniform(-2.0, 1.0, (patients, size, size))
    matrix *= moves & ~np.eye(size, dtype=bool)
    lost = rng.uniform(0.01, 2.0, (patients, size))
    matrix[:, range(size), range(size)] = -matrix.sum(axis=1) - lost
    weights = rng.uniform(0.1, 1.0, (patients, size)) * (rng.random((patients, size)) < 0.5)
    pushes = []
    for _ in range(doses):
        start = float(rng.choice([0.0, 0.5, rng.uniform(0.0, 5.0)]))
        end = None if rng.random() < 0.5 else start + float(rng.choice([0.5, rng.uniform(0.1, 9)]))
        amount = rng.uniform(0.0, 50.0, patients) * (rng.random(patients) < 0.8)
        pushes.append(Push(int(rng.integers(0, size)), start, amount, end))
    some = lambda low, high: rng.uniform(low, high, patients)  # noqa: E731
    rates = TurnoverRates(
        some(0.1, 9.0), some(-1.0, 4.0), 10.0 ** some(-3.0, 1.0), some(-1.0, 4.0),
        10.0 ** some(-2.0, 1.0), rng.choice([0.5, 1.0, 2.0, 5.0], patients), some(0.0, 9.0),
    )  # fmt: skip
    mesh, bound = fast.fineness(matrix, pushes, weights, rates)
    assert_array_equal(mesh, to.fineness(matrix, pushes, weights, rates))
    assert_allclose(bound, to.falling_bound(matrix, weights), rtol=1e-9)
