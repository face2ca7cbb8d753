"""Tests of effects: exact tests where there are any, elsewhere the paper term by term."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assuage.evidence.mixed import inference, repeated
from assuage.evidence.mixed.covariance import STRUCTURES, structure
from assuage.evidence.mixed.fitted import F, Fit
from assuage.evidence.mixed.inference import KENWARD_ROGER, LINEAR, METHODS, SATTERTHWAITE
from assuage.refusals import Refused
from evidence.mixed import trials
from evidence.mixed.trials import Judged, Trial, regenerated, simulated

BOTH = (KENWARD_ROGER, LINEAR)


def fitted(trial: Trial, covariance: str = "unstructured") -> Fit:
    return repeated.fit(trial.x, trial.y, trial.subject, trial.visit, covariance)


def judged(trial: Trial, fit: Fit, covariance: str) -> Judged:
    """Return the judge's arrays at the fit, in the parameters that it names."""
    if covariance == "unstructured":
        return trials.judge(trial, trials.entries, fit.theta)
    chosen = structure(covariance, int(trial.visit.max()) + 1)
    return trials.judge(trial, chosen.covariance, fit.theta)


# Exact tests.


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    people=st.integers(3, 30),
    shift=st.floats(-20.0, 20.0),
    correlation=st.floats(-0.9, 0.9),
    method=st.sampled_from(METHODS),
)
def test_two_visits_are_the_paired_t_test(
    seed: int, people: int, shift: float, correlation: float, method: str
) -> None:
    """Complete data and an unstructured covariance: standard error, df and p are the paired t's.

    A sample whose correlation is 1 to seven digits is left to the refusals.
    """
    trial = simulated(seed, people, 2, correlation=correlation)
    y = trial.y.reshape(people, 2) + np.array([0.0, shift])
    if np.corrcoef(y.T)[0, 1] ** 2 > 1.0 - 1e-7:
        return
    x = trials.by_visit(trial.visit)
    fit = repeated.fit(x, y.reshape(-1), trial.subject, trial.visit, "unstructured")
    one = inference.estimate(fit, np.array([-1.0, 1.0]), method)
    difference = y[:, 1] - y[:, 0]
    exact = stats.ttest_rel(y[:, 1], y[:, 0])
    assert np.isclose(one.se, difference.std(ddof=1) / np.sqrt(people), rtol=1e-6)
    assert np.isclose(one.df, people - 1, rtol=1e-5)
    assert np.isclose(one.p, exact.pvalue, rtol=1e-4)
    low, high = exact.confidence_interval(0.95)
    np.testing.assert_allclose([one.low, one.high], [low, high], atol=1e-5 * one.se)


def test_the_curved_form_would_fail_the_paired_t_test() -> None:
    """The trap: with log standard deviations as parameters and R_ij, the SE is too small.

    source: the paired t test, by its formula.
    """
    trial = simulated(1, 8, 2)
    x = trials.by_visit(trial.visit)
    row = np.array([-1.0, 1.0])
    fit = repeated.fit(x, trial.y, trial.subject, trial.visit, "heterogeneous-compound-symmetry")
    y = trial.y.reshape(8, 2)
    exact = (y[:, 1] - y[:, 0]).std(ddof=1) / np.sqrt(8)
    assert np.isclose(inference.estimate(fit, row, LINEAR).se, exact, rtol=1e-6)
    assert inference.estimate(fit, row, KENWARD_ROGER).se < exact * (1.0 - 1e-3)


@pytest.mark.parametrize("people", [6, 9, 24])
@pytest.mark.parametrize("method", METHODS)
def test_two_arms_and_visits_are_the_t_test_of_changes(people: int, method: str) -> None:
    trial = simulated(people, people, 2)
    y = trial.y.reshape(people, 2)
    change = y[:, 1] - y[:, 0]
    exact = stats.ttest_ind(change[1::2], change[::2])
    one = inference.estimate(fitted(trial), np.array([0.0, 0.0, -1.0, 1.0]), method)
    assert np.isclose(one.t, exact.statistic, rtol=1e-6)
    assert np.isclose(one.df, people - 2, rtol=1e-6)
    assert np.isclose(one.p, exact.pvalue, rtol=1e-6)


