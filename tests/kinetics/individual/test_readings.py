"""What a prediction costs against a measurement.

source: SciPy's normal distribution is the judge of every number here.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from assuage.kinetics.individual.readings import (
    ABOVE,
    ABSENT,
    BELOW,
    EXACT,
    Readings,
    costs,
    log_phi,
    measured,
    scatter,
    slopes,
)
from assuage.kinetics.kernels import posterior

from .patients import exact_readings

KINDS = (EXACT, BELOW, ABOVE)


def one(kind: int, log: bool, value: float = 2.0) -> Readings:
    return Readings(
        np.array([[value]]),
        np.array([[kind]]),
        np.array([[log]]),
        np.array([[0.3]]),
        np.array([[0.0 if log else 0.2]]),
    )


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("predicted", [0.1, 1.0, 2.0, 3.7, 30.0])
def test_the_cost_is_minus_the_log_density(kind: int, log: bool, predicted: float) -> None:
    y, f = (np.log(2.0), np.log(predicted)) if log else (2.0, predicted)
    sd = 0.3 if log else np.hypot(0.3, 0.2 * predicted)
    wanted = {
        EXACT: -norm.logpdf(y, f, sd) - 0.5 * np.log(2.0 * np.pi),
        BELOW: -norm.logcdf(y, f, sd),
        ABOVE: -norm.logsf(y, f, sd),
    }[kind]
    readings = one(kind, log)
    assert_allclose(costs(readings, np.array([[predicted]])), [[wanted]], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@given(predicted=st.floats(0.2, 8.0))
def test_the_slope_is_the_costs_own(kind: int, log: bool, predicted: float) -> None:
    readings, h = one(kind, log), 1e-5
    f = np.array([[predicted]])
    cost, slope, weight = slopes(readings, f)
    ends = costs(readings, f + h) - costs(readings, f - h)
    assert_allclose(slope, ends / (2.0 * h), rtol=1e-5, atol=1e-5)
    assert (weight >= 0.0).all()
    assert_allclose(cost, costs(readings, f))


@given(u=st.floats(-2000.0, 30.0))
def test_the_tail_never_underflows(u: float) -> None:
    logs, ratio = log_phi(u)
    assert logs == pytest.approx(norm.logcdf(u), rel=1e-7, abs=1e-300)
    assert ratio == pytest.approx(np.exp(norm.logpdf(u) - norm.logcdf(u)), rel=1e-6, abs=1e-300)


@settings(deadline=None)  # the first call compiles
@given(predicted=st.floats(0.01, 50.0), value=st.floats(0.01, 50.0), log=st.booleans())
@pytest.mark.parametrize("kind", KINDS)
def test_the_kernel_gives_the_same(kind: int, predicted: float, value: float, log: bool) -> None:
    readings, f = one(kind, log, value), np.array([[predicted]])
    out = np.empty(1)
    posterior.cost_sums(f, np.array([0]), *readings.columns(), out)
    assert_allclose(out, costs(readings, f)[0], rtol=1e-10, atol=1e-12)
    z, active = np.array([[0.3]]), np.array([0])
    both = np.array([[f[0], f[0] * (1.0 + 1e-3)]])
    mine = np.empty(1), np.empty((1, 1)), np.empty((1, 1, 1))
    posterior.score(both, 1e-3, z, active, *readings.columns(), *mine)
    cost, slope, weight = slopes(readings, f)
    by_z = f[0, 0]
    assert_allclose(mine[0], 2.0 * cost[0] + 0.09, rtol=1e-9, atol=1e-12)
    assert_allclose(mine[1], slope * by_z + 0.3, rtol=1e-6, atol=1e-9)
    assert_allclose(mine[2][0], weight * by_z**2 + 1.0, rtol=1e-6)


@pytest.mark.parametrize("wrong", [0.0, -1.0, np.nan])
def test_a_prediction_that_cannot_be_is_infinitely_costly(wrong: float) -> None:
    readings = one(EXACT, True)
    assert costs(readings, np.array([[wrong]]))[0, 0] == np.inf
    out = np.empty(1)
    posterior.cost_sums(np.array([[wrong]]), np.array([0]), *readings.columns(), out)
    assert out[0] == np.inf


def test_an_absent_reading_costs_nothing_whatever_stands_there() -> None:
    readings = exact_readings(np.array([[1.0, 5.0]]), 0.5)
    readings.kind[0, 1] = ABSENT
    cost, slope, weight = slopes(readings, np.array([[1.2, np.nan]]))
    assert (cost[0, 1], slope[0, 1], weight[0, 1]) == (0, 0, 0)
    assert readings.present.tolist() == [[True, False]]


def test_scatter_and_measured_are_on_the_scale_of_the_error() -> None:
    readings = one(EXACT, True)
    centre, sd = scatter(readings, np.array([[3.0]]))
    assert_allclose([centre, sd, measured(readings)], [[[np.log(3.0)]], [[0.3]], [[np.log(2.0)]]])
