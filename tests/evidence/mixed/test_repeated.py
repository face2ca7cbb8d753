"""Repeated measures by REML: other programs' numbers, closed forms, invariance, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assuage.evidence.mixed import inference, repeated
from assuage.evidence.mixed.covariance import STRUCTURES
from assuage.evidence.mixed.fitted import F, Fit
from assuage.refusals import Refused
from evidence.mixed import trials
from evidence.mixed.trials import ANTIDEPRESSANT, Trial, regenerated, simulated

# source: R 4.2.2, nlme 3.1-162, gls(y ~ 0 + v + v:arm + base, method = "REML") on regenerated(),
# with corSymm, corCompSymm, corAR1 or corARMA(p = 3), and varIdent(form = ~ 1 | v) where
# heterogeneous: -2 restricted log likelihood, the arm's effect at the last visit, its SE
R = {
    "unstructured": (583.26175743, -4.71831330, 2.20329462),
    "compound-symmetry": (600.39413286, -4.81395608, 1.68927467),
    "heterogeneous-compound-symmetry": (587.99186756, -4.81554923, 2.24986720),
    "ar1": (603.40761821, -4.95067737, 1.70393700),
    "heterogeneous-ar1": (591.73521288, -5.04087136, 2.25444150),
    "toeplitz": (599.15254701, -4.82410643, 1.68238617),
    "heterogeneous-toeplitz": (586.19122558, -4.77050410, 2.25308315),
}


def fitted(trial: Trial, covariance: str) -> Fit:
    return repeated.fit(trial.x, trial.y, trial.subject, trial.visit, covariance)


def visits(fit: Fit) -> F:
    return np.asarray(fit.variance["visits"])


@pytest.mark.parametrize("covariance", R)
def test_the_fit_is_that_of_nlme(covariance: str) -> None:
    fit, trial = fitted(regenerated(), covariance), regenerated()
    value, effect, se = R[covariance]
    assert np.isclose(fit.reml_criterion, value, atol=2e-8, rtol=0.0)
    assert np.isclose(trial.row @ fit.estimate, effect, rtol=2e-6)
    assert np.isclose(np.sqrt(trial.row @ fit.covariance @ trial.row), se, rtol=1e-5)


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_no_covariance_nearby_is_likelier(covariance: str) -> None:
    """By the judge's whole matrices, in every direction that the structure leaves free."""
    trial = regenerated()
    fit = fitted(trial, covariance)
    V = visits(fit)
    best = trials.criterion(trial, V)
    assert np.isclose(best, fit.reml_criterion, rtol=1e-12)
    plan = repeated.prepare(trial.x, trial.subject, trial.visit, covariance)
    free = plan.structure.start(V)
    if covariance != "unstructured":
        free = fit.theta
    for step in 0.02 * np.eye(len(free)):
        for sign in (-1.0, 1.0):
            moved = plan.structure.covariance(free + sign * step)
            assert trials.criterion(trial, moved) > best


def test_complete_data_have_a_closed_form() -> None:
    """With one mean per visit and arm, V is the pooled covariance within arms."""
    trial = simulated(5, 24, 4)
    y = trial.y.reshape(24, 4)
    arm = np.arange(24) % 2
    within = y - np.array([y[arm == one].mean(axis=0) for one in (0, 1)])[arm]
    np.testing.assert_allclose(
        visits(fitted(trial, "unstructured")), within.T @ within / 22, rtol=1e-9
    )


def test_what_a_fit_says_of_itself() -> None:
    fit, trial = fitted(regenerated(), "unstructured"), regenerated()
    assert (fit.rows, fit.people, fit.rank) == (109, 30, 9)
    assert len(fit.theta) == len(fit.theta_names) == 10
    assert fit.theta_names[:3] == ("variance at 1", "covariance of 1 and 2", "variance at 2")
    np.testing.assert_allclose(trials.entries(fit.theta), visits(fit))
    assert fit.curvature is None
    assert fit.second is None
    named = repeated.fit(
        trial.x, trial.y, trial.subject, trial.visit, "ar1", visits=4, names=tuple("abcd")
    )
    assert named.theta_names == ("log sd", "correlation of neighbours, freed")


# Invariance.