@pytest.mark.parametrize(("people", "visits"), [(9, 3), (12, 4), (30, 5)])
def test_unstructured_visits_are_hotelling(people: int, visits: int) -> None:
    """That all means are equal: Hotelling's T-squared of the differences, with its exact df."""
    trial = simulated(visits, people, visits)
    x = trials.by_visit(trial.visit)
    fit = repeated.fit(x, trial.y, trial.subject, trial.visit, "unstructured")
    rows = np.eye(visits)[1:] - np.eye(visits)[0]
    test = inference.joint(fit, rows, KENWARD_ROGER)
    y = trial.y.reshape(people, visits) @ rows.T
    mean, q = y.mean(axis=0), visits - 1
    squared = people * mean @ np.linalg.solve(np.cov(y.T), mean)
    wanted = squared * (people - q) / (q * (people - 1))
    assert np.isclose(test.F, wanted, rtol=1e-6)
    assert (test.df1, round(test.df2, 5)) == (q, people - q)
    assert np.isclose(test.p, stats.f.sf(wanted, q, people - q), rtol=1e-4)


@pytest.mark.parametrize(("people", "visits"), [(8, 3), (12, 4), (20, 5)])
def test_compound_symmetry_is_the_split_plot(people: int, visits: int) -> None:
    """Complete data: the linear form gives the F, df and p of analysis of variance."""
    trial = simulated(people, people, visits, correlation=0.8)
    y = trial.y.reshape(people, visits)
    arm = np.arange(people) % 2
    means = np.array([y[arm == one].mean(axis=0) for one in (0, 1)])
    own = y.mean(axis=1, keepdims=True)
    inside = y - own - means[arm] + means[arm].mean(axis=1, keepdims=True)
    df2 = (people - 2) * (visits - 1)
    error = (inside**2).sum() / df2
    each = np.hstack([np.zeros((visits - 1, visits)), np.eye(visits)[1:] - np.eye(visits)[0]])
    cells = means - means.mean(axis=0) - means.mean(axis=1, keepdims=True) + means.mean()
    wanted = (cells**2).sum() * people / 2 / (visits - 1) / error
    fit = fitted(trial, "compound-symmetry")
    test = inference.joint(fit, each, LINEAR)
    assert (test.df1, round(test.df2, 5)) == (visits - 1, df2)
    assert np.isclose(test.F, wanted, rtol=1e-6)
    assert np.isclose(inference.joint(fit, each, SATTERTHWAITE).F, wanted, rtol=1e-6)
    between = np.concatenate([np.zeros(visits), np.full(visits, 1.0 / visits)])
    one = inference.estimate(fit, between, LINEAR)
    exact = stats.ttest_ind(own[arm == 1, 0], own[arm == 0, 0])
    assert np.isclose(one.t, exact.statistic, rtol=1e-6)
    assert np.isclose(one.df, people - 2, rtol=1e-5)
    for method in BOTH:
        assert np.isclose(inference.estimate(fit, each[0], method).df, df2, rtol=1e-5)


# The paper, term by term.


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_every_term_is_that_of_the_paper(covariance: str) -> None:
    trial = simulated(21, 16, 3, 0.2)
    fit = fitted(trial, covariance)
    truth = judged(trial, fit, covariance)
    np.testing.assert_allclose(fit.covariance, truth.phi, rtol=1e-8, atol=1e-10)
    scale = np.sqrt(np.diagonal(truth.w))
    np.testing.assert_allclose(
        fit.theta_covariance / np.outer(scale, scale), truth.w / np.outer(scale, scale), atol=3e-4
    )
    np.testing.assert_allclose(fit.first, truth.first, atol=1e-6 * np.abs(truth.first).max())
    wanted = np.einsum("ij,ijab->ab", fit.theta_covariance, truth.second)
    np.testing.assert_allclose(fit.spread, wanted, atol=1e-6 * np.abs(wanted).max())
    if fit.curvature is not None:
        size = np.abs(truth.curvature).max()
        np.testing.assert_allclose(fit.curvature, truth.curvature, atol=1e-5 * size)
    for linear, method in ((True, LINEAR), (False, KENWARD_ROGER)):
        grown = truth.grown(linear=linear or covariance == "unstructured")
        np.testing.assert_allclose(inference.adjusted(fit, method), grown, atol=1e-4 * grown.max())
    one = inference.estimate(fit, trial.row, SATTERTHWAITE)
    assert np.isclose(one.df, truth.df(trial.row), rtol=1e-4)
    assert np.isclose(one.se**2, truth.phi[5, 5], rtol=1e-8)


