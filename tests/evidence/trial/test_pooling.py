"""Rubin's rules by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from assuage.evidence.trial.pooling import judged, pool, undefined
from assuage.refusals import Refusal, Refused

ONES = np.ones(3)


def test_three_estimates_by_hand() -> None:
    """source: W = 1, B = 1, T = 1 + 4/3; lost 4/7; Rubin's df 2 / (4/7)^2 = 6.125; seen
    11/13 * 10 * 3/7 = 330/91; Barnard and Rubin's df 1 / (1/6.125 + 91/330).
    """
    found = pool("x", np.array([1.0, 2.0, 3.0]), ONES, 10)
    assert (found.estimate, found.within, found.between, found.draws) == (2, 1, 1, 3)
    assert found.se == pytest.approx(np.sqrt(7 / 3))
    df = 1 / (1 / 6.125 + 91 / 330)
    assert found.df == pytest.approx(df)
    assert found.p == pytest.approx(2 * stats.t.sf(2 / found.se, df))
    reach = stats.t.ppf(0.975, df) * found.se
    assert (found.low, found.high) == pytest.approx((2 - reach, 2 + reach))
    assert found.monte_carlo_error == pytest.approx(1 / np.sqrt(3))
    old = pool("x", np.array([1.0, 2.0, 3.0]), ONES, 10, degrees="rubin")
    assert old.df == pytest.approx(6.125)


def test_without_anything_imputed_the_complete_degrees_stay() -> None:
    assert pool("x", ONES, ONES, 10).df == 10
    assert pool("x", ONES, ONES, 10, degrees="rubin").df == np.inf


def test_the_degrees_stay_below_those_of_complete_data() -> None:
    rng = np.random.default_rng(1)
    for spread in (0.01, 0.5, 3.0):
        found = pool("x", rng.normal(0, spread, 50), np.ones(50), 30)
        assert 0 < found.df < 30


def test_infinite_degrees_are_a_normal_test() -> None:
    found = judged("x", 1.5, 1.0, np.inf, 0.9, (0.0, 0.0, 0, 0.0))
    assert found.p == pytest.approx(2 * stats.norm.sf(1.5), rel=1e-7)  # source: normal
    reach = stats.norm.ppf(0.95)  # source: normal
    assert found.high == pytest.approx(1.5 + reach, rel=1e-7)  # source: arithmetic


@pytest.mark.parametrize(
    ("estimates", "variances"), [([1.0], [1.0]), ([1.0, 1.0], [0.0, 0.0]), ([1.0, np.nan], [1, 1])]
)
def test_what_cannot_be_pooled_is_refused(estimates: list[float], variances: list[float]) -> None:
    with pytest.raises(Refused) as caught:
        pool("the difference", np.array(estimates), np.array(variances), 10)
    assert caught.value.refusal is Refusal.NOT_ESTIMABLE
    assert "the difference" in caught.value.sentence


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan")])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    with pytest.raises(Refused):
        pool("x", np.array([1.0, 2.0]), np.ones(2), 10, level=level)


def test_a_refusal_says_what_why_and_what_to_do() -> None:
    found = undefined("it", "there is none", "add some")
    assert (found.sentence, found.remedy) == ("it can't be estimated: there is none", "add some")
