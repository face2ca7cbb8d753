"""Residual error against SciPy's distributions.

source: scipy.stats.norm and lognorm.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import lognorm, norm

from assuage.kinetics.saem.problem import Form, Observations, Problem, Theta
from assuage.kinetics.saem.residual import residual_of
from saem import linear

LEVELS = np.array([[2.0, 0.5, 3.0], [1.0, 0.7, 0.0]])
USED = np.array([[True, True, True], [True, True, False]])
PREDICTED = np.array([[1.8, 0.6, 2.0], [1.5, 0.9, 9.0]])


def problem(*forms: Form, censored: np.ndarray | None = None) -> Problem:
    base = linear.problem(people=2, places=3)
    analyte = np.where(np.arange(3) == 2, len(forms) - 1, 0) * np.ones((2, 1), dtype=np.intp)
    below = np.zeros_like(USED) if censored is None else censored
    observed = Observations(LEVELS, USED, analyte.astype(np.intp), below)
    return replace(base, forms=forms, observed=observed)


def theta(additive: list[float], proportional: list[float]) -> Theta:
    return Theta(np.zeros(2), np.eye(1), np.array(additive), np.array(proportional))


@pytest.mark.parametrize(
    ("form", "a", "b", "expected"),
    [
        ("additive", 0.3, 0.0, lambda y, f: norm.logpdf(y, f, 0.3)),
        ("proportional", 0.0, 0.2, lambda y, f: norm.logpdf(y, f, 0.2 * f)),
        ("combined", 0.3, 0.2, lambda y, f: norm.logpdf(y, f, np.hypot(0.3, 0.2 * f))),
        ("log", 0.25, 0.0, lambda y, f: lognorm.logpdf(y, 0.25, scale=f)),
    ],
)
def test_each_form_is_the_density_it_says(form: Form, a: float, b: float, expected: object) -> None:
    rows = residual_of(problem(form))
    found = rows.log_likelihood(PREDICTED, theta([a], [b]))
    safe = np.where(USED, LEVELS, 1.0)
    wanted = np.where(USED, expected(safe, PREDICTED), 0.0).sum(axis=1)  # type: ignore[operator]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_two_analytes_have_their_own_errors() -> None:
    rows = residual_of(problem("additive", "log"))
    found = rows.log_likelihood(PREDICTED, theta([0.3, 0.25], [0.0, 0.0]))
    first = norm.logpdf(LEVELS[:, :2], PREDICTED[:, :2], 0.3).sum(axis=1)
    third = lognorm.logpdf(LEVELS[0, 2], 0.25, scale=PREDICTED[0, 2])
    np.testing.assert_allclose(found, first + np.array([third, 0.0]), rtol=1e-12)


@pytest.mark.parametrize("form", ["additive", "log"])
def test_below_quantification_counts_as_the_chance_to_lie_below(form: Form) -> None:
    below = np.array([[False, True, False], [False, False, False]])
    rows = residual_of(problem(form, censored=below))
    found = rows.log_likelihood(PREDICTED, theta([0.3], [0.0]))
    plain = residual_of(problem(form)).log_likelihood(PREDICTED, theta([0.3], [0.0]))
    law = norm(PREDICTED[0, 1], 0.3) if form == "additive" else lognorm(0.3, scale=PREDICTED[0, 1])
    level = LEVELS[0, 1]
    assert found[0] - plain[0] == pytest.approx(law.logcdf(level) - law.logpdf(level))
    assert found[1] == plain[1]


def test_a_prediction_of_nothing_has_no_relative_error() -> None:
    predicted = PREDICTED.copy()
    predicted[0, 1] = 0.0
    for form in ("proportional", "log"):
        rows = residual_of(problem(form))
        one = theta([0.2 * (form == "log")], [0.2 * (form == "proportional")])
        found = rows.log_likelihood(predicted, one)
        assert np.isneginf(found[0])
        assert np.isfinite(found[1])


def test_a_level_of_zero_has_no_logarithm() -> None:
    one = problem("log")
    levels = np.where(np.arange(3) == 1, 0.0, LEVELS)
    broken = replace(one, observed=replace(one.observed, values=levels))
    with pytest.raises(ValueError, match="no logarithm"):
        residual_of(broken)