@pytest.mark.parametrize("covariance", STRUCTURES)
@settings(max_examples=6, deadline=None)
@given(factor=st.floats(1e-5, 1e5), shift=st.floats(-100.0, 100.0), seed=st.integers(0, 999))
def test_units_order_and_names_of_people_change_nothing(
    covariance: str, factor: float, shift: float, seed: int
) -> None:
    trial = regenerated()
    fit = fitted(trial, covariance)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(trial.y))
    people = rng.permutation(1000)[:30]
    moved = repeated.fit(
        trial.x[order],
        factor * (trial.y[order] + shift),
        people[trial.subject[order]],
        trial.visit[order],
        covariance,
    )
    np.testing.assert_allclose(visits(moved), factor**2 * visits(fit), rtol=1e-5)
    wanted = fit.estimate + shift * np.array([1, 1, 1, 1, 0, 0, 0, 0, 0])
    scale = np.sqrt(np.diagonal(fit.covariance))
    np.testing.assert_allclose(moved.estimate / factor, wanted, atol=1e-6 * scale.max())
    for method in inference.METHODS:
        one = inference.estimate(fit, trial.row, method)
        other = inference.estimate(moved, trial.row, method)
        assert np.isclose(other.se, factor * one.se, rtol=1e-5)
        assert np.isclose(other.df, one.df, rtol=1e-5)


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_outcomes_far_from_nought_keep_their_digits(covariance: str) -> None:
    trial = regenerated()
    far = repeated.fit(trial.x, trial.y + 1e7, trial.subject, trial.visit, covariance)
    near = fitted(trial, covariance)
    np.testing.assert_allclose(visits(far), visits(near), rtol=1e-6)
    assert np.isclose(trial.row @ far.estimate, trial.row @ near.estimate, rtol=1e-6)
    assert far.slope <= 1e-7  # source: climb.LEVEL


@pytest.mark.parametrize("order", [(3, 1, 0, 2), (1, 0, 3, 2)])
def test_unstructured_knows_no_order_of_visits(order: tuple[int, ...]) -> None:
    trial = regenerated()
    fit = fitted(trial, "unstructured")
    place = np.array(order)
    moved = repeated.fit(trial.x, trial.y, trial.subject, place[trial.visit], "unstructured")
    np.testing.assert_allclose(visits(moved)[np.ix_(place, place)], visits(fit), rtol=1e-6)
    np.testing.assert_allclose(moved.estimate, fit.estimate, rtol=1e-6)
    np.testing.assert_allclose(inference.adjusted(moved), inference.adjusted(fit), rtol=1e-5)


@pytest.mark.parametrize("covariance", ["heterogeneous-toeplitz", "heterogeneous-ante-dependence"])
def test_structures_in_time_read_the_same_backwards(covariance: str) -> None:
    trial = regenerated()
    moved = repeated.fit(trial.x, trial.y, trial.subject, 3 - trial.visit, covariance)
    np.testing.assert_allclose(
        visits(moved)[::-1, ::-1], visits(fitted(trial, covariance)), rtol=1e-5
    )


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_another_coding_of_the_effects_tests_the_same(covariance: str) -> None:
    trial = regenerated()
    turn = np.random.default_rng(4).normal(size=(9, 9))
    fit = fitted(trial, covariance)
    x = trial.x @ turn
    moved = repeated.fit(x, trial.y, trial.subject, trial.visit, covariance)
    one = inference.estimate(fit, trial.row, inference.KENWARD_ROGER)
    other = inference.estimate(moved, trial.row @ turn, inference.KENWARD_ROGER)
    for part in ("estimate", "se", "df", "p"):
        assert np.isclose(getattr(one, part), getattr(other, part), rtol=1e-6)
    lost = 2.0 * np.log(np.abs(np.linalg.det(turn)))
    assert np.isclose(moved.reml_criterion, fit.reml_criterion + lost, rtol=1e-9)


def test_one_plan_serves_many_outcomes() -> None:
    trial = regenerated()
    plan = repeated.prepare(trial.x, trial.subject, trial.visit, "unstructured")
    for seed in range(3):
        y = trial.y + np.random.default_rng(seed).normal(size=len(trial.y))
        alone = repeated.fit(trial.x, y, trial.subject, trial.visit, "unstructured")
        np.testing.assert_array_equal(plan.fit(y).estimate, alone.estimate)


# Refusals.

NAMES = ("week 1", "week 2", "week 4", "week 8")


def refused(trial: Trial, covariance: str, names: tuple[str, ...] = NAMES) -> Refused:
    with pytest.raises(Refused) as caught:
        repeated.fit(
            trial.x,
            trial.y,
            trial.subject,
            trial.visit,
            covariance,
            visits=len(names),
            names=names,
        )
    return caught.value


def means_only(trial: Trial) -> Trial:
    return Trial(trials.by_visit(trial.visit), trial.y, trial.subject, trial.visit, trial.row)


