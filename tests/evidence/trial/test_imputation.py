"""Imputed trials against a slow imputation written person by person, and published analyses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from assuage.evidence.mixed import repeated
from assuage.evidence.trial.estimands import Assumption, Estimand, IntercurrentEvent, Variable
from assuage.evidence.trial.imputation import (
    METHODS,
    Outcomes,
    ancova,
    conditional_mean,
    design,
    impute,
    multiple,
)
from assuage.evidence.trial.strategies import Long, apply, wide
from assuage.refusals import Refusal, Refused
from evidence.trial.trials import ANTIDEPRESSANT, CIR, CR, J2R, MAR, antidepressant, assuming, made
from evidence.trial.trials import without as leaving


def mixed_fit(trial: Outcomes, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients (p, m) and covariance by the mixed model's fit of the rows in y."""
    x, m = design(trial), y.shape[1]
    person, visit = np.nonzero(~np.isnan(y))
    long = np.zeros((len(person), x.shape[1] * m))
    for column in range(x.shape[1]):
        long[np.arange(len(person)), column * m + visit] = x[person, column]
    found = repeated.fit(long, y[person, visit], person, visit, "unstructured")
    return found.estimate.reshape(-1, m), np.asarray(found.variance["visits"])


def person_by_person(trial: Outcomes) -> np.ndarray:
    """Return the last visit with conditional means, straight from the definitions."""
    n, m = trial.y.shape
    informs = trial.y.copy()
    for person in range(n):
        if trial.method[person] != MAR:
            informs[person, trial.first[person] :] = np.nan
    coefficients, covariance = mixed_fit(trial, informs)
    found = trial.y[:, -1].copy()
    x = design(trial)
    arms = len(trial.arms)
    for person in np.flatnonzero(np.isnan(found)):
        as_control = x[person].copy()
        as_control[1:arms] = 0
        own, control = x[person] @ coefficients, as_control @ coefficients
        first, method = trial.first[person], trial.method[person]
        mean = own.copy()
        for visit in range(m):
            if method == CR and first < m:
                mean[visit] = control[visit]
            if method == J2R and visit >= first:
                mean[visit] = control[visit]
            if method == CIR and visit >= first:
                before = own[first - 1] - control[first - 1] if first else 0.0
                mean[visit] = control[visit] + before
        seen = np.flatnonzero(~np.isnan(trial.y[person]))
        found[person] = mean[-1]
        if len(seen):
            inverse = np.linalg.inv(covariance[np.ix_(seen, seen)])
            gap = trial.y[person, seen] - mean[seen]
            found[person] += covariance[-1, seen] @ inverse @ gap
    return found


def effect(trial: Outcomes, last: np.ndarray) -> float:
    return float(np.linalg.lstsq(design(trial), last, rcond=None)[0][1])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_means_are_those_of_a_person_by_person_imputation(method: Assumption, seed: int) -> None:
    trial = assuming(made(seed, visits=4), method)
    found = conditional_mean(trial).differences[0]
    assert found.estimate == pytest.approx(effect(trial, person_by_person(trial)), abs=2e-5)


@pytest.mark.parametrize("method", METHODS)
def test_three_arms_have_one_reference(method: Assumption) -> None:
    trial = assuming(made(4, people=60, arms=3), method)
    found = conditional_mean(trial)
    assert [one.name for one in found.differences] == ["ketamine - placebo", "midazolam - placebo"]
    assert [one.name for one in found.means] == ["placebo", "ketamine", "midazolam"]
    last = person_by_person(trial)
    assert found.differences[0].estimate == pytest.approx(effect(trial, last), abs=2e-5)
    gap = found.means[2].estimate - found.means[0].estimate
    assert found.differences[1].estimate == pytest.approx(gap)


def test_missing_at_random_is_the_mixed_model() -> None:
    """Under missing at random the analysis of conditional means is the MMRM's own estimate."""
    trial = made(5)
    coefficients, _ = mixed_fit(trial, trial.y)
    found = conditional_mean(trial).differences[0]
    assert found.estimate == pytest.approx(coefficients[1, -1], abs=1e-5)


def test_before_any_visit_a_jump_dilutes_the_effect_by_who_is_missing() -> None:
    """With one visit and no covariate, those missing have the reference's mean: the effect is
    the share seen times the effect in those seen, whichever reference-based method it is.
    """
    rng = np.random.default_rng(6)
    y = rng.normal(size=(40, 1)) + 2 * (np.arange(40) % 2)[:, None]
    y[1:17:2] = np.nan  # 8 of the 20 treated
    trial = Outcomes(
        *(y, np.empty((40, 0)), np.arange(40) % 2, ("placebo", "ketamine"), 0),
        *((MAR,) * 40, np.ones(40, int)),
    )
    seen = y[17::2].mean() - y[::2].mean()
    for method in (J2R, CR, CIR):
        found = conditional_mean(assuming(trial, method)).differences[0]
        assert found.estimate == pytest.approx(seen * 12 / 20)
    assert conditional_mean(trial).differences[0].estimate == pytest.approx(seen)


