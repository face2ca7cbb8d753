"""Populations past the cache and in it: the same bits wherever a row lies, beside the oracle.

source: `exact.solve`; tolerances are rounding.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from assuage.kinetics import exact, fast
from assuage.kinetics.exact import Push

SAME = 1e-10  # kernels beside the oracle; both round, each in its own order
PATIENTS = [1, 2, 7, 8, 9, 63, 64, 65, 127, 129]
TIMES = [1, 7, 8, 9, 11, 12, 63, 64, 65, 71, 72, 73, 127, 128, 129, 135, 136, 137, 200]
Asked = tuple[np.ndarray, list[Push], np.ndarray, np.ndarray]


def drawn(seed: int, patients: int, outputs: int, times: int) -> Asked:
    """Draw places, doses and times: even from 0 or later, uneven, or of two spacings."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(1, 8))
    moves = rng.random((size, size)) < rng.choice([0.2, 0.5, 1.0])
    matrix = rng.uniform(0.01, 3.0, (patients, size, size)) * (moves & ~np.eye(size, dtype=bool))
    lost = rng.uniform(0.0, 0.5, (patients, size))
    matrix[:, range(size), range(size)] = -matrix.sum(axis=1) - lost
    weights = rng.uniform(0.1, 1.0, (patients, outputs, size))
    weights *= rng.random((1, outputs, size)) < rng.choice([0.3, 1.0])
    even = np.arange(1, times + 1) / 10.0
    times_h = [
        even,
        np.arange(times) / 10.0,
        np.unique(rng.uniform(0.0, 9.0, times)),
        np.append(even, even[-1] + 0.37 * np.arange(1, 80)),
        np.append(np.sort(rng.uniform(0.0, 0.09, times % 8)), even),
    ][rng.integers(0, 5)]
    pushes = []
    for _ in range(int(rng.integers(0, 5))):
        start = float(rng.choice([0.0, 0.5, 1.0, rng.uniform(0.0, 9.0)]))
        end = None if rng.random() < 0.5 else start + float(rng.choice([0.5, 100.0, rng.random()]))
        amount = rng.uniform(0.0, 5.0, patients)
        pushes.append(Push(int(rng.integers(0, size)), start, amount, end))
    return matrix, pushes, times_h, weights


def placed(asked: Asked, before: int, past: bool, initial: np.ndarray, workers: int) -> np.ndarray:
    """Solve into a buffer that begins `before` numbers after a cache line, with canaries around."""
    matrix, pushes, times, weights = asked
    shape = (*weights.shape[:2], len(times))
    count = int(np.prod(shape))
    room = np.full(count + 32, 7.5)
    begin = -(room.ctypes.data // 8) % 8 + 8 + before
    out = room[begin : begin + count].reshape(shape)
    with pytest.MonkeyPatch.context() as patch:
        if past:
            patch.setattr(fast, "CACHED_BYTES", -1)
        fast.solve(matrix, pushes, times, weights, initial=initial, out=out, workers=workers)
    assert (room[:begin] == 7.5).all()
    assert (room[begin + count :] == 7.5).all()
    return out


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from(PATIENTS),
    st.integers(1, 3),
    st.sampled_from(TIMES),
    st.integers(0, 7),
    st.integers(1, 3),
)
def test_a_row_has_the_same_bits_wherever_it_lies(
    seed: int, patients: int, outputs: int, times: int, before: int, workers: int
) -> None:
    asked = drawn(seed, patients, outputs, times)
    rng = np.random.default_rng(seed)
    initial = rng.uniform(0.0, 3.0, asked[0].shape[:2]) * rng.integers(0, 2)
    plain = placed(asked, 0, False, initial, 1)
    assert_array_equal(placed(asked, before, False, initial, 1), plain)
    assert_array_equal(placed(asked, before, True, initial, workers), plain)
    want = exact.solve(*asked, initial=initial).transpose(0, 2, 1)
    least = 1e-6 * np.abs(want).max(axis=-1, keepdims=True)
    assert (np.abs(plain - want) <= SAME * np.maximum(np.abs(want), least)).all()


def test_a_patients_bits_do_not_depend_on_the_patients_before() -> None:
    """Each patient of an odd number of outputs begins elsewhere in a cache line."""
    rng = np.random.default_rng(4)
    matrix = np.repeat([[[-2.0, 0.7, 0.2], [1.1, -0.9, 0.1], [0.3, 0.2, -0.8]]], 9, axis=0)
    pushes = [Push(0, 0.0, np.full(9, 3.0), 1.0), Push(1, 2.0, np.full(9, 1.0))]
    weights = np.repeat(rng.uniform(0.1, 1.0, (1, 1, 3)), 9, axis=0)
    for times in (129, 257):
        found = fast.solve(matrix, pushes, np.linspace(0.0, 9.0, times), weights)
        assert_array_equal(found, np.repeat(found[:1], 9, axis=0))