def test_second_derivatives_serve_as_well_as_their_sum() -> None:
    trial = simulated(22, 16, 3, 0.2)
    fit = fitted(trial)
    other = replace(fit, second=judged(trial, fit, "unstructured").second, spread=None)
    np.testing.assert_allclose(inference.adjusted(other), inference.adjusted(fit), rtol=1e-6)
    with pytest.raises(ValueError, match="either second or spread"):
        inference.adjusted(replace(fit, spread=None))


def expected(trial: Trial, fit: Fit) -> Fit:
    """Return the fit with the expected in place of the observed information, person by person."""
    V = np.asarray(fit.variance["visits"])
    basis = [trials.entries(one) for one in np.eye(len(fit.theta))]
    k = len(basis)
    information = np.zeros((k, k))
    second = np.zeros((k, k, fit.rank, fit.rank))
    for subject in np.unique(trial.subject):
        mine = trial.subject == subject
        at = np.ix_(trial.visit[mine], trial.visit[mine])
        inverse, x = np.linalg.inv(V[at]), trial.x[mine]
        half = [inverse @ one[at] for one in basis]
        for i in range(k):
            for j in range(k):
                information[i, j] += np.trace(half[i] @ half[j])
                second[i, j] += x.T @ half[i] @ half[j] @ inverse @ x
    phi = fit.covariance
    for i in range(k):
        for j in range(k):
            information[i, j] -= 2 * np.trace(phi @ second[i, j])
            information[i, j] += np.trace(phi @ fit.first[i] @ phi @ fit.first[j])
    return replace(fit, theta_covariance=2 * np.linalg.inv(information), second=second, spread=None)


def test_the_expected_information_is_not_what_is_used() -> None:
    """The other trap: on data with gaps it is plainly off the judge (source: the paper's W)."""
    trial = simulated(24, 30, 3, 0.3)
    fit = fitted(trial)
    truth = judged(trial, fit, "unstructured")
    se = np.sqrt(truth.grown(linear=True)[5, 5])
    right = inference.estimate(fit, trial.row, KENWARD_ROGER)
    wrong = inference.estimate(expected(trial, fit), trial.row, KENWARD_ROGER)
    assert abs(right.df / truth.df(trial.row) - 1.0) < 1e-4
    assert abs(right.se / se - 1.0) < 1e-4
    assert abs(wrong.df / truth.df(trial.row) - 1.0) > 5e-2


@pytest.mark.parametrize("folder", trials.THERE)
def test_the_expected_information_fails_the_published_number(folder: Path) -> None:
    """source: R package mmrm 0.3.18, antidepressant trial, df 150.1085; expected gives 154.2."""
    trial = trials.antidepressant(folder)
    fit = fitted(trial)
    right = inference.estimate(fit, trial.row, KENWARD_ROGER)
    wrong = inference.estimate(expected(trial, fit), trial.row, KENWARD_ROGER)
    assert np.isclose(right.df, 150.1085, rtol=1e-4)
    assert not np.isclose(wrong.df, 150.1085, rtol=1e-2)
    assert np.isclose(wrong.df, 154.2, rtol=1e-3)


def _joint(truth: Judged, fit: Fit, L: F) -> tuple[float, float, float]:
    """Return F, df and scale as sections 3.1 and 3.2 write them, with the judge's arrays."""
    phi, w, q = truth.phi, truth.w, len(L)
    theta = L.T @ np.linalg.inv(L @ phi @ L.T) @ L
    inner = [theta @ phi @ P @ phi for P in truth.first]
    a1 = sum(
        w[i, j] * np.trace(inner[i]) * np.trace(inner[j])
        for i in range(len(w))
        for j in range(len(w))
    )
    a2 = sum(w[i, j] * np.trace(inner[i] @ inner[j]) for i in range(len(w)) for j in range(len(w)))
    b = (a1 + 6 * a2) / (2 * q)
    g = ((q + 1) * a1 - (q + 4) * a2) / ((q + 2) * a2)
    low = 3 * q + 2 * (1 - g)
    c1, c2, c3 = g / low, (q - g) / low, (q + 2 - g) / low
    mean = 1 / (1 - a2 / q)
    spread = 2 / q * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    m = 4 + (q + 2) / (q * spread / (2 * mean**2) - 1)
    scale = m / (mean * (m - 2))
    effect = L @ fit.estimate
    wald = effect @ np.linalg.solve(L @ truth.grown(linear=True) @ L.T, effect) / q
    return scale * wald, m, scale