@pytest.mark.parametrize("covariance", ["unstructured", "heterogeneous-ante-dependence"])
def test_a_pair_of_visits_that_nobody_has_is_named(covariance: str) -> None:
    trial = simulated(6, 40, 4)
    trial = trial.kept(trial.visit != 1 + (trial.subject // 2) % 2)
    said = refused(trial, covariance)
    assert said.code == "FIT_IMPOSSIBLE"
    assert "week 2 and week 4" in said.sentence
    assert "week 8" not in said.sentence


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_a_visit_without_anybody_is_named(covariance: str) -> None:
    trial = simulated(6, 40, 4)
    trial = means_only(trial.kept(trial.visit != 3))
    said = refused(trial, covariance)
    assert said.code == "FIT_IMPOSSIBLE"
    assert "nobody was seen at week 8" in said.sentence


@pytest.mark.parametrize("covariance", ["unstructured", "heterogeneous-ar1"])
def test_a_visit_with_too_few_people_is_named(covariance: str) -> None:
    """Two people, one of each arm: both means at that visit are theirs alone."""
    trial = simulated(6, 40, 4)
    trial = trial.kept((trial.visit != 3) | (trial.subject < 2))
    said = refused(trial, covariance)
    assert said.code == "FIT_IMPOSSIBLE"
    assert "too few people were seen at week 8" in said.sentence
    fitted(trial, "ar1")  # one variance for all visits needs no more


@pytest.mark.parametrize("covariance", STRUCTURES)
def test_people_seen_once_tell_no_covariance(covariance: str) -> None:
    trial = simulated(6, 40, 4)
    trial = trial.kept(trial.visit == (trial.subject // 2) % 4)
    said = refused(trial, covariance)
    assert said.code == "FIT_IMPOSSIBLE"
    assert "nobody was seen at two visits" in said.sentence


def test_one_visit_is_not_repeated() -> None:
    trial = simulated(6, 40, 4)
    one = trial.kept(trial.visit == 0)
    one = Trial(one.x[:, [0, 4]], one.y, one.subject, one.visit, one.row)
    assert "one visit" in refused(one, "unstructured", ("week 1",)).sentence


def test_two_rows_of_one_person_at_a_visit_are_refused() -> None:
    trial = simulated(6, 10, 4)
    again = np.append(np.arange(40), 6)
    assert "two rows at week 4" in refused(trial.kept(again), "ar1").sentence


def test_more_parameters_than_rows_are_refused() -> None:
    trial = simulated(6, 4, 4)
    assert "16 rows can't tell" in refused(trial, "unstructured").sentence


def test_too_few_people_at_all_visits_are_refused() -> None:
    """Five people, two arms: three people's worth of contrasts for four visits."""
    trial = simulated(6, 5, 4)
    said = refused(trial, "unstructured")
    assert said.code == "FIT_IMPOSSIBLE"
    assert "too few people" in said.sentence
    assert "week" in said.sentence


def test_outcomes_that_the_effects_reproduce_are_refused() -> None:
    trial = simulated(6, 20, 4)
    exact = Trial(trial.x, trial.x @ np.arange(8.0), trial.subject, trial.visit, trial.row)
    assert "reproduce every outcome" in refused(exact, "ar1").sentence


def test_a_visit_where_nothing_varies_is_named() -> None:
    trial = simulated(6, 20, 4)
    y = np.where(trial.visit == 2, 7.0, trial.y)
    still = Trial(trial.x, y, trial.subject, trial.visit, trial.row)
    said = refused(still, "heterogeneous-ar1")
    assert "every outcome at week 4" in said.sentence


@pytest.mark.parametrize("correlated", [1.0, -1.0])
@pytest.mark.parametrize("covariance", ["ar1", "heterogeneous-toeplitz", "unstructured"])
def test_outcomes_that_repeat_each_other_are_refused(covariance: str, correlated: float) -> None:
    trial = simulated(6, 20, 2)
    y = np.repeat(trial.y[::2], 2) * np.tile([1.0, correlated], 20)
    same = Trial(trial.x, y, trial.subject, trial.visit, trial.row)
    said = refused(same, covariance, NAMES[:2])
    assert said.code == "FIT_IMPOSSIBLE"
    assert "week 1, week 2" in said.sentence


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    trial = simulated(6, 20, 4)
    y, x = trial.y.copy(), trial.x.copy()
    y[3], x[3, 0] = bad, bad
    for broken in (
        Trial(trial.x, y, trial.subject, trial.visit, trial.row),
        Trial(x, trial.y, trial.subject, trial.visit, trial.row),
    ):
        assert refused(broken, "ar1").code == "FIT_IMPOSSIBLE"


def test_dependent_columns_and_unknown_structures_are_refused() -> None:
    trial = simulated(6, 20, 4)
    twice = Trial(
        np.hstack([trial.x, trial.x[:, :1]]), trial.y, trial.subject, trial.visit, trial.row
    )
    assert refused(twice, "ar1").code == "DESIGN_SINGULAR"
    assert refused(trial, "unstuctured").code == "VALUE_NOT_ALLOWED"


def test_a_search_that_ends_early_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assuage.evidence.mixed.climb.MOST", 1)
    assert refused(regenerated(), "unstructured").code == "FIT_NOT_CONVERGED"


@pytest.mark.parametrize("visit", [-1, 4])
def test_a_visit_that_is_none_is_an_error(visit: int) -> None:
    trial = simulated(6, 20, 4)
    wrong = trial.visit.copy()
    wrong[5] = visit
    with pytest.raises(ValueError, match="visits run from 0 to 3"):
        repeated.fit(trial.x, trial.y, trial.subject, wrong, "ar1", visits=4)
    with pytest.raises(ValueError, match="need as many values"):
        repeated.fit(trial.x, trial.y[1:], trial.subject, trial.visit, "ar1")


# Published numbers, where the data are at hand.


@pytest.mark.parametrize("covariance", ANTIDEPRESSANT)
@pytest.mark.parametrize("folder", trials.THERE)
def test_the_antidepressant_trial_to_four_digits(folder: Path, covariance: str) -> None:
    trial = trials.antidepressant(folder)
    fit = fitted(trial, covariance)
    value, effect, se, df = ANTIDEPRESSANT[covariance]
    one = inference.estimate(fit, trial.row, inference.KENWARD_ROGER)
    assert np.isclose(fit.reml_criterion, value, atol=6e-4, rtol=0.0)
    np.testing.assert_allclose([one.estimate, one.se, one.df], [effect, se, df], rtol=1e-4)


@pytest.mark.parametrize("folder", trials.THERE)
def test_the_antidepressant_trial_as_sas_has_it(folder: Path) -> None:
    """source: SAS PROC MIXED, ddfm = kr; model-based SE and p from R nlme and mmrm 0.3.18."""
    trial = trials.antidepressant(folder)
    fit = fitted(trial, "unstructured")
    assert (fit.rows, fit.people) == (608, 172)
    assert np.isclose(fit.reml_criterion, 3494.20285, atol=6e-6, rtol=0.0)
    wanted = [19.6845, 34.2105, 38.4363, 45.2587]
    np.testing.assert_allclose(np.diagonal(visits(fit)), wanted, rtol=1e-5)
    assert np.isclose(trial.row @ fit.estimate, -2.80183414, rtol=1e-6)
    assert np.isclose(np.sqrt(fit.covariance[11, 11]), 1.11402732, rtol=1e-5)
    kenward = inference.estimate(fit, trial.row, inference.KENWARD_ROGER)
    np.testing.assert_allclose([kenward.se, kenward.df, kenward.p], [1.116290, 150.1085, 0.013137],
                               rtol=2e-4)  # fmt: skip
    plain = inference.estimate(fit, trial.row, inference.SATTERTHWAITE)
    np.testing.assert_allclose([plain.df, plain.p], [150.1085, 0.012957], rtol=2e-4)
    table = [(8, 0.09181, 0.6826), (9, -1.4032, 0.9244), (10, -2.2247, 1.0008)]
    for column, effect, se in table:
        one = inference.estimate(fit, np.eye(12)[column], inference.KENWARD_ROGER)
        np.testing.assert_allclose([one.estimate, one.se], [effect, se], rtol=5e-4)
    before = trial.x[:, 4:8].sum(axis=1).mean()  # over rows, as SAS takes it
    for drug, effect, se in ((1.0, -7.6239, 0.7914), (0.0, -4.8221, 0.7785)):
        row = np.eye(12)[3] + before * np.eye(12)[7] + drug * np.eye(12)[11]
        one = inference.estimate(fit, row, inference.KENWARD_ROGER)
        np.testing.assert_allclose([one.estimate, one.se], [effect, se], rtol=5e-4)


@pytest.mark.parametrize("folder", trials.THERE)
def test_the_lung_trial_as_sas_has_it(folder: Path) -> None:
    """source: SAS PROC MIXED and the R package mmrm 0.3.18, README, fev_data."""
    trial = trials.lung(folder, plain=False)
    fit = fitted(trial, "unstructured")
    assert np.isclose(fit.reml_criterion, 3386.44988, atol=2e-5, rtol=0.0)
    one = inference.estimate(fit, trial.row, inference.SATTERTHWAITE)
    np.testing.assert_allclose([one.estimate, one.se, one.df], [3.77423, 1.07415, 145.55],
                               rtol=1e-4)  # fmt: skip
    trial = trials.lung(folder, plain=True)
    one = inference.estimate(fitted(trial, "unstructured"), trial.row, inference.KENWARD_ROGER)
    wanted = [3.81972492, 0.66124382, 160.7333]
    np.testing.assert_allclose([one.estimate, one.se, one.df], wanted, rtol=3e-4)
