"""Shares with exact intervals. source: SciPy's own exact interval, and the binomial by fractions"""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from assuage.care.outcomes.shares import at_most, exactly, share


@pytest.mark.parametrize("of", [1, 2, 5, 20, 137, 1000])
def test_the_interval_is_scipys_exact_one(of: int) -> None:
    for count in {0, 1, of // 3, of // 2, of - 1, of}:
        for level in (0.8, 0.95, 0.998):
            told = share(count, of, level)
            judge = binomtest(count, of).proportion_ci(level, method="exact")
            assert told.low == pytest.approx(judge.low, abs=1e-9)
            assert told.high == pytest.approx(judge.high, abs=1e-9)
            assert told.low is not None
            assert told.high is not None
            assert told.low <= count / of <= told.high


@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 100))
def test_the_binomial_is_that_of_fractions(of: int, count: int, percent: int) -> None:
    p = Fraction(percent, 100)
    judge = [comb(of, k) * p**k * (1 - p) ** (of - k) for k in range(of + 1)]
    here = judge[count] if count <= of else Fraction(0)
    assert exactly(count, of, float(p)) == pytest.approx(float(here), rel=1e-9, abs=1e-15)
    assert at_most(count, of, float(p)) == pytest.approx(float(sum(judge[: count + 1])), abs=1e-9)


def test_nobody_has_no_share() -> None:
    told = share(0, 0)
    assert (told.share, told.low, told.high) == (None, None, None)


@pytest.mark.parametrize(("count", "of"), [(-1, 3), (4, 3), (1, 0)])
def test_more_than_there_are_is_an_error(count: int, of: int) -> None:
    with pytest.raises(ValueError):
        share(count, of)


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, float("nan")])
def test_a_level_and_a_chance_are_between_nothing_and_all(bad: float) -> None:
    with pytest.raises(ValueError):
        share(1, 2, bad)
    if not 0 <= bad <= 1:
        with pytest.raises(ValueError):
            exactly(1, 2, bad)
