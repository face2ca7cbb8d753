"""The mode is the posterior's own: SciPy's optimiser and closed forms are the judges.

source: tolerances are the engine's stated ones; nothing here is a recorded number.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from assuage.kinetics.exact import Array
from assuage.kinetics.individual.course import Batch, Course, Error, Measurement
from assuage.kinetics.individual.mode import find, laplace, objective

from .patients import ADULT, INFUSION, TIMES, course_of, exact_readings, levels_batch

ERRORS = [
    Error(proportional=0.15),
    Error(additive=0.01, proportional=0.1),
    Error(additive=0.25, log=True),
    Error(additive=0.05),
]


@pytest.mark.parametrize("error", ERRORS, ids=["proportional", "both", "log", "additive"])
def test_the_optimum_is_scipys(error: Error) -> None:
    batch, _ = levels_batch(4, 1, error)
    mode = find(batch.predicted, batch.readings, 5)
    assert mode.found.all()
    for k in range(4):

        def of(z: Array, k: int = k) -> float:
            return float(objective(batch.predicted, batch.readings, z[None], np.array([k]))[0])

        best = min(
            minimize(of, start, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-8}).fun
            for start in (np.zeros(5), mode.z[k])
        )
        assert mode.objective[k] == pytest.approx(best, abs=1e-6)
        assert mode.objective[k] <= of(np.zeros(5))


def test_numpy_and_kernels_find_the_same() -> None:
    batch, _ = levels_batch(40, 2)
    fast = find(batch.predicted, batch.readings, 5, kernels=True)
    plain = find(batch.predicted, batch.readings, 5, kernels=False)
    assert_allclose(fast.objective, plain.objective, atol=1e-8)
    assert_allclose(fast.z, plain.z, atol=1e-4)
    spread = [
        laplace(batch.predicted, batch.readings, fast, kernels=one)[0] for one in (True, False)
    ]
    assert_allclose(spread[0], spread[1], atol=1e-6)


def test_a_patient_is_found_alike_alone_and_among_others() -> None:
    batch, _ = levels_batch(30, 3)
    whole = find(batch.predicted, batch.readings, 5)
    for k in (0, 7, 29):
        alone = Batch(batch.setting, [batch.courses[k]])
        mine = find(alone.predicted, alone.readings, 5)
        assert_allclose(mine.z[0], whole.z[k], atol=1e-9)


def test_a_straight_line_with_normal_error_is_solved_in_closed_form() -> None:
    random = np.random.default_rng(4)
    slope, y = random.normal(size=(6, 3)), random.normal(size=(1, 6))
    readings = exact_readings(y, 0.4)
    mode = find(lambda z, _: z @ slope.T, readings, 3)
    precision = np.eye(3) + slope.T @ slope / 0.16
    assert_allclose(mode.z[0], np.linalg.solve(precision, slope.T @ y[0] / 0.16), atol=1e-6)
    spread, sound = laplace(lambda z, _: z @ slope.T, readings, mode)
    assert sound.all()
    assert_allclose(spread[0], np.linalg.inv(precision), rtol=1e-6, atol=1e-9)


def test_without_data_the_mode_is_the_priors() -> None:
    batch = Batch(levels_batch(1, 1)[0].setting, [Course(ADULT, INFUSION)])
    mode = find(batch.predicted, batch.readings, 5)
    spread, _ = laplace(batch.predicted, batch.readings, mode)
    assert mode.found.all()
    assert not mode.z.any()
    assert_allclose(spread[0], np.eye(5), atol=1e-8)


@pytest.mark.parametrize("factor", [1e-2, 0.1, 4.0, 10.0, 1000.0])
def test_data_far_from_the_model_are_still_fitted(factor: float) -> None:
    """Ten- and thousandfold slips: the optimum is reported, and it is one."""
    batch, _ = levels_batch(8, 5)
    wild = [
        Course(ADULT, INFUSION, tuple(
            Measurement(m.time_h, m.what, m.value * (factor if n == 1 else 1.0))
            for n, m in enumerate(one.measurements)
        ))
        for one in batch.courses
    ]  # fmt: skip
    odd = Batch(batch.setting, wild)
    mode = find(odd.predicted, odd.readings, 5)
    assert mode.found.all()
    for k in range(8):
        near = mode.z[k] + np.concatenate([1e-3 * np.eye(5), -1e-3 * np.eye(5)])
        around = objective(odd.predicted, odd.readings, near, np.full(10, k))
        assert (around >= mode.objective[k] - 1e-8 * max(1.0, abs(mode.objective[k]))).all()


def test_a_patient_for_whom_nothing_can_be_is_reported() -> None:
    batch, _ = levels_batch(3, 6)
    impossible = batch.readings.of(np.arange(3))
    impossible.value[1, 0] = np.inf
    mode = find(batch.predicted, impossible, 5)
    assert mode.found.tolist() == [True, False, True]


def test_the_order_of_measurements_does_not_matter() -> None:
    levels = [0.15, 0.08, 0.04, 0.02]
    course = course_of(levels)
    setting = levels_batch(1, 1)[0].setting
    turned = Course(ADULT, INFUSION, course.measurements[::-1])
    modes = [
        find(one.predicted, one.readings, 5)
        for one in (Batch(setting, [course]), Batch(setting, [turned]))
    ]
    assert (modes[0].z == modes[1].z).all()
    assert len(TIMES) == modes[0].z.shape[1] - 1
