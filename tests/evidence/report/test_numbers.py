"""Numbers are written as a paper writes them.

source: arithmetic, and the usual rules of journals for p values (p < 0.001; no 0.000).
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assuage.evidence.report import numbers


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "< 0.001"),
        (0.000999, "< 0.001"),
        (0.001, "0.001"),
        (0.0131, "0.013"),
        (0.0499, "0.0499"),
        (0.04996, "0.04996"),
        (0.05, "0.050"),
        (0.0500001, "0.0500001"),
        (0.0504, "0.0504"),
        (0.0949, "0.095"),
        (0.0999, "0.10"),
        (0.6049, "0.60"),
        (0.9901, "> 0.99"),
        (1.0, "> 0.99"),
    ],
)
def test_p_values(p: float, text: str) -> None:
    assert numbers.p_value(p) == text


@given(st.floats(0.0, 1.0))
def test_a_p_value_never_crosses_its_limit(p: float) -> None:
    text = numbers.p_value(p)
    if text[0] in "<>":
        return
    assert (float(text) <= 0.05) == (p <= 0.05)
    assert float(text) == pytest.approx(p, abs=0.0051)


@pytest.mark.parametrize("p", [-0.01, 1.01, math.nan, math.inf])
def test_what_is_no_p_value_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="no p value"):
        numbers.p_value(p)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="no result"):
        numbers.fixed(value)


def test_signs_and_zeros() -> None:
    assert numbers.fixed(-1.204) == "−1.20"
    assert numbers.fixed(-0.001) == "0.00"
    assert numbers.with_se(-1.2, 0.451) == "−1.20 (0.45)"
    assert numbers.with_interval(-1.0, -2.0, 0.1, 1) == "−1.0 (−2.0 to 0.1)"
    assert numbers.degrees(57.0) == "57"
    assert numbers.degrees(150.104) == "150.1"
    assert numbers.degrees(math.inf) == "∞"
    assert numbers.p_told(0.0131) == "p = 0.013"
    assert numbers.p_told(0.0001) == "p < 0.001"


def test_shares() -> None:
    assert numbers.share(12, 20) == "12/20 (60 %)"
    assert numbers.share(0, 0) == "–"
    assert numbers.percent(-0.166) == "−17 %"
    with pytest.raises(ValueError, match="3 of 2"):
        numbers.share(3, 2)
