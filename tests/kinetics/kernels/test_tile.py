"""64 exponentials at once, beside the one-by-one ones. source: tolerances are rounding."""

import numpy as np
import pytest
import systems

from assuage.kinetics import exact
from assuage.kinetics.kernels.tile import LANES, WORKS, exponential
from assuage.kinetics.pattern import pattern_of


def by_kernel(matrices: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return exp(matrix x span) of up to 64 matrices, through the kernel."""
    pattern = pattern_of((matrices != 0.0).any(axis=0), ())
    rows, columns = np.nonzero(pattern.slot >= 0)
    tile, span_h = np.zeros((pattern.slots, LANES)), np.zeros(LANES)
    tile[:, : len(matrices)] = matrices[:, rows, columns].T
    span_h[: len(matrices)] = spans
    tile = tile.ravel()
    counts = (pattern.left, pattern.right, pattern.diagonal)
    left, right, diagonal = (one.astype(np.uint64) * np.uint64(LANES) for one in counts)
    work = np.zeros((WORKS, tile.size))
    exponential(tile, span_h, work, pattern.first.astype(np.uint64), left, right, diagonal)
    out = np.zeros_like(matrices)
    out[:, rows, columns] = tile.reshape(-1, LANES)[:, : len(matrices)].T
    return out


@pytest.mark.parametrize("seed", range(30))
def test_every_entry_keeps_its_relative_accuracy(seed: int) -> None:
    matrices = systems.random_case(seed, 64).matrix
    spans = 10.0 ** np.random.default_rng(seed).uniform(-3.0, 1.0, 64)
    found = by_kernel(matrices, spans)
    for one, span, got in zip(matrices, spans, found, strict=True):
        wanted = exact.transition(one[None], float(span))[0]
        np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-300)


def test_a_lane_is_the_same_whatever_the_others_hold() -> None:
    """Others of any size, so that each would ask for another scaling."""
    matrices = systems.random_case(9, 64).matrix
    spans = 10.0 ** np.linspace(-3.0, 1.5, 64)
    whole = by_kernel(matrices, spans)
    for lane in (0, 17, 63):
        assert (by_kernel(matrices[lane : lane + 1], spans[lane : lane + 1]) == whole[lane]).all()


def test_no_time_moves_nothing() -> None:
    matrices = systems.random_case(9, 5).matrix
    found = by_kernel(matrices, np.zeros(5))
    assert (found == np.eye(matrices.shape[1])).all()
