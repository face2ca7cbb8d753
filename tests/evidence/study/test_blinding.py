"""Bang's index against published output.

source: the example of BlindingIndex.jl's README, which follows the R package BI: 48 and 4 and 330
answers under treatment, 30 and 22 and 319 under placebo (right, wrong, unknown), to three decimals.
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.study.blinding import bang, guesses


@pytest.mark.parametrize(
    ("counts", "index", "se", "low", "high"),
    [
        ((48, 4, 330), 0.115, 0.018, 0.08, 0.15),
        ((30, 22, 319), 0.022, 0.019, -0.016, 0.06),
    ],
)
def test_the_published_example(
    counts: tuple[int, int, int], index: float, se: float, low: float, high: float
) -> None:
    right, wrong, unknown = counts
    told = ["drug"] * right + ["placebo"] * wrong + ["don't know"] * unknown + [None] * 7
    found = guesses("drug", told, "don't know")
    assert found.index == pytest.approx(index, abs=5e-4)
    assert found.se == pytest.approx(se, abs=5e-4)
    assert found.low == pytest.approx(low, abs=5e-4)
    assert found.high == pytest.approx(high, abs=5e-4)
    assert (found.right, found.wrong, found.unknown, found.unanswered) == (*counts, 7)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_index_turns_with_the_guesses(right: int, wrong: int, unknown: int) -> None:
    index, se = bang(right, wrong, unknown)
    if not right + wrong + unknown:
        assert math.isnan(index)
        return
    other, same = bang(wrong, right, unknown)
    assert index == -other
    assert se == same
    assert -1 <= index <= 1


@given(st.integers(2, 6), st.integers(1, 20))
def test_chance_is_nothing_with_any_number_of_arms(arms: int, each: int) -> None:
    index, se = bang(each, each * (arms - 1), 3, arms)
    assert index == pytest.approx(0, abs=1e-12)
    assert se > 0


def test_everybody_right_is_one() -> None:
    assert bang(9, 0, 0) == (1, 0)
    assert bang(0, 0, 9) == (0, 0)
