"""Which entries can differ from zero. source: tolerances are rounding."""

import numpy as np
import pytest
import systems
from scipy.linalg import expm

from assuage.kinetics.pattern import pattern_of


def joined(case: systems.Case, entering: list[int]) -> np.ndarray:
    n, size, _ = case.matrix.shape
    whole = np.zeros((n, size + len(entering), size + len(entering)))
    whole[:, :size, :size] = case.matrix
    for column, place in enumerate(entering):
        whole[:, place, size + column] = 1.0
    return whole


@pytest.mark.parametrize("seed", range(40))
def test_every_entry_that_can_differ_from_zero_has_a_slot(seed: int) -> None:
    case = systems.random_case(seed)
    entering = sorted({one[0] for one in case.pushes})
    pattern = pattern_of((case.matrix != 0.0).any(axis=0), entering)
    for whole in joined(case, entering):
        moved = expm(0.3 * whole) != 0.0
        assert not (moved & (pattern.slot < 0)).any()


@pytest.mark.parametrize("seed", range(40))
def test_the_products_make_a_matrix_product(seed: int) -> None:
    case = systems.random_case(seed)
    entering = sorted({one[0] for one in case.pushes})
    pattern = pattern_of((case.matrix != 0.0).any(axis=0), entering)
    rng = np.random.default_rng(seed)
    a, b = (np.where(pattern.slot >= 0, rng.random(pattern.slot.shape), 0.0) for _ in range(2))
    filled = pattern.slot >= 0
    x, y = a[filled], b[filled]
    found = np.array(
        [
            (x[pattern.left[p:q]] * y[pattern.right[p:q]]).sum()
            for p, q in zip(pattern.first, pattern.first[1:], strict=False)
        ]
    )
    np.testing.assert_allclose(found, (a @ b)[filled], rtol=1e-13)
    assert ((a @ b)[~filled] == 0.0).all()


def test_slots_count_up_and_the_diagonal_is_among_them() -> None:
    pattern = pattern_of(np.array([[True, True], [False, True]]), (0, 1))
    used = pattern.slot[pattern.slot >= 0]
    assert used.tolist() == list(range(pattern.slots))
    assert (pattern.diagonal == np.diagonal(pattern.slot)).all()
    assert pattern.slot[1, 0] == -1
