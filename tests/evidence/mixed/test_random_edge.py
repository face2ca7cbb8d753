"""At the edge of what a covariance matrix may be, a fit says so and means what it says.

source: R's numbers stand in SINGULAR with the calls that gave them; closed forms are written out
where they are used; every other number is a bound on rounding.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from assuage.evidence.mixed import inference
from assuage.evidence.mixed.random import fit
from evidence.mixed.random_designs import Data, growth, judged, noise, term

# source: R 4.2.2, lme4 1.1.31 lmer and lmerTest 3.1.3 coef(summary()) on the same data:
# growth(0, 0, 0) with y ~ t*arm + (1+t|id), growth(0, 0.3, 0) with y ~ t*arm + (1+t||id);
# bobyqa with rhoend 1e-11. Criterion, variances, standard errors and Satterthwaite's df.
SINGULAR = {
    "a correlation of -1": (
        growth(0.0, 0.0, 0.0),
        369.589699678,
        [0.06493888987, -0.02373503632, 0.00867510902, 0.94108347814],
        [0.2366550234, 0.0609268852, 0.3340911146, 0.0859676558],
        [27.0254354, 18.2126597, 27.4041074, 18.6886020],
        "rank 1",
    ),
    "a variance of zero": (
        growth(0.0, 0.3, 0.0, correlated=False),
        414.747511554,
        [0.0, 0.106709060, 0.973440935],
        [0.226440683, 0.116806609, 0.320061763, 0.165272151],
        [106.0498014, 24.6496325, 106.0357475, 24.6898416],
        "the variance of 1 is estimated as zero",
    ),
}


@pytest.mark.parametrize("case", SINGULAR)
def test_it_is_what_lmertest_finds_there(case: str) -> None:
    data, criterion, theta, se, df, note = SINGULAR[case]
    found = fit(data.x, data.y, data.terms)
    assert found.reml_criterion == pytest.approx(criterion, abs=1e-7)
    np.testing.assert_allclose(found.theta, theta, rtol=2e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(found.covariance)), se, rtol=1e-6)
    rows = np.eye(4)
    dfs = [inference.estimate(found, row, "satterthwaite").df for row in rows]
    np.testing.assert_allclose(dfs, df, rtol=1e-5)
    assert len(found.notes) == 1
    assert note in found.notes[0]


@pytest.mark.parametrize("method", ["satterthwaite", "kenward-roger"])
def test_a_variance_of_zero_leaves_the_model_without_it(method: str) -> None:
    """A variance at its bound has no part in standard errors and degrees of freedom."""
    data = growth(0.0, 0.3, 0.0, correlated=False)
    one = data.terms[0]
    slope_only = replace(one, z=one.z[:, 1:], columns=one.columns[1:])
    found, without = fit(data.x, data.y, (one,)), fit(data.x, data.y, (slope_only,))
    assert found.theta[0] == 0.0  # source: the definition of the edge
    assert without.notes == ()
    for row in np.eye(4):
        mine = inference.estimate(found, row, method)
        theirs = inference.estimate(without, row, method)
        assert mine.estimate == pytest.approx(theirs.estimate, rel=1e-9, abs=1e-9)
        assert mine.se == pytest.approx(theirs.se, rel=1e-7)
        assert mine.df == pytest.approx(theirs.df, rel=1e-6)


@pytest.mark.parametrize("seed", range(40, 46))
def test_no_step_back_inside_is_more_likely(seed: int) -> None:
    """Whatever the edge: the derivative along every matrix that may be added is upwards."""
    data = growth(0.0, 0.0, 0.0)
    y = noise(seed, len(data.y))
    found = fit(data.x, y, data.terms)
    gradient = judged(Data(data.x, y, data.terms), found.theta).gradient
    rise = np.array([[gradient[0], gradient[1] / 2.0], [gradient[1] / 2.0, gradient[2]]])
    matrix = np.array([[found.theta[0], found.theta[1]], [found.theta[1], found.theta[2]]])
    scale = np.abs(gradient).max() + 1.0
    assert np.linalg.eigvalsh(rise)[0] > -1e-6 * scale
    assert np.abs(rise @ matrix).max() < 1e-6 * scale
    assert abs(gradient[-1]) < 1e-6 * scale
    singular = np.linalg.matrix_rank(matrix, tol=1e-9) < 2
    assert singular == bool(found.notes)


def test_all_variances_zero_is_ordinary_least_squares() -> None:
    """source: with no random effect REML is least squares, n - p degrees of freedom."""
    person = np.repeat(np.arange(8), 5)
    e = noise(50, 40).reshape(8, 5)
    y = (e - e.mean(axis=1, keepdims=True)).ravel()  # no person differs from another
    x = np.ones((40, 1))
    found = fit(x, y, (term("1 | id", person),))
    mean = inference.estimate(found, np.ones(1), "kenward-roger")
    assert found.theta[0] == 0.0  # source: the people's means are alike
    assert found.theta[1] == pytest.approx(float(y.var(ddof=1)), rel=1e-9)
    assert mean.se == pytest.approx(float(y.std(ddof=1) / np.sqrt(40)), rel=1e-9)
    assert mean.df == pytest.approx(39, rel=1e-9)


def test_a_fit_inside_has_nothing_to_say() -> None:
    data = growth(2.0, 0.2, 0.6)
    assert fit(data.x, data.y, data.terms).notes == ()


@pytest.mark.parametrize("seed", range(80, 92))
def test_three_effects_lose_as_much_rank_as_they_must(seed: int) -> None:
    """Three columns that vary along one direction: what is added inside is never likelier."""
    person = np.repeat(np.arange(12), 6)
    columns = noise(seed + 100, 72), noise(seed + 200, 72)
    one = term("z | id", person, *columns)
    shared = noise(seed + 300, 12)[person]
    y = shared * (1.0 + columns[0] - 0.5 * columns[1]) + noise(seed, 72)
    data = Data(np.ones((72, 1)), y, (one,))
    found = fit(data.x, data.y, data.terms)
    matrix = np.asarray(found.variance["z | id"])
    at = np.array([[0, 1, 3], [1, 2, 4], [3, 4, 5]])
    np.testing.assert_array_equal(matrix, found.theta[at])
    gradient = judged(data, found.theta).gradient
    rise = gradient[at] * np.where(np.eye(3) == 1.0, 1.0, 0.5)
    scale = np.abs(gradient).max() + 1.0
    assert np.linalg.eigvalsh(rise)[0] > -1e-6 * scale
    assert np.abs(rise @ matrix).max() < 1e-6 * scale * (1.0 + np.abs(matrix).max())
    rank = int(np.linalg.matrix_rank(matrix, tol=1e-9))
    assert (rank == 3) == (found.notes == ())
    if rank < 3:
        assert f"of rank {rank}" in found.notes[0]
        mean = inference.estimate(found, np.ones(1), "kenward-roger")
        assert 0.0 < mean.df < 71.0  # source: between none and every row's
