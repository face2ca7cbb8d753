"""Tails of t and F where they are known in closed form, and t's quantile against its tail."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.distributions import f_above, t_beyond, t_two_sided
from assuage.refusals import Refusal, Refused


@settings(max_examples=200, deadline=None)
@given(chance=st.floats(1e-15, 1.0 - 1e-9), df=st.floats(0.3, 1e5))
def test_a_quantile_has_its_chance(chance: float, df: float) -> None:
    assert np.isclose(t_two_sided(t_beyond(chance, df), df), chance, rtol=1e-5)


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0, 12.0])
def test_one_and_two_degrees_of_freedom_have_closed_forms(t: float) -> None:
    """source: the Cauchy distribution; Student's t with 2 degrees of freedom."""
    assert np.isclose(t_two_sided(t, 1.0), 1.0 - 2.0 / math.pi * math.atan(t))
    assert np.isclose(t_two_sided(-t, 2.0), 1.0 - t / math.sqrt(2.0 + t * t))
    assert np.isclose(f_above(t, 2.0, 7.0), (1.0 + 2.0 * t / 7.0) ** -3.5)


@pytest.mark.parametrize("df", [0.001, 0.005, math.nan])
def test_an_interval_without_an_end_is_refused(df: float) -> None:
    with pytest.raises(Refused) as refused:
        t_beyond(0.05, df)
    assert refused.value.refusal is Refusal.FIT_IMPOSSIBLE
