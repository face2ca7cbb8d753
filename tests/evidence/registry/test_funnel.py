"""The limits of a funnel plot. source: the binomial by fractions, and the published construction"""

from __future__ import annotations

from fractions import Fraction
from itertools import accumulate
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.registry import funnel


def by_fractions(centre: Fraction, of: int, chance: Fraction) -> Fraction:
    """The count that reaches a chance, less the part by which it goes beyond, as a share."""
    reached = list(
        accumulate(comb(of, k) * centre**k * (1 - centre) ** (of - k) for k in range(of + 1))
    )
    count = next(k for k in range(of + 1) if reached[k] >= chance)
    before = reached[count - 1] if count else Fraction(0)
    share = (count - (reached[count] - chance) / (reached[count] - before)) / of
    return max(share, Fraction(0))  # where even nobody is more than the chance


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 99), st.sampled_from(funnel.LEVELS))
def test_the_limits_are_those_of_fractions(of: int, percent: int, level: float) -> None:
    centre, exact = Fraction(percent, 100), Fraction(str(level))
    low, high = funnel.limits(float(centre), of, level)
    tail = (1 - exact) / 2
    assert low == pytest.approx(float(by_fractions(centre, of, tail)), abs=1e-9)
    assert high == pytest.approx(float(by_fractions(centre, of, 1 - tail)), abs=1e-9)


def test_a_funnel_narrows_and_the_wide_limits_lie_outside() -> None:
    for centre in (0.1, 0.5, 0.8):
        widths = []
        for of in (10, 40, 160, 640):
            near, far = (funnel.limits(centre, of, level) for level in funnel.LEVELS)
            assert far[0] <= near[0] <= centre <= near[1] <= far[1]
            widths.append(near[1] - near[0])
        assert widths == sorted(widths, reverse=True)


def test_a_site_is_outside_by_the_widest_limit_that_it_passes() -> None:
    """source: 20 heads of 20 have the chance 2e-6, 15 or more that of 0.021, 12 that of 0.25"""
    assert funnel.outside(20, 20, 0.5) == funnel.LEVELS[1]
    assert funnel.outside(15, 20, 0.5) == funnel.LEVELS[0]
    assert funnel.outside(12, 20, 0.5) is None


@pytest.mark.parametrize("bad", [(-0.1, 5, 0.95), (1.1, 5, 0.95), (0.5, 0, 0.95), (0.5, 5, 1.0)])
def test_what_has_no_limits_is_an_error(bad: tuple[float, int, float]) -> None:
    with pytest.raises(ValueError):
        funnel.limits(*bad)


def test_a_share_of_none_or_all_has_limits() -> None:
    assert funnel.limits(0.0, 10, 0.95)[0] == 0
    assert funnel.limits(1.0, 10, 0.95)[1] <= 1
