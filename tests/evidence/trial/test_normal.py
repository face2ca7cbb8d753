"""The REML fit of many weightings, against the mixed model's own fit and closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from assuage.evidence.mixed import repeated
from assuage.evidence.trial.imputation import design
from assuage.evidence.trial.normal import check, fit, left_out, patterns
from assuage.refusals import Refusal, Refused
from evidence.trial.trials import made


def alone(people: int) -> np.ndarray:
    return np.ones((1, people))


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_mixed_models_fit(seed: int) -> None:
    """The same REML estimate by Newton steps on the long rows: an independent implementation."""
    trial = made(seed, visits=4)
    x, (n, m) = design(trial), trial.y.shape
    person, visit = np.nonzero(~np.isnan(trial.y))
    long = np.zeros((len(person), 3 * m))
    for column in range(3):
        long[np.arange(len(person)), column * m + visit] = x[person, column]
    other = repeated.fit(long, trial.y[person, visit], person, visit, "unstructured")
    found = fit(trial.y, x, alone(n))
    np.testing.assert_allclose(found.coefficients[0].ravel(), other.estimate, atol=1e-5)
    np.testing.assert_allclose(found.covariance[0], other.variance["visits"], rtol=1e-5, atol=1e-5)


def test_complete_data_have_a_closed_form() -> None:
    """source: least squares for each visit, and residual products over n - p."""
    trial = made(5, gaps=False)
    x = design(trial)
    y = np.where(np.isnan(trial.y), 1.0, trial.y)
    found = fit(y, x, alone(len(y)))
    expected, *_ = np.linalg.lstsq(x, y, rcond=None)
    residual = y - x @ expected
    np.testing.assert_allclose(found.coefficients[0], expected, atol=1e-8)
    covariance = residual.T @ residual / (len(y) - x.shape[1])
    np.testing.assert_allclose(found.covariance[0], covariance, rtol=1e-8)


def test_leaving_out_is_fitting_without() -> None:
    trial = made(6, people=24)
    x, y = design(trial), trial.y
    found = fit(y, x, left_out(x, y))
    for person in (0, 7, 23):
        kept = np.arange(len(y)) != person
        single = fit(y[kept], x[kept], alone(len(y) - 1))
        np.testing.assert_allclose(found.coefficients[person], single.coefficients[0], atol=1e-7)
        np.testing.assert_allclose(found.covariance[person], single.covariance[0], rtol=1e-7)


def test_patterns_hold_everybody_once() -> None:
    seen = ~np.isnan(made(7).y)
    found = patterns(seen)
    assert sorted(np.concatenate([people for _, people in found])) == list(range(len(seen)))
    assert all((seen[people] == kind).all() for kind, people in found)


def test_people_of_whom_nothing_was_seen_change_nothing() -> None:
    trial = made(8)
    x, y = design(trial), trial.y.copy()
    kept = np.arange(len(y)) != 3
    y[3] = np.nan
    found, other = fit(y, x, alone(len(y))), fit(y[kept], x[kept], alone(len(y) - 1))
    np.testing.assert_allclose(found.covariance, other.covariance, rtol=1e-6)


def test_what_cannot_be_fitted_is_refused() -> None:
    trial = made(9)
    x, y = design(trial), trial.y
    empty = y.copy()
    empty[trial.arm == 1, -1] = np.nan
    endless = y.copy()
    endless[0, 0] = np.inf
    for bad_y, bad_x in (
        (empty, x),
        (endless, x),
        (y, np.column_stack([x, x[:, 1]])),
        (y, np.where(np.arange(len(x))[:, None] == 2, np.nan, x)),
        (y[:5], x[:5]),
    ):
        with pytest.raises(Refused) as caught:
            check(bad_y, bad_x)
        assert caught.value.refusal is Refusal.NOT_ESTIMABLE
    check(y, x)


def test_two_visits_that_are_one_are_refused() -> None:
    trial = made(10, gaps=False)
    y = trial.y.copy()
    y[:, 1] = y[:, 0]
    with pytest.raises(Refused):
        fit(y, design(trial), alone(len(y)))


def test_one_person_who_carries_an_effect_is_named() -> None:
    trial = made(11)
    x = np.column_stack([design(trial), np.arange(len(trial.y)) == 4])
    with pytest.raises(Refused) as caught:
        left_out(x, trial.y)
    assert "person 4 alone" in caught.value.sentence
