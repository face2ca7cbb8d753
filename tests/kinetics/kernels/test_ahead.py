"""What is prepared piece by piece is whole, however many pieces it takes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from assuage.kinetics import exact, fast
from assuage.kinetics.exact import Push

SAME = 1e-11  # kernels beside the oracle; both round, each in its own order


@pytest.mark.parametrize("rate", [1e290, 1e305])
def test_rates_that_take_a_thousand_squarings_leave_nothing(rate: float) -> None:
    matrix, given_at = np.full((1, 1, 1), -rate), [Push(0, 0.0, np.ones(1))]
    times = np.append(0.0, 1.0 + np.arange(20))
    found = fast.solve(matrix, given_at, times, np.ones((1, 1, 1)))
    # source: the dose at once, then exp(-rate), below the least number there is
    assert_array_equal(found[0, 0], np.append(1.0, np.zeros(20)))


@pytest.mark.parametrize("patients", [1, 64, 65, 193])
def test_more_pieces_than_patients_and_fewer(patients: int) -> None:
    """A tile may be of one patient, and the next of many spans, tables and blocks."""
    rng = np.random.default_rng(patients)
    matrix = -rng.uniform(0.1, 2.0, (patients, 1, 1))
    starts = np.cumsum(rng.uniform(0.1, 0.9, 25))
    given_at = [Push(0, float(one), rng.uniform(1.0, 2.0, patients)) for one in starts]
    parts = [np.linspace(n, n + 0.9, 13 + 3 * n) for n in range(12)]
    times, weights = np.concatenate(parts), np.ones((patients, 1, 1))
    want = exact.solve(matrix, given_at, times, weights).transpose(0, 2, 1)
    assert_allclose(fast.solve(matrix, given_at, times, weights), want, rtol=SAME)


def test_a_single_time_at_the_start_needs_no_moves() -> None:
    matrix, initial = -np.ones((3, 2, 2)) * np.eye(2), np.arange(6.0).reshape(3, 2)
    found = fast.solve(matrix, [], np.zeros(1), np.ones((3, 1, 2)), initial=initial)
    assert_array_equal(found[:, 0, 0], initial.sum(axis=1))