def test_the_jackknife_is_leaving_out_one_by_one() -> None:
    trial = assuming(made(7, people=24), J2R)
    folds = [conditional_mean(leaving(trial, one)).differences[0].estimate for one in range(24)]
    se = np.sqrt(23 / 24 * ((folds - np.mean(folds)) ** 2).sum())
    found = conditional_mean(trial).differences[0]
    assert found.se == pytest.approx(se, rel=1e-6)
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(found.estimate / se)), rel=1e-5)
    assert found.df == np.inf


@pytest.mark.parametrize("method", METHODS)
def test_draws_scatter_about_the_conditional_means(method: Assumption) -> None:
    """Imputed values have the conditional mean as centre, but for the posterior's own width."""
    trial = assuming(made(8, people=120), method)
    found = impute(trial, 1500, seed=1)
    seen = ~np.isnan(trial.y[:, -1])
    assert (found[:, seen] == trial.y[seen, -1]).all()
    expected = person_by_person(trial)[~seen]
    centre, spread = found[:, ~seen].mean(0), found[:, ~seen].std(0)
    assert (np.abs(centre - expected) < 0.15 * spread).all()  # source: 0.026 from 1500 draws,
    # and the rest for a posterior mean that isn't the REML value in 120 people


def test_nothing_missing_is_an_analysis_of_covariance() -> None:
    """source: least squares, its t test and n - p degrees of freedom."""
    trial = made(9)
    y = np.where(np.isnan(trial.y), 3.0, trial.y)
    found = multiple(replace(trial, y=y), 5, seed=1).differences[0]
    x = design(trial)
    least, squares, *_ = np.linalg.lstsq(x, y[:, -1], rcond=None)
    se = np.sqrt(squares[0] / 37 * np.linalg.inv(x.T @ x)[1, 1])
    assert found.estimate == pytest.approx(least[1])
    assert (found.se, found.df) == pytest.approx((se, 37))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(least[1] / se), 37))
    assert found.monte_carlo_error == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("method", [MAR, J2R])
def test_a_draw_does_not_depend_on_the_others(method: Assumption) -> None:
    """So the work may be split among any number of workers."""
    trial = assuming(made(10), method)
    whole = impute(trial, 503, seed=4)  # more than are drawn at once
    parts = [impute(trial, 100, seed=4), impute(trial, 403, seed=4, first=100)]
    assert (whole == np.vstack(parts)).all()
    assert (impute(trial, 1, seed=4, first=502) == whole[-1]).all()
    missing = np.isnan(trial.y[:, -1])
    assert (impute(trial, 1, seed=5)[0, missing] != whole[0, missing]).all()


def test_values_seen_after_the_event_stay_and_do_not_teach() -> None:
    trial = assuming(made(11, people=60, visits=4, gaps=False), J2R)
    person = int(np.flatnonzero((trial.arm == 1) & (trial.first == 2))[0])
    y = trial.y.copy()
    y[person, 3] = 5.0
    one = impute(replace(trial, y=y), 4, seed=1)
    y[person, 3] = 50.0
    other = impute(replace(trial, y=y), 4, seed=1)
    assert (one[:, person] == 5).all()
    assert (other[:, person] == 50).all()
    rest = np.arange(60) != person
    assert (one[:, rest] == other[:, rest]).all()


def test_an_estimand_leads_to_its_imputation() -> None:
    """Rows and days of events in, as a study has them, and the same trial comes out."""
    trial = assuming(made(18, gaps=False), J2R)
    n, m = trial.y.shape
    person, visit = np.divmod(np.arange(n * m), m)
    rows = Long(person, visit, 7.0 * visit, trial.y.ravel(), n, m)
    stopped = np.where(trial.first < m, 7.0 * trial.first - 1, np.inf)
    stop = IntercurrentEvent("stop", "treatment-policy", assume=J2R)
    estimand = Estimand(
        *("main", "all", Variable("pain", "value", "week 2"), (), "placebo"),
        *((stop,), "difference-in-means"),
    )
    seen = apply(estimand, rows, {"stop": stopped})
    other = replace(trial, y=wide(rows, seen), method=seen.method, first=seen.first)
    assert conditional_mean(other) == conditional_mean(trial)


@pytest.mark.parametrize("method", METHODS)
def test_a_visit_missed_before_the_event_is_missing_at_random(method: Assumption) -> None:
    trial = made(19, visits=4)
    person = int(np.flatnonzero(np.isnan(trial.y[:, 0]) & (trial.arm == 1))[0])
    first = trial.first.copy()
    first[person] = 3
    y = trial.y.copy()
    y[person] = [np.nan, 4.0, 3.0, np.nan]
    methods = tuple(method if one == person else MAR for one in range(len(y)))
    given = replace(trial, y=y, method=methods, first=first)
    found = impute(given, 3, seed=1, visit=0)
    assert (found == impute(replace(given, method=(MAR,) * len(y)), 3, seed=1, visit=0)).all()
    last = impute(given, 3, seed=1)[:, person]
    other = impute(replace(given, method=(MAR,) * len(y)), 3, seed=1)[:, person]
    assert (last != other).all() == (method != MAR)


