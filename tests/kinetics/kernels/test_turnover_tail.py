"""What is left once a drive is over: past the cache or in it, wherever a row lies, the same bits.

source: `turnover.solve`, its NumPy twin.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from assuage.kinetics import fast_turnover as fast
from assuage.kinetics import turnover as to
from assuage.kinetics.exact import Push
from assuage.kinetics.turnover import TurnoverRates

SAME = 1e-9  # where a drive is over is asked less often than by the oracle
TIMES = [15, 16, 17, 23, 24, 63, 64, 65, 71, 72, 73, 79, 127, 128, 129, 135, 136, 137, 200, 321]


def rates(patients: int) -> TurnoverRates:
    rng = np.random.default_rng(9)
    loss = rng.uniform(0.01, 0.1, patients)
    one = np.ones(patients)
    return TurnoverRates(7.0 * loss, 0.5 * one, loss, 3.0 * one, 0.4 * one, one, 5.0 * one)


def course(patients: int, times_h: np.ndarray, before: int, past: bool, workers: int) -> np.ndarray:
    """Solve into a buffer that begins `before` numbers after a cache line, with canaries around."""
    matrix, weights = np.full((patients, 1, 1), -3.0), np.ones((patients, 1))
    pushes = [Push(0, 0.0, np.ones(patients)), Push(0, 40.0, np.ones(patients), 41.0)]
    count = patients * len(times_h)
    room = np.full(count + 32, 7.5)
    begin = -(room.ctypes.data // 8) % 8 + 8 + before
    out = room[begin : begin + count].reshape(patients, -1)
    with pytest.MonkeyPatch.context() as patch:
        if past:
            patch.setattr(fast, "CACHED_BYTES", -1)
        fast.solve(matrix, pushes, times_h, weights, rates(patients), out=out, workers=workers)
    assert (room[:begin] == 7.5).all()
    assert (room[begin + count :] == 7.5).all()
    if before == 0:
        want = to.solve(matrix, pushes, times_h, weights, rates(patients))
        assert_allclose(out, want, rtol=SAME)
    return out


@pytest.mark.parametrize("times", TIMES)
def test_a_tail_has_the_same_bits_wherever_it_lies(times: int) -> None:
    times_h = np.append(30.0 / times * np.arange(times), 50.0 + np.arange(times))
    plain = course(3, times_h, 0, False, 1)
    for before in range(8):
        assert_array_equal(course(3, times_h, before, True, 1), plain)


def test_threads_change_no_bits_past_the_cache() -> None:
    """Threads take parts of the buffer, and each decides by its part's size."""
    times_h = np.linspace(0.0, 60.0, 601)
    plain = course(131, times_h, 0, False, 1)
    for workers in (1, 2, 3):
        assert_array_equal(course(131, times_h, 5, True, workers), plain)
