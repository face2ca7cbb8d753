"""A whole fit: estimates, errors and a judgement that can say no.

source: linear.exact, an independent optimiser on the exact likelihood.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from assuage.kinetics.saem import Fit, Settings, fit
from assuage.kinetics.saem.estimate import Path, Search
from assuage.kinetics.saem.fit import CONTINUATIONS, NEAR, judged
from assuage.kinetics.saem.problem import pack, unpack
from saem import linear

SHORT = Settings(burn_in=120, smoothing=120, seed=5)
PROBLEM = linear.problem()


@cache
def found_once() -> Fit:
    return fit(PROBLEM, SHORT)


def test_standard_errors_and_likelihood_are_the_exact_ones() -> None:
    best = linear.exact(PROBLEM)
    wanted = np.sqrt(np.diagonal(np.linalg.inv(linear.exact_information(PROBLEM, best))))
    found = found_once()
    assert found.converged
    np.testing.assert_allclose(found.error, wanted, rtol=0.05)
    assert (np.abs(found.packed - best) <= NEAR * wanted).all()
    exact = linear.log_likelihood(PROBLEM, found.theta)
    assert abs(found.level.log_likelihood - exact) < 4.0 * found.level.error


def test_a_path_that_ends_away_from_the_maximum_is_told_by_how_far() -> None:
    best = linear.exact(PROBLEM)
    error = np.sqrt(np.diagonal(np.linalg.inv(linear.exact_information(PROBLEM, best))))
    path = Search(PROBLEM, SHORT).run(20)
    for place in (0, 2, 3):
        moved = best.copy()
        moved[place] += 0.7 * error[place]
        off = replace_theta(path, moved)
        found = judged(PROBLEM, off, seed=1)
        assert not found.converged
        assert found.away[place] == pytest.approx(-0.7, abs=0.15)  # source: the move above


def replace_theta(path: Path, packed: np.ndarray) -> Path:
    return replace(path, theta=unpack(PROBLEM, packed))


def test_what_the_data_do_not_bound_has_no_error_and_no_convergence() -> None:
    """One sample a person: the spread between people and the residual error can't be told apart."""
    whole = linear.problem(estimated=(0,))
    alone = np.zeros_like(whole.observed.used)
    alone[:, 0] = True
    problem = replace(whole, observed=replace(whole.observed, used=alone))
    settings = Settings(burn_in=30, smoothing=20, seed=1)
    found = judged(problem, Search(problem, settings).run(20), seed=1)
    assert not found.converged
    assert not found.bounded or np.nanmax(found.error) > 1.0  # source: hardly bounded, on a log


def test_a_search_goes_on_while_the_maximum_is_far() -> None:
    hurried = Settings(burn_in=2, smoothing=4, seed=1)
    found = fit(linear.problem(people=20), hurried)
    assert len(found.path.rounds) > 6
    assert found.converged or len(found.path.rounds) == 2 * (1 + CONTINUATIONS) + 4 * (
        1 + 2 + 3 + 4
    )


def test_the_same_seed_gives_the_same_bytes_and_another_the_same_answer() -> None:
    first, again = found_once(), fit(PROBLEM, SHORT)
    assert first.packed.tobytes() == again.packed.tobytes()
    assert first.error.tobytes() == again.error.tobytes()
    assert first.level == again.level
    other = fit(PROBLEM, replace(SHORT, seed=6))
    assert first.packed.tobytes() != other.packed.tobytes()
    assert (np.abs(first.packed - other.packed) <= 2.0 * NEAR * first.error).all()
    assert pack(PROBLEM, first.theta).tobytes() == first.packed.tobytes()