def test_somebody_of_whom_nothing_was_seen_is_imputed_too() -> None:
    trial = made(12)
    y = trial.y.copy()
    y[1] = np.nan
    found = conditional_mean(assuming(replace(trial, y=y), J2R))
    assert np.isfinite(found.differences[0].se)


def test_an_earlier_visit_can_be_asked_for() -> None:
    trial = made(13)
    assert conditional_mean(trial, visit=1).visit == 1
    assert conditional_mean(trial).visit == 2
    both = multiple(trial, 20, seed=1, visit=1)
    assert both.visit == 1
    assert both.differences[0].estimate == pytest.approx(
        conditional_mean(trial, visit=1).differences[0].estimate, abs=0.5
    )


def test_weights_leave_people_out() -> None:
    trial = made(14, gaps=False)
    x, y = design(trial), np.nan_to_num(trial.y[:, -1])[None]
    rows = np.eye(3)
    weights = np.ones((1, len(x)))
    weights[0, :4] = 0.0
    found, spread = ancova(y, x, rows, weights)
    expected, variance = ancova(y[:, 4:], x[4:], rows)
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(spread, variance)


# What is changed, and into what.
WRONG = [
    {"arms": ("placebo", "placebo")},
    {"reference": 2},
    {"arm": np.zeros(40, int)},
    {"arm": np.arange(40)},
    {"arm": np.zeros(39, int)},
    {"covariates": np.ones((39, 1))},
    {"method": ("best-guess",) * 40},
    {"method": (MAR,) * 39},
    {"first": np.full(40, 4)},
    {"first": np.full(40, -1)},
]


@pytest.mark.parametrize("spoilt", WRONG)
def test_outcomes_that_do_not_hold_are_refused(spoilt: dict[str, object]) -> None:
    with pytest.raises(Refused) as caught:
        impute(replace(made(15), **spoilt), 2, seed=1)
    assert caught.value.refusal is Refusal.DATA_INVALID


@pytest.mark.parametrize(
    "asked",
    [
        *({"draws": 0}, {"draws": 2.0}, {"draws": 10**6}, {"seed": -1}, {"visit": 3}),
        *({"first": -1}, {"prior_df": -1.0}, {"prior_df": float("nan")}),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(Refused) as caught:
        impute(made(16), **({"draws": 2, "seed": 1} | asked))
    assert caught.value.refusal is Refusal.VALUE_NOT_ALLOWED


def test_a_covariate_with_a_gap_is_refused() -> None:
    trial = made(17)
    covariates = trial.covariates.copy()
    covariates[3] = np.nan
    for ask in (lambda one: impute(one, 2, seed=1), conditional_mean):
        with pytest.raises(Refused) as caught:
            ask(replace(trial, covariates=covariates))
        assert caught.value.refusal is Refusal.NOT_ESTIMABLE


# source: SAS five macros, 10,000 draws, on the antidepressant data: difference at visit 7 with its
# standard error and p value (openpharma/rbmi 5961fa0, misc/antidepressant_analysis).
SAS = {
    MAR: (2.79516, 1.11445, 0.0132),
    CIR: (2.44592, 1.10742, 0.0287),
    CR: (2.36644, 1.10747, 0.0343),
    J2R: (2.12426, 1.12750, 0.0615),
}


@pytest.mark.parametrize("method", SAS)
@pytest.mark.parametrize("path", ANTIDEPRESSANT)
def test_the_antidepressant_trial(path: Path, method: Assumption) -> None:
    """Both sides are drawn: 4,000 draws here and 10,000 there leave 0.008 in the difference."""
    estimate, se, p = SAS[method]
    trial = assuming(antidepressant(path), method)
    found = multiple(trial, 4000, seed=2026, prior_df=4).differences[0]
    assert -found.estimate == pytest.approx(estimate, abs=0.025)
    assert found.se == pytest.approx(se, abs=0.005)
    assert found.p == pytest.approx(p, abs=0.003)
    assert conditional_mean(trial).differences[0].estimate == pytest.approx(-estimate, abs=0.015)


@pytest.mark.parametrize("path", ANTIDEPRESSANT)
def test_the_antidepressant_mmrm(path: Path) -> None:
    """source: SAS PROC MIXED, drug - placebo at visit 7 is -2.8018."""
    found = conditional_mean(antidepressant(path)).differences[0]
    assert found.estimate == pytest.approx(-2.8018, abs=5e-5)
