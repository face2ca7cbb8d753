"""Tails and means, beside SciPy's or by hand. source: scipy.stats.betabinom and binom; by hand."""

from __future__ import annotations

from itertools import pairwise
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binom

from assuage.care.signals.chance import excess, slow, tail


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.floats(0.05, 200.0),
    st.floats(0.05, 200.0),
)
def test_the_tail_is_that_of_the_beta_binomial(count: int, more: int, a: float, b: float) -> None:
    of = count + more
    assert tail(count, of, a, b) == pytest.approx(betabinom.sf(count - 1, of, a, b), abs=1e-9)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
@pytest.mark.parametrize("count", [0, 1, 7, 20, 21])
def test_with_peers_who_are_known_for_sure_it_is_that_of_the_binomial(
    count: int, share: float
) -> None:
    worth = 1e8
    told = tail(count, 20, worth * share, worth * (1 - share))
    assert told == pytest.approx(binom.sf(count - 1, 20, share), abs=1e-6)


@given(st.integers(1, 50), st.floats(0.1, 20.0), st.floats(0.1, 20.0))
def test_more_is_never_less_surprising(of: int, a: float, b: float) -> None:
    tails = [tail(count, of, a, b) for count in range(of + 2)]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(tails))
    assert tails[0] == 1
    assert tails[-1] == 0


def test_peers_that_differ_make_the_same_count_less_surprising() -> None:
    assert tail(6, 30, 1.0, 19.0) > tail(6, 30, 10.0, 190.0)


def test_a_mean_is_measured_in_its_own_error_and_the_spread_between_people() -> None:
    # by hand: the SD of 1, 2, 3 is 1, so the error of their mean is 1 / sqrt(3)
    assert excess([1.0, 2.0, 3.0], 1.0, 0.0, 0.0) == pytest.approx(3.0**0.5)
    assert excess([1.0, 2.0, 3.0], 1.0, 1.0, 1.0) == pytest.approx((1 / 3 + 2) ** -0.5)
    assert excess([0.6] * 10, 0.0, 0.0, 0.1) == pytest.approx(6.0)
    assert excess([0.6], 0.0, 0.0, 0.1) == pytest.approx(6.0)


def test_what_is_slow_goes_by_median_and_mad() -> None:
    # by hand: the logs of 1 + minutes are 0, 1, 2, 3, 4; median 2, MAD 1
    minutes = [2.718281828459045**n - 1 for n in range(5)]
    assert log(1 + slow(minutes, 2.0, 0.1)) == pytest.approx(2 + 2 * 1.4826)
    assert log(1 + slow(minutes, 2.0, 5.0)) == pytest.approx(2 + 2 * 5.0)
    assert slow([20.0] * 9, 2.0, 0.5) == pytest.approx(21 * 2.718281828459045 - 1)
    assert slow([*minutes[:4], 1e6], 2.0, 0.1) == pytest.approx(slow(minutes, 2.0, 0.1))
