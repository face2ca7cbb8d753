"""What is believed of one person: mixtures, odd data, and data that say nothing.

source: closed forms computed beside, and simulation from the prior.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from assuage.kinetics.individual.belief import Part, believe, oddness
from assuage.kinetics.individual.course import Batch

from .patients import exact_readings, levels_batch


def test_a_mixture_weighs_its_parts_by_their_evidence() -> None:
    """One reading of z or of z + 3: both evidences are normal densities with variance 1 + s²."""
    readings = exact_readings(np.array([[2.0]]), 0.5)
    parts = [
        Part("low", 0.7, lambda z, _: z[:, :1]),
        Part("high", 0.3, lambda z, _: z[:, :1] + 3.0),
    ]
    found = believe(parts, readings, 1, draws=20_000)
    density = np.array([0.7, 0.3]) * np.exp(-0.5 * np.array([2.0, -1.0]) ** 2 / 1.25)
    assert_allclose(found.chance, density / density.sum(), atol=0.01)
    assert_allclose((found.part == 0).mean(), found.chance[0], atol=1e-3)
    means = np.array([2.0, -1.0]) / 1.25
    assert_allclose(found.mean, found.chance @ means, atol=0.03)
    spread = found.chance @ (0.2 + means**2) - (found.chance @ means) ** 2
    assert_allclose(found.covariance[0, 0], spread, atol=0.04)
    assert found.found
    assert found.drawn == 40_000


def test_more_data_never_leave_a_closed_form_wider() -> None:
    slopes = np.random.default_rng(3).normal(size=(5, 2))
    widths = []
    for n in range(1, 6):
        readings = exact_readings(np.ones((1, n)), 0.5)
        part = Part("", 1.0, lambda z, _, n=n: z @ slopes[:n].T)
        widths.append(believe([part], readings, 2).sd)
    assert (np.diff(widths, axis=0) < 0.03).all()


@pytest.mark.parametrize("factor", [0.1, 10.0])
def test_a_tenfold_slip_is_odd_and_the_prior_is_not(factor: float) -> None:
    batch, _ = levels_batch(1, 20)
    rows = batch.readings.of(np.zeros(1, dtype=np.intp))
    part = [Part("", 1.0, batch.predicted)]
    assert oddness(part, rows, 5).p > 0.01
    rows.value[0, 1] *= factor
    found = oddness(part, rows, 5)
    assert found.p < 0.01
    assert int(np.argmin(found.of_each)) == 1
    assert not found.low[1] <= rows.value[0, 1] <= found.high[1]


def test_oddness_is_even_among_patients_of_the_model() -> None:
    """Under the prior itself the share of odder data sets is uniform."""
    batch, _ = levels_batch(60, 21)
    values = []
    for k in range(60):
        one = Batch(batch.setting, [batch.courses[k]])
        values.append(oddness([Part("", 1.0, one.predicted)], one.readings, 5).p)
    found = np.sort(values)
    steps = (np.arange(60) + 0.5) / 60
    assert np.abs(found - steps).max() < 0.25  # source: Kolmogorov's bound for 60, near 1e-3


def test_a_censored_reading_weighs_in_the_oddness() -> None:
    batch, _ = levels_batch(1, 22)
    rows = batch.readings.of(np.zeros(1, dtype=np.intp))
    rows.kind[0, 0] = 2
    rows.value[0, 0] *= 0.02
    found = oddness([Part("", 1.0, batch.predicted)], rows, 5)
    assert found.p < 0.01
    assert found.of_each[0] < 0.01
