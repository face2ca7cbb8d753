"""What is kept of patients that stream past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from assuage.kinetics import tally
from assuage.kinetics.tally import Counting, Shape, follow, share_of

TIMES_H = np.array([0.0, 1.0, 3.0, 4.0])


def test_a_course_by_straight_lines() -> None:
    """source: geometry. A rise from 0 to 4 in an hour, held for two, and a fall to 0 in one."""
    levels = np.array([0.0, 4.0, 4.0, 0.0]).reshape(1, 1, 4)
    courses, over = follow(levels, TIMES_H, np.array([1.0, 4.0, 3.0]))
    assert_allclose(courses[0, 0], [4.0, 1.0, 12.0, 3.5, 0.0, 2.5], rtol=1e-15)
    assert_array_equal(over[0], [[0, 1, 1, 0], [0, 0, 0, 0], [0, 1, 1, 0]])


def test_a_fine_grid_finds_the_hours_over_a_threshold() -> None:
    """source: c exp(-k t) is over a threshold until ln(c / threshold) / k."""
    times_h = np.linspace(0.0, 10.0, 2001)
    start, rate = np.array([[2.0], [0.5], [9.0]]), np.array([[0.7], [0.3], [0.2]])
    levels = (start * np.exp(-rate * times_h))[:, None, :]
    courses, over = follow(levels, times_h, np.array([0.4]))
    until_h = np.log(start / 0.4) / rate
    step_h = times_h[1]
    assert_allclose(courses[:, 0, 3], np.minimum(until_h[:, 0], 10.0), atol=step_h / 100.0)
    assert_array_equal(over[0, 0], (levels[:, 0] > 0.4).sum(axis=0))
    assert_allclose(courses[:, 0, 0], start[:, 0], rtol=1e-15)


def counted(levels: np.ndarray, thresholds: np.ndarray) -> tally.Tally:
    shape = Shape(levels.shape[1], levels.shape[2], len(thresholds))
    counting = Counting(shape, TIMES_H, thresholds)
    counting.add(levels)
    return counting.done()


def test_patients_over_a_threshold_at_any_time_are_counted_once() -> None:
    random = np.random.default_rng(1)
    levels = random.lognormal(0.0, 1.0, (500, 2, 4))
    thresholds = np.array([0.5, 2.0])
    found = counted(levels, thresholds)
    for k in range(2):
        for one, threshold in enumerate(thresholds):
            assert found.peaks_over[k, one] == (levels[:, k] > threshold).any(axis=1).sum()
            assert_array_equal(found.over[k, one], (levels[:, k] > threshold).sum(axis=0))
    peaks, _ = found.courses.quantiles((0.5,))
    median = np.quantile(levels[:, 0].max(axis=1), 0.5, method="inverted_cdf")
    assert_allclose(peaks[0, 0], median, rtol=2.0**-9)


def test_halves_make_the_whole() -> None:
    levels = np.random.default_rng(2).lognormal(0.0, 1.0, (90, 2, 4))
    thresholds = np.array([1.0])
    whole = counted(levels, thresholds)
    one, two = counted(levels[:31], thresholds), counted(levels[31:], thresholds)
    assert one.merged(two).equals(whole)
    assert two.merged(one).equals(whole)
    assert tally.empty(whole.shape).merged(whole).equals(whole)
    assert not one.merged(one).equals(whole)  # the canary
    for name, array in tally.arrays(whole).items():
        if name in ("over", "peaks_over"):
            assert not replace(whole, **{name: array + 1}).equals(whole)
    with pytest.raises(ValueError, match="different things"):
        whole.merged(tally.empty(Shape(2, 4, 2)))


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_an_interval_is_wilsons(count: int, of: int, low: float, high: float) -> None:
    """source: Newcombe RG, Stat Med 1998;17:857, table I, method 3."""
    found = share_of(count, of)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert found.share == count / of
    turned = share_of(of - count, of)
    assert (1.0 - turned.high, 1.0 - turned.low) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("count", "of"), [(-1, 5), (6, 5), (0, 0)])
def test_what_is_no_share_is_refused(count: int, of: int) -> None:
    with pytest.raises(ValueError, match="not a share"):
        share_of(count, of)


def test_one_time_has_no_area_and_no_hours() -> None:
    courses, over = follow(np.array([[[3.0]]]), np.array([0.5]), np.array([1.0]))
    assert courses[0, 0].tolist() == [3.0, 0.5, 0.0, 0.0]  # source: nothing lies between one time
    assert over.tolist() == [[[1]]]