@pytest.mark.parametrize("rows", [2, 3])
def test_the_joint_test_is_that_of_the_paper(rows: int) -> None:
    trial = simulated(24, 18, 3, 0.2)
    fit = fitted(trial)
    L = np.eye(6)[6 - rows :]
    wanted, df, _ = _joint(judged(trial, fit, "unstructured"), fit, L)
    test = inference.joint(fit, L, KENWARD_ROGER)
    np.testing.assert_allclose([test.F, test.df2], [wanted, df], rtol=2e-4)
    turned = np.random.default_rng(0).normal(size=(rows + 2, rows)) @ L
    again = inference.joint(fit, turned, KENWARD_ROGER)
    np.testing.assert_allclose(
        [again.df1, again.df2, again.F], [test.df1, test.df2, test.F], rtol=1e-7
    )


def test_satterthwaite_of_many_rows_is_fai_and_cornelius() -> None:
    """The squared t of uncorrelated contrasts, averaged, has the mean of its F."""
    trial = simulated(25, 18, 4, 0.2)
    fit = fitted(trial)
    L = np.eye(8)[4:]
    values, vectors = np.linalg.eigh(L @ fit.covariance @ L.T)
    each = [inference.estimate(fit, row, SATTERTHWAITE) for row in vectors.T @ L]
    test = inference.joint(fit, L, SATTERTHWAITE)
    assert np.isclose(test.F, np.mean([one.t**2 for one in each]))
    means = sum(one.df / (one.df - 2) for one in each)
    assert np.isclose(test.df2 / (test.df2 - 2), means / 4)
    assert (values > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_a_joint_test_of_one_row_is_the_t_test(method: str) -> None:
    trial = regenerated()
    for covariance in ("unstructured", "ar1"):
        fit = fitted(trial, covariance)
        one = inference.estimate(fit, trial.row, method)
        test = inference.joint(fit, trial.row[None], method)
        np.testing.assert_allclose([test.F, test.df2, test.p], [one.t**2, one.df, one.p])
        assert test.df1 == 1


def test_null_and_level_move_what_they_should() -> None:
    trial = regenerated()
    fit = fitted(trial)
    one = inference.estimate(fit, trial.row, KENWARD_ROGER)
    other = inference.estimate(fit, trial.row, KENWARD_ROGER, level=0.8, null=one.high)
    assert np.isclose(other.p, 1.0 - 0.95)  # source: a 95 % interval's end has p 0.05
    assert other.low > one.low
    assert other.high < one.high
    assert np.isclose(other.t, (one.estimate - one.high) / one.se)


def test_small_p_keeps_its_digits() -> None:
    trial = regenerated()  # source: SciPy's tail of t
    fit = fitted(trial)
    far = inference.estimate(fit, trial.row, SATTERTHWAITE, null=1000.0)
    assert np.isclose(far.p, 2 * stats.t.sf(abs(far.t), far.df), rtol=1e-9)
    assert 0.0 < far.p < 1e-15


# Refusals.


def code(call: object) -> str:
    assert callable(call)
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.code


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 95.0, np.nan])
def test_a_level_that_is_none_is_refused(level: float) -> None:
    fit = fitted(regenerated())
    row = regenerated().row
    assert code(lambda: inference.estimate(fit, row, LINEAR, level=level)) == "VALUE_NOT_ALLOWED"


def test_an_unknown_method_is_refused() -> None:
    fit, row = fitted(regenerated()), regenerated().row
    assert code(lambda: inference.estimate(fit, row, "residual")) == "VALUE_NOT_ALLOWED"
    assert code(lambda: inference.joint(fit, row[None], "residual")) == "VALUE_NOT_ALLOWED"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_an_empty_contrast_is_refused(method: str, value: float) -> None:
    fit = fitted(regenerated())
    row = np.full(9, value)
    assert code(lambda: inference.estimate(fit, row, method)) == "FIT_IMPOSSIBLE"
    assert code(lambda: inference.joint(fit, row[None], method)) == "FIT_IMPOSSIBLE"
