"""Functions that give the same bits everywhere, against exact arithmetic and other libraries.

source: AS 241's own check values are in Wichura, Applied Statistics 1988;37:477-484; exact values
come from Python's decimal arithmetic at 50 digits; tolerances are what `portable` states.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal, localcontext
from pathlib import Path
from statistics import NormalDist

import numpy as np
import portable_digest
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ndtr, ndtri

from assuage.kinetics import portable

RNG = np.random.default_rng(4)
EXPONENTS = np.concatenate([RNG.uniform(-700, 700, 500), RNG.normal(0, 1, 1500), [0.0, 1e-300]])
POSITIVE = np.concatenate(
    [10.0 ** RNG.uniform(-300, 300, 500), RNG.uniform(0.5, 2.0, 1500), 1 + RNG.normal(0, 1e-6, 500)]
)


def ulps(found: np.ndarray, wanted: list[Decimal]) -> float:
    """Return the largest error in units in the last place."""
    with localcontext() as context:
        context.prec = 50
        return max(
            float(abs((Decimal(float(one)) - exact) / Decimal(float(np.spacing(abs(one))))))
            for one, exact in zip(found, wanted, strict=True)
        )


def exact(values: np.ndarray, work: str) -> list[Decimal]:
    with localcontext() as context:
        context.prec = 50
        return [getattr(Decimal(float(one)), work)() for one in values]


def test_exp_is_exact_to_two_units() -> None:
    assert ulps(portable.exp(EXPONENTS), exact(EXPONENTS, "exp")) < 2


def test_log_is_exact_to_two_units() -> None:
    assert ulps(portable.log(POSITIVE), exact(POSITIVE, "ln")) < 2


def test_the_harness_sees_an_error_of_a_few_units() -> None:
    assert ulps(portable.exp(EXPONENTS) * (1.0 + 1e-15), exact(EXPONENTS, "exp")) > 2


@given(st.floats(1e-3, 1e3), st.floats(-3.0, 3.0))
def test_a_power_is_pythons(value: float, exponent: float) -> None:
    assert portable.power_of(value, exponent) == pytest.approx(value**exponent, rel=1e-14)
    assert portable.power([value], exponent)[0] == portable.power_of(value, exponent)


@given(st.floats(1e-300, 1e300))
def test_a_power_of_one_is_the_number_itself(value: float) -> None:
    assert portable.power_of(value, 1.0) == value


@pytest.mark.parametrize(
    ("p", "quantile"),
    [(0.25, -0.6744897501960817), (0.001, -3.090232306167814), (1e-20, -9.262340089798408)],
)
def test_the_published_check_values_of_as_241_come_back(p: float, quantile: float) -> None:
    assert portable.normal_quantile(p) == pytest.approx(quantile, rel=1e-15)


def test_quantiles_are_those_of_other_libraries() -> None:
    p = np.concatenate([RNG.uniform(0, 1, 20_000), 10.0 ** RNG.uniform(-300, -1, 5_000)])
    found = portable.normal_quantile(p)
    assert_allclose(found, ndtri(p), rtol=2e-15)
    assert_allclose(found, [NormalDist().inv_cdf(one) for one in p], rtol=2e-15)
    inside = found[np.abs(found) < 30.0]
    assert_allclose(ndtr(inside), p[np.abs(found) < 30.0], rtol=1e-12)


@given(st.integers(0, 2**52 - 1))
def test_a_centre_gives_its_quantile_and_the_other_sign_its_opposite(count: int) -> None:
    centre = np.array([count + 0.5, -count - 0.5]) / 2.0**53
    above, below = portable.normal_of_centre(centre)
    assert above == -below > 0.0
    assert below == portable.normal_quantile((2**52 - count - 0.5) / 2.0**53)


def test_quantiles_rise() -> None:
    p = np.sort(np.concatenate([RNG.uniform(0, 1, 100_000), 0.075 + np.linspace(-1, 1, 9) * 1e-12]))
    assert (np.diff(portable.normal_quantile(p)) >= -1e-15).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    for work in (portable.exp, portable.log, portable.normal_quantile):
        with pytest.raises(ValueError):
            work([0.5, bad])
    with pytest.raises(ValueError):
        portable.normal_of_centre(np.array([0.25, bad]))


def test_what_is_out_of_range_is_refused() -> None:
    for work, values in [
        (portable.exp, [701.0]),
        (portable.log, [0.0]),
        (portable.log, [-1.0]),
        (portable.normal_quantile, [0.0]),
        (portable.normal_quantile, [1.0]),
    ]:
        with pytest.raises(ValueError):
            work(values)


@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 0), (5, 4, 3), (2, 9001)])
def test_any_shape_goes_in_and_comes_out(shape: tuple[int, ...]) -> None:
    values = RNG.uniform(0.1, 0.9, shape)
    for work in (portable.exp, portable.log, portable.normal_quantile):
        found = work(values)
        assert found.shape == shape
        alone = [float(work(one)) for one in values.flat[-40:]]
        assert_array_equal(found.reshape(-1)[-40:], alone)
    assert_array_equal(portable.exp(values.T), portable.exp(values).T)


def test_draws_and_parameters_are_the_same_without_vector_instructions() -> None:
    """NumPy's own switch turns every vector loop off that isn't in its baseline."""
    here = portable_digest.features()
    source = str(Path(portable.__file__).parents[2])
    environment = os.environ | {"PYTHONPATH": source, "NPY_DISABLE_CPU_FEATURES": " ".join(here)}
    done = subprocess.run(
        [sys.executable, portable_digest.__file__],
        env=environment,
        capture_output=True,
        check=True,
        text=True,
    )
    there = json.loads(done.stdout)
    assert there["features"] == []
    assert there["digest"] == portable_digest.digest()
