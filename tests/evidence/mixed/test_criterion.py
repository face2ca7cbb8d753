"""The restricted likelihood and its derivatives against whole matrices and differences."""

from __future__ import annotations

import numpy as np
import pytest

from assuage.evidence.mixed import criterion
from assuage.evidence.mixed.covariance import STRUCTURES, structure
from assuage.evidence.mixed.fitted import F
from assuage.evidence.mixed.patterns import lay_out
from evidence.mixed import trials
from evidence.mixed.trials import Trial, regenerated, simulated, whole

CASES = [simulated(7, 14, 4, 0.3), simulated(8, 12, 3, 0.2), simulated(9, 9, 2)]


def at(trial: Trial, V: F) -> criterion.Point:
    layout = lay_out(trial.x, trial.subject, trial.visit, len(V))
    point = criterion.at(layout, layout.spread(trial.y), V)
    assert point is not None
    return point


def some_covariance(trial: Trial) -> F:
    visits = int(trial.visit.max()) + 1
    root = np.random.default_rng(visits).normal(size=(visits, visits))
    return 10.0 * (root @ root.T + visits * np.eye(visits))


@pytest.mark.parametrize("trial", CASES)
def test_the_value_is_that_of_whole_matrices(trial: Trial) -> None:
    V = some_covariance(trial)
    assert np.isclose(at(trial, V).value, trials.criterion(trial, V), rtol=1e-12)


@pytest.mark.parametrize("trial", CASES)
def test_effects_are_generalised_least_squares(trial: Trial) -> None:
    V = some_covariance(trial)
    layout = lay_out(trial.x, trial.subject, trial.visit, len(V))
    inverse = np.linalg.inv(whole(trial, V))
    wanted = np.linalg.solve(trial.x.T @ inverse @ trial.x, trial.x.T @ inverse @ trial.y)
    found = np.linalg.solve(layout.basis, at(trial, V).effects)
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


@pytest.mark.parametrize("trial", CASES)
def test_slopes_are_those_of_the_value(trial: Trial) -> None:
    V = some_covariance(trial)
    layout = lay_out(trial.x, trial.subject, trial.visit, len(V))
    theta = V[np.tril_indices(len(V))]
    chosen = structure("unstructured", len(V))
    _, first, _ = chosen.theta(chosen.start(V))
    slopes = criterion.slopes(layout, at(trial, V))
    gradient = first @ slopes.gradient.reshape(-1)

    def value(theta: F) -> float:
        return trials.criterion(trial, trials.entries(theta))

    by, bent = trials.sloped(value, theta, 1e-5), trials.bent(value, theta, 1e-3)
    np.testing.assert_allclose(gradient, by, rtol=1e-6, atol=1e-7)
    observed, average = criterion.curvature(slopes, first, None)
    np.testing.assert_allclose(observed, bent, atol=1e-4 * np.abs(bent).max())
    P = np.linalg.inv(whole(trial, V))
    P = P - P @ trial.x @ np.linalg.solve(trial.x.T @ P @ trial.x, trial.x.T @ P)
    Vi = [whole(trial, one.reshape(V.shape)) for one in first]
    exact = [[trial.y @ P @ a @ P @ b @ P @ trial.y for b in Vi] for a in Vi]
    np.testing.assert_allclose(average, exact, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", STRUCTURES)
def test_slopes_of_every_structure(name: str) -> None:
    trial = regenerated()
    chosen = structure(name, 4)
    layout = lay_out(trial.x, trial.subject, trial.visit, 4)
    free = chosen.start(some_covariance(trial))
    slopes = criterion.slopes(layout, at(trial, chosen.covariance(free)))

    def value(free: F) -> float:
        return at(trial, chosen.covariance(free)).value

    by, bent = trials.sloped(value, free, 1e-4), trials.bent(value, free, 1e-4)
    gradient = chosen.first(free) @ slopes.gradient.reshape(-1)
    np.testing.assert_allclose(gradient, by, atol=1e-6 * np.abs(by).max())
    observed, _ = criterion.curvature(
        slopes, chosen.first(free), chosen.bent(free, slopes.gradient)
    )
    np.testing.assert_allclose(observed, bent, atol=2e-5 * np.abs(bent).max())


def test_an_indefinite_covariance_has_no_criterion() -> None:
    trial = regenerated()
    layout = lay_out(trial.x, trial.subject, trial.visit, 4)
    V = np.full((4, 4), 2.0) - np.eye(4)
    assert criterion.at(layout, layout.spread(trial.y), V) is None
