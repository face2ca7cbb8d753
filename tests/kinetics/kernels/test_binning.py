"""The kernels of the sketch give the very bits of their NumPy twins."""

from __future__ import annotations

import numpy as np
import pytest

from assuage.kinetics import sketch, tally
from assuage.kinetics.kernels import binning
from assuage.kinetics.tally import Counting, Shape, Tally

TIMES_H = np.sort(np.random.default_rng(3).uniform(0.0, 9.0, 70))
THRESHOLDS = np.array([0.05, 0.2, 5.0])
OUTPUTS = 2


def levels(patients: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    found = random.lognormal(-2.0, 1.0, (patients, OUTPUTS, len(TIMES_H)))
    found[:, 0, :3] = 0.0
    found[::7, 1, 10] = 0.0  # zero, too little and too much among what is within range
    found[1::7, 1, 11] = 1e-30
    found[2::7, 1, 12] = 1e9
    found[3, 1, 20:25] = THRESHOLDS[0]  # just at a threshold is not over it
    found[4] = 0.0
    found[5] = found[5, :, :1]  # flat
    return found


def tallied(chunks: list[np.ndarray]) -> Tally:
    shape = Shape(OUTPUTS, len(TIMES_H), len(THRESHOLDS))
    counting = Counting(shape, TIMES_H, THRESHOLDS)
    for chunk in chunks:
        counting.add(chunk)
    return counting.done()


def test_kernels_and_numpy_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    chunks = [levels(40, 1), levels(17, 2), levels(90, 3)]
    assert sketch.has_kernels()
    by_kernels = tallied(chunks)
    for module in (sketch, tally):
        monkeypatch.setattr(module, "has_kernels", lambda: False)
    monkeypatch.setattr(binning, "count", None)  # would fail if it were called
    by_numpy = tallied(chunks)
    assert by_kernels.equals(by_numpy)


def test_a_course_that_differs_in_its_last_bit_is_seen() -> None:
    """The canary: NumPy's own pairwise sum of the area is not what the kernel adds up."""
    chunk = levels(400, 4)
    courses, _ = tally.follow(chunk, TIMES_H, THRESHOLDS)
    pairwise = np.trapezoid(chunk, TIMES_H, axis=2)
    np.testing.assert_allclose(courses[:, :, 2], pairwise, rtol=1e-12)
    assert (courses[:, :, 2] != pairwise).any()


def test_a_sketch_of_many_rows_crosses_every_tile() -> None:
    """source: counting by np.unique, bin after bin."""
    rows = int(binning.TILE) * 2 + 5
    values = np.random.default_rng(5).lognormal(0.0, 2.0, (50, rows))
    filling = sketch.Filling(rows)
    filling.add(values)
    found = filling.done()
    for row, start in enumerate(found.starts[:-1]):
        place, times = np.unique(sketch.bins(values[:, row].view(np.uint64)), return_counts=True)
        mine = found.counts[start : start + found.width[row]]
        assert mine.nonzero()[0].tolist() == (place - found.low[row]).tolist()
        assert mine[mine > 0].tolist() == times.tolist()
